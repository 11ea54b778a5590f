import { describe, expect, it } from "vitest";
import { admission, byteRate } from "../../src/admission/mod.ts";
import { type Connection, type EstablishStep, identify, readHead, SpillwayError } from "../../src/core/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { Peer } from "../core/support/peer.ts";
import { type Served, served } from "../core/support/served.ts";

/** Connects from an address of the host, and lets all that follows settle. */
async function connectFrom(harness: Served, localAddress: string): Promise<Peer> {
  const connection = await harness.transport.connect({ ...harness.server.address, localAddress });
  const peer = new Peer(connection, harness.clock);
  await harness.settle();
  return peer;
}

const codes = (harness: Served) => harness.of("establish-failed").map(({ error }) => error.code);

describe("a server with admission", () => {
  it("resets 1,000 connections from a denied range without a session", async () => {
    const step = admission({ deny: ["127.0.0.0/16"] });
    let connects = 0;
    const harness = await served({ establish: [step], onConnect: () => void (connects += 1) });
    const ends: Promise<SpillwayError | undefined>[] = [];
    for (let at = 0; at < 1_000; at += 1) {
      const localAddress = `127.0.${at >> 8}.${(at & 0xff) + 1 > 254 ? 254 : (at & 0xff) + 1}`;
      const connection = await harness.transport.connect({ ...harness.server.address, localAddress });
      ends.push(connection.closed);
      expect(harness.server.stats().connections).toBe(0);
    }
    await harness.settle();
    expect((await Promise.all(ends)).every((error) => error?.code === "connection-reset")).toBe(true);
    expect(codes(harness)).toEqual(Array(1_000).fill("denied"));
    expect(harness.of("connection-opened")).toEqual([]);
    expect(harness.server.stats()).toMatchObject({ connections: 0, establishing: 0, accepted: 0, bytesIn: 0 });
    expect(step.stats()).toMatchObject({ admitted: 0, refused: { denied: 1_000 } });
    expect(connects).toBe(0);
    const peer = await connectFrom(harness, "127.1.0.1");
    await peer.send("hello\n");
    expect([peer.received, step.stats().admitted]).toEqual(["HELLO\n", 1]);
  });

  it("closes in order with `refuse: close`", async () => {
    const harness = await served({ establish: [admission({ deny: ["127.0.0.1"], refuse: "close" })] });
    const peer = await connectFrom(harness, "127.0.0.1");
    expect([peer.ended, peer.error, peer.received]).toEqual([true, undefined, ""]);
    expect(codes(harness)).toEqual(["denied"]);
  });

  it("counts the open connections of an address, and forgets those that are over", async () => {
    const step = admission({ maxPerAddress: 2 });
    const harness = await served({ establish: [step] });
    const one = await connectFrom(harness, "127.0.0.1");
    await connectFrom(harness, "127.0.0.1");
    await connectFrom(harness, "127.0.0.1");
    await connectFrom(harness, "127.0.0.2");
    expect(codes(harness)).toEqual(["too-many-per-address"]);
    expect([harness.server.stats().connections, step.stats().openAddresses]).toEqual([3, 2]);
    await one.finish();
    await connectFrom(harness, "127.0.0.1");
    expect([harness.server.stats().connections, codes(harness).length]).toEqual([3, 1]);
  });

  it("forgets a connection that a later step refuses", async () => {
    const step = admission({ maxPerAddress: 1 });
    const refuses: EstablishStep = () => {
      throw new SpillwayError<"not-today">("not-today", "refused by a later step");
    };
    const harness = await served({ establish: [step, refuses] });
    for (let tries = 0; tries < 5; tries += 1) await connectFrom(harness, "127.0.0.1");
    expect(codes(harness)).toEqual(Array(5).fill("not-today"));
    expect(step.stats()).toMatchObject({ admitted: 5, openAddresses: 0 });
  });

  it("limits how often an address connects", async () => {
    const clock = manualClock();
    const harness = await served({ clock, establish: [admission({ connectsPerSecond: 2, clock })] });
    for (let tries = 0; tries < 4; tries += 1) await connectFrom(harness, "127.0.0.1");
    await connectFrom(harness, "127.0.0.2");
    expect([codes(harness), harness.server.stats().connections]).toEqual([Array(2).fill("connects-too-fast"), 3]);
    await clock.advance(500);
    await connectFrom(harness, "127.0.0.1");
    expect([codes(harness).length, harness.server.stats().connections]).toEqual([2, 4]);
  });

  it("judges the address that an earlier step has found", async () => {
    const original = (connection: Connection): Connection =>
      identify(connection, { remoteAddress: { hostname: "203.0.113.9", port: 4_000 } });
    const rules = { deny: ["203.0.113.0/24"] };
    const behind = await served({ establish: [original, admission(rules)] });
    await connectFrom(behind, "127.0.0.1");
    expect(behind.of("establish-failed")).toMatchObject([
      { connection: { remoteAddress: { hostname: "203.0.113.9" } }, error: { code: "denied" } },
    ]);
    const before = await served({ establish: [admission(rules), original] });
    await connectFrom(before, "127.0.0.1");
    expect(codes(before)).toEqual([]);
  });

  it("replaces its rules while it serves", async () => {
    const step = admission({});
    const harness = await served({ establish: [step] });
    const open = await connectFrom(harness, "127.0.0.1");
    step.replace({ deny: ["127.0.0.1"] });
    await connectFrom(harness, "127.0.0.1");
    await open.send("still here\n");
    expect([open.received, codes(harness)]).toEqual(["STILL HERE\n", ["denied"]]);
  });
});

