import { describe, expect, it } from "vitest";
import type { Server } from "../../../src/core/mod.ts";
import { manualClock, memoryBus } from "../../../src/testing/mod.ts";
import { onABus } from "./support/on_a_bus.ts";

const group = (server: Server<string, string>, name = "all") => server.group(name);

describe("a group on a bus", () => {
  it.each([true, false])(
    "reaches its members in every server, and nobody twice (the broker echoes: %s)",
    async (echoes) => {
      const clock = manualClock();
      const bus = memoryBus({ echoes });
      const servers = [await onABus(bus, clock), await onABus(bus, clock), await onABus(bus, clock)];
      const peers = [];
      for (const one of servers) peers.push(await one.member("all"), await one.member("all"));
      const [first] = peers;
      await first?.send("hello\n");
      await clock.advance(10);
      expect(peers.map(({ received }) => received)).toEqual(["", ...Array.from({ length: 5 }, () => "hello\n")]);
      expect(servers.map(({ gaps }) => gaps)).toEqual([[], [], []]);
    },
  );

  it("says what a broadcast did here", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    await one.member("all");
    await other.member("all");
    await other.member("all");
    expect(group(one.server).broadcast("x")).toEqual({ sent: 1, dropped: 0 });
    expect(group(one.server).size).toBe(1);
    await clock.advance(10);
    expect(one.stats).toMatchObject({ framesSent: 1, framesReceived: 0 });
    expect(other.stats).toMatchObject({ framesSent: 0, framesReceived: 1, framesFiltered: 0 });
  });

  it("reaches members from a server without any", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const peer = await other.member("elsewhere");
    expect(group(one.server, "elsewhere").broadcast("x")).toEqual({ sent: 0, dropped: 0 });
    await clock.advance(10);
    expect(peer.received).toBe("x\n");
  });

  it("does not send to a server what concerns none of its topics", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    await other.member("here");
    for (let index = 0; index < 1_000; index++) group(one.server, `elsewhere ${index}`).broadcast("x");
    await clock.advance(10);
    expect(one.stats.framesSent).toBe(1_000);
    // Two topics of 256: that of the group, and that of the server.
    expect(other.stats.framesReceived).toBeLessThan(40);
    expect(other.stats.framesFiltered).toBe(other.stats.framesReceived);
  });

  it("sends the frames of a turn in one message for each topic", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus(bus, clock);
    await clock.advance(10_000);
    const before = bus.published;
    for (let index = 0; index < 500; index++) group(one.server).broadcast(`${index}`);
    await clock.advance(10);
    expect(bus.published - before).toBe(1);
  });

  it("leaves out a session of another server", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const [left, kept] = [await other.member("all"), await other.member("all")];
    const [except] = other.server.sessions;
    if (except === undefined) throw new Error("there is no session");
    group(one.server).broadcast("x", { except });
    await clock.advance(10);
    expect([left.received, kept.received]).toEqual(["", "x\n"]);
  });

  it("keeps the order of each server", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const peer = await other.member("all");
    let expected = "";
    for (let turn = 0; turn < 20; turn++) {
      for (let index = 0; index < turn; index++) {
        group(one.server).broadcast(`${turn}.${index}`);
        expected += `${turn}.${index}\n`;
      }
      await clock.advance(turn % 3);
    }
    await clock.advance(10);
    expect(peer.received).toBe(expected);
  });

  it("forgets a group that is left, on the broker a few seconds later", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const one = await onABus(bus, clock);
    const peer = await one.member("all");
    expect(one.stats.topics).toBe(3);
    await peer.send("leave all\n");
    await clock.advance(1_000);
    expect(one.stats.topics).toBe(3);
    await clock.advance(10_000);
    expect(one.stats.topics).toBe(2);
  });

  it("does nothing while there is nobody and nothing was sent", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    await onABus(bus, clock);
    await clock.advance(10_000);
    const before = bus.published;
    const { pending } = clock;
    await clock.advance(1_000_000);
    expect([bus.published - before, pending]).toEqual([0, 0]);
  });

  it("sends everything before the server is drained, and what onDisconnect says", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [
      await onABus(bus, clock, {
        onDisconnect: (session) => void session.group("all").broadcast("goodbye"),
      }),
      await onABus(bus, clock),
    ];
    const peer = await other.member("all");
    await one.member("all");
    const drained = one.server.shutdown();
    await clock.advance(5_000);
    await drained;
    expect(peer.received).toBe("goodbye\n");
    expect(other.stats.servers).toBe(0);
    expect(other.gaps).toEqual([]);
  });
});