describe("a server with byteRate", () => {
  const limited = async (options: Parameters<typeof served>[0] = {}) => {
    const clock = manualClock();
    const establish = [byteRate({ bytesPerSecond: 100, burstBytes: 20, clock })];
    return served({ clock, establish, ...options });
  };

  it("reads frames no faster than the rate", async () => {
    const harness = await limited();
    const peer = await harness.connect();
    await peer.send("12345678\n".repeat(10));
    expect(peer.received).toBe("12345678\n".repeat(2));
    await harness.clock.advance(699);
    expect(peer.received).toBe("12345678\n".repeat(8));
    await harness.clock.advance(1);
    expect(peer.received).toBe("12345678\n".repeat(10));
    expect(harness.server.stats()).toMatchObject({ bytesIn: 90, framesIn: 10 });
  });

  it("answers what waits before it ends with the peer's FIN", async () => {
    const harness = await limited();
    const peer = await harness.connect();
    await peer.send("12345678\n".repeat(10));
    await peer.finish();
    await harness.clock.advance(1_000);
    expect([peer.received, harness.reasons]).toEqual(["12345678\n".repeat(10), ["remote-closed"]]);
  });

  it("counts what waits as discarded at a drain", async () => {
    const harness = await limited();
    const peer = await harness.connect();
    await peer.send("12345678\n".repeat(10));
    const drained = harness.server.shutdown({ timeoutMs: 1_000 });
    await harness.clock.advance(1_000);
    expect(await drained).toMatchObject({ drained: 1, aborted: 0, bytesDiscarded: 70 });
    expect(harness.closed).toMatchObject([{ reason: "drained", bytesIn: 90 }]);
  });

  it("shows the facts and the addresses of the connection", async () => {
    const identified: EstablishStep = (connection) =>
      identify(connection, { remoteAddress: { hostname: "203.0.113.9", port: 4_000 } });
    const clock = manualClock();
    const rate = byteRate({ bytesPerSecond: 100, clock });
    const harness = await served({ clock, establish: [rate, identified] });
    await harness.connect();
    expect(harness.of("connection-opened")).toMatchObject([
      { connection: { remoteAddress: { hostname: "203.0.113.9", port: 4_000 } } },
    ]);
  });

  it("lets a later step read the head of the connection", async () => {
    const heads: string[] = [];
    const knock: EstablishStep = async (connection) => {
      const head = await readHead(connection, (bytes) => bytes.indexOf(10) + 1 || undefined);
      heads.push(new TextDecoder().decode(head));
      return connection;
    };
    const clock = manualClock();
    const rate = byteRate({ bytesPerSecond: 100, burstBytes: 10, clock });
    const harness = await served({ clock, establish: [rate, knock] });
    const peer = await harness.connect();
    await peer.send("sesame\n12345678\n12345678\n");
    expect([heads, peer.received]).toEqual([["sesame\n"], "12345678\n"]);
    await clock.advance(80);
    expect(peer.received).toBe("12345678\n12345678\n");
  });
});