describe("a key", () => {
  it("reaches the sessions that have it in every server", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const peers = [await one.member("all"), await other.member("all"), await other.member("user:1")];
    await peers[0]?.send("key user:1\n");
    await peers[1]?.send("key user:1\n");
    await clock.advance(5);
    expect(one.server.to("user:1").send("mail")).toEqual({ sent: 1, dropped: 0 });
    await clock.advance(10);
    expect(peers.map(({ received }) => received)).toEqual(["mail\n", "mail\n", ""]);
    await peers[1]?.reset();
    expect(one.server.to("user:1").send("more")).toEqual({ sent: 1, dropped: 0 });
    await clock.advance(10);
    expect(peers[0]?.received).toBe("mail\nmore\n");
  });

  it("is not the id of a session", async () => {
    const one = await onABus(memoryBus());
    await one.member("all");
    const [session] = one.server.sessions;
    expect(() => session?.addKey("0123456789ab:1")).toThrow("a key must not look like the id of a session");
    expect(() => session?.addKey(1 as never)).toThrow("a key must be a string, not number");
  });

  it("can be taken away", async () => {
    const one = await onABus(memoryBus());
    await one.member("all");
    const [session] = one.server.sessions;
    session?.addKey("k");
    session?.removeKey("k");
    expect(one.server.to("k").send("x")).toEqual({ sent: 0, dropped: 0 });
  });
});

describe("the id of a session", () => {
  it("reaches it from every server", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    const [peer, bystander] = [await one.member("all"), await one.member("all")];
    const [session] = one.server.sessions;
    const id = session?.id ?? "";
    expect(id).toMatch(/^[0-9a-f]{12}:\d+$/);
    expect(other.server.to(id).send("from afar")).toEqual({ sent: 0, dropped: 0 });
    await clock.advance(10);
    expect(one.server.to(id).send("from here")).toEqual({ sent: 1, dropped: 0 });
    await clock.advance(10);
    expect([peer.received, bystander.received]).toEqual(["from afar\nfrom here\n", ""]);
    await peer.reset();
    expect(one.server.to(id).send("too late")).toEqual({ sent: 0, dropped: 0 });
  });
});

describe("presence", () => {
  it("counts the members of all servers", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const servers = [await onABus(bus, clock), await onABus(bus, clock), await onABus(bus, clock)];
    await servers[0]?.member("all");
    await servers[1]?.member("all");
    await servers[1]?.member("all");
    await servers[2]?.member("another");
    await clock.advance(2_000);
    const asked = servers.map(({ server }) => server.group("all").presence());
    await clock.advance(20);
    expect(await Promise.all(asked)).toEqual(servers.map(() => ({ members: 3, servers: 2, complete: true })));
  });

  it("is incomplete when a server does not answer", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const servers = [await onABus(bus, clock), await onABus(bus, clock)];
    await servers[0]?.member("all");
    await servers[1]?.member("all");
    await clock.advance(1_500);
    bus.stall(bus.connections[1] ?? 0);
    const asked = servers[0]?.server.group("all").presence();
    await clock.advance(499);
    await clock.advance(2);
    expect(await asked).toEqual({ members: 1, servers: 1, complete: false });
  });

  it("counts those here without a bus", async () => {
    const one = await onABus(memoryBus(), manualClock(), { bus: undefined as never });
    await one.member("all");
    expect(await one.server.group("all").presence()).toEqual({ members: 1, servers: 1, complete: true });
  });
});
