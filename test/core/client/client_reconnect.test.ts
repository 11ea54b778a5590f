import { describe, expect, it } from "vitest";
import type { Connection, Transport } from "../../../src/core/mod.ts";
import { connect, lines } from "../../../src/core/mod.ts";
import { manualClock } from "../../../src/testing/mod.ts";
import { connected, connecting, outcome, taken } from "./support/connected.ts";

/** The pauses that the client has announced. */
const delays = (harness: Awaited<ReturnType<typeof connected>>) =>
  harness.of("reconnecting").map(({ delayMs }) => delayMs);

/** The peer resets so many connections in a row, each at that age; ends when the last of them is made anew. */
async function hangUp(harness: Awaited<ReturnType<typeof connected>>, times: number, ageMs: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await harness.clock.advance(ageMs);
    await harness.peer.reset();
    await harness.clock.advance(delays(harness).at(-1) as number);
  }
}

describe("reconnecting", () => {
  it("is off by default: the client is closed with its connection", async () => {
    const harness = await connected();
    await harness.peer.reset();
    await harness.clock.advance(60_000);
    expect((await harness.client.closed).reason).toBe("connection-reset");
    expect(harness.peers).toHaveLength(1);
  });

  it("makes the connection anew after a pause, and sends what waits meanwhile, in order", async () => {
    const harness = await connected({ reconnect: { jitter: 0 } });
    const lost = outcome(harness.client.request("lost"));
    await harness.peer.reset();
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    expect([lost(), harness.client.connection, harness.client.send("x")]).toEqual([
      "connection-reset",
      undefined,
      "closed",
    ]);
    await harness.clock.advance(99);
    expect(harness.peers).toHaveLength(1);
    await harness.clock.advance(1);
    expect(harness.peers).toHaveLength(2);
    expect(harness.client.connection?.id).toBe(2);
    expect(harness.peer.received).toBe("a\nb\n");
    await harness.peer.send("A\nB\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B"]);
    expect(harness.events.map(({ type }) => type)).toEqual([
      "connection-opened",
      "connection-closed",
      "reconnecting",
      "connection-opened",
    ]);
  });

  it("adds up what all its connections have carried", async () => {
    const harness = await connected({ reconnect: { jitter: 0 } });
    for (let count = 0; count < 3; count++) {
      const reply = outcome(harness.client.request("a"));
      await harness.peer.send("A\n");
      expect(reply()).toBe("A");
      await harness.peer.finish();
      await harness.clock.advance(100);
    }
    expect(harness.client.stats()).toMatchObject({
      connections: 4,
      bytesOut: 6,
      bytesIn: 6,
      framesOut: 3,
      framesIn: 3,
    });
  });

  it("gives up what waits for it at its deadline, or by its signal, and at most maxPendingRequests go at once", async () => {
    const harness = await connected({ reconnect: { jitter: 0 }, maxPendingRequests: 2, requestTimeoutMs: 50 });
    await harness.peer.reset();
    const controller = new AbortController();
    const late = outcome(harness.client.request("a"));
    const aborted = outcome(harness.client.request("b", { signal: controller.signal }));
    const rest = ["c", "d", "e"].map((frame) => outcome(harness.client.request(frame, { timeoutMs: 1_000 })));
    controller.abort();
    await harness.clock.advance(50);
    expect([late(), aborted()]).toEqual(["request-timeout", "AbortError"]);
    await harness.clock.advance(50);
    expect(harness.peer.received).toBe("c\nd\n");
    await harness.peer.send("C\nD\n");
    await harness.peer.send("E\n");
    expect(rest.map((reply) => reply())).toEqual(["C", "D", "E"]);
  });

  it.each(["drained", "remote-closed", "idle-timeout", "frame-too-large"] as const)(
    "follows every end that this side did not ask for: %s",
    async (reason) => {
      const harness = await connected({
        reconnect: { jitter: 0 },
        idleTimeoutMs: 1_000,
        codec: lines({ maxFrameBytes: 9 }),
      });
      if (reason === "remote-closed") await harness.peer.finish();
      if (reason === "frame-too-large") await harness.peer.send("much too long\n");
      if (reason === "idle-timeout") await harness.clock.advance(1_000);
      if (reason === "drained") void harness.client.close();
      await harness.settle();
      expect(harness.of("connection-closed")[0]?.reason).toBe(reason);
      await harness.clock.advance(100);
      expect(harness.peers).toHaveLength(reason === "drained" ? 1 : 2);
    },
  );
});

describe("the pauses before reconnecting", () => {
  it("grow by the factor, up to the longest", async () => {
    const harness = await connected({ reconnect: { minDelayMs: 10, maxDelayMs: 100, factor: 3, jitter: 0 } });
    harness.unlisten();
    await harness.peer.reset();
    await harness.clock.advance(1_000);
    expect(delays(harness).slice(0, 6)).toEqual([10, 30, 90, 100, 100, 100]);
    const attempts = harness.of("connect-error");
    expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, index) => index + 1));
    expect(new Set(attempts.map(({ error }) => error.code))).toEqual(new Set(["connection-refused"]));
  });

  it("are 100 ms, doubled up to 30 s, by default", async () => {
    const harness = await connected({ reconnect: true, random: () => 0 });
    harness.unlisten();
    await harness.peer.reset();
    await harness.clock.advance(300_000);
    const doubled = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600];
    expect(delays(harness).slice(0, 11)).toEqual([...doubled, 30_000, 30_000]);
  });

  it("are made at exactly those instants", async () => {
    const harness = await connected({ reconnect: { minDelayMs: 10, jitter: 0, maxAttempts: 4 } });
    const at: number[] = [];
    harness.unlisten();
    await harness.peer.reset();
    for (let instant = 0; instant < 200; instant++) {
      const before = harness.of("connect-error").length;
      await harness.clock.advance(1);
      if (harness.of("connect-error").length > before) at.push(harness.clock.now());
    }
    expect(at).toEqual([10, 30, 70, 150]);
  });

  it.each([
    [0, 0.999, [100, 200, 400]],
    [0.5, 0, [100, 200, 400]],
    [0.5, 0.5, [75, 150, 300]],
    [1, 0.25, [75, 150, 300]],
    [1, 0.75, [25, 50, 100]],
  ])("are shortened by chance: jitter %d, random %d", async (jitter, random, expected) => {
    const harness = await connected({ reconnect: { jitter, maxAttempts: 3 }, random: () => random });
    harness.unlisten();
    await harness.peer.reset();
    await harness.clock.advance(1_000);
    expect(delays(harness)).toEqual(expected);
  });

  it("stay within their bounds, whatever chance says", async () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const harness = await connected({ reconnect: { jitter: 0.4, maxDelayMs: 800 }, random });
    harness.unlisten();
    await harness.peer.reset();
    await harness.clock.advance(100_000);
    expect(delays(harness).length).toBeGreaterThan(100);
    for (const [index, delay] of delays(harness).entries()) {
      const longest = Math.min(800, 100 * 2 ** index);
      expect(delay).toBeGreaterThan(0.6 * longest);
      expect(delay).toBeLessThanOrEqual(longest);
    }
    expect(new Set(delays(harness)).size).toBeGreaterThan(100);
  });

  it("begin anew behind a connection that has answered a request", async () => {
    const harness = await connected({ reconnect: { jitter: 0, maxAttempts: 5 } });
    await hangUp(harness, 3, 0);
    expect(delays(harness)).toEqual([100, 200, 400]);
    const reply = harness.client.request("a");
    await harness.peer.send("A\n");
    expect(await reply).toBe("A");
    await harness.peer.reset();
    expect(delays(harness)).toEqual([100, 200, 400, 100]);
    await harness.clock.advance(100);
    expect(harness.peers).toHaveLength(5);
  });

  it("grow while the peer greets and resets: 100 dials in a few seconds are 10", async () => {
    const harness = await connected({ reconnect: { jitter: 0 }, isPush: () => true });
    for (let ms = 0; ms < 60_000; ms += 50) {
      if (harness.client.connection !== undefined) {
        await harness.peer.send("220 welcome\n");
        await harness.peer.reset();
      }
      await harness.clock.advance(50);
    }
    expect(delays(harness)).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
    expect(harness.client.stats().waitingPushes).toBe(10);
  });

  it("grow behind a connection whose onConnect was answered, and nothing else", async () => {
    const harness = await connecting({
      reconnect: { jitter: 0, maxDelayMs: 400 },
      onConnect: (session) => session.request("login"),
    });
    for (let count = 0; count < 5; count++) {
      await harness.peer.send("OK\n");
      await harness.peer.reset();
      await harness.clock.advance(delays(harness).at(-1) as number);
    }
    expect(delays(harness)).toEqual([100, 200, 400, 400, 400]);
    await harness.peer.send("OK\n");
    await harness.clock.advance(401);
    await harness.peer.reset();
    expect(delays(harness).at(-1)).toBe(100);
    (await harness.connecting).abort();
  });

  it("grow behind connections that bring nothing and live no longer than the next pause", async () => {
    const harness = await connected({ reconnect: { jitter: 0, factor: 1, maxAttempts: 5 } });
    await hangUp(harness, 6, 100);
    expect(harness.of("reconnecting").map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect((await harness.client.closed).error).toMatchObject({ code: "connection-reset" });
  });

  it("begin anew behind a connection that has outlived the longest of them, whatever chance leaves of it", async () => {
    const harness = await connected({ reconnect: { jitter: 1, maxDelayMs: 2_000 }, random: () => 0.5 });
    await hangUp(harness, 3, 0);
    expect(delays(harness)).toEqual([50, 100, 200]);
    await hangUp(harness, 1, 2_000);
    expect(delays(harness)).toEqual([50, 100, 200, 400]);
    await hangUp(harness, 1, 2_001);
    expect(delays(harness)).toEqual([50, 100, 200, 400, 50]);
  });

  it("begin anew behind a connection that was quiet for idleTimeoutMs, however short that is", async () => {
    const harness = await connected({ idleTimeoutMs: 50, reconnect: { jitter: 0, maxAttempts: 3 } });
    await harness.clock.advance(1_500);
    expect(harness.of("connection-closed").length).toBeGreaterThan(5);
    expect(new Set(harness.of("connection-closed").map(({ reason }) => reason))).toEqual(new Set(["idle-timeout"]));
    expect(new Set(delays(harness))).toEqual(new Set([100]));
  });
});

describe("maxAttempts", () => {
  it("closes the client when that many have failed in a row", async () => {
    const harness = await connected({ reconnect: { jitter: 0, maxAttempts: 2 } });
    const { end } = taken(harness.client);
    harness.unlisten();
    await harness.peer.reset();
    const waiting = outcome(harness.client.request("a"));
    await harness.clock.advance(299);
    expect([end(), waiting()]).toEqual(["…", "…"]);
    await harness.clock.advance(1);
    expect([end(), waiting()]).toEqual(["connection-refused", "client-closed"]);
    expect(await harness.client.closed).toMatchObject({
      reason: "connection-failed",
      error: { code: "connection-refused" },
    });
    expect(harness.clock.pending).toBe(0);
  });

  it("counts connections that bring nothing", async () => {
    const harness = await connected({ reconnect: { jitter: 0, maxAttempts: 2 } });
    await harness.peer.finish();
    await harness.clock.advance(100);
    await harness.peer.finish();
    await harness.clock.advance(200);
    await harness.peer.finish();
    expect(await harness.client.closed).toEqual({ reason: "remote-closed" });
    expect(harness.peers).toHaveLength(3);
  });
});

describe("while it pauses", () => {
  it.each([
    ["close", "drained", { drained: 1, aborted: 1 }],
    ["abort", "aborted", undefined],
  ] as const)("%s() ends it at once, and leaves no timer", async (call, reason, result) => {
    const harness = await connected({ reconnect: { jitter: 0, minDelayMs: 10_000 } });
    await harness.peer.reset();
    const controller = new AbortController();
    const waiting = outcome(harness.client.request("a"));
    const given = outcome(harness.client.request("b", { signal: controller.signal }));
    controller.abort();
    await harness.settle();
    const ended = harness.client[call]();
    await harness.settle();
    expect([waiting(), given()]).toEqual(["client-closed", "AbortError"]);
    expect(await ended).toEqual(result && { ...result, drained: 0 });
    expect((await harness.client.closed).reason).toBe(reason);
    expect(harness.clock.pending).toBe(0);
    await harness.clock.advance(60_000);
    expect(harness.peers).toHaveLength(1);
  });

  it.each(["reconnecting", "connect-error"])("an observer of %s may close it", async (told) => {
    const harness = await connected({
      reconnect: true,
      observer: ({ type }) => void (type === told && harness.client.abort()),
    });
    harness.unlisten();
    await harness.peer.reset();
    await harness.clock.advance(60_000);
    expect((await harness.client.closed).reason).toBe("aborted");
    expect(harness.events.at(-1)?.type).toBe("client-closed");
    expect(harness.of("reconnecting")).toHaveLength(1);
  });
});

/** A transport whose `connect` is settled by hand, and does not look at its signal. */
function slowTransport(): { transport: Transport; attempts: ((connection: Connection) => void)[]; aborted: unknown[] } {
  const attempts: ((connection: Connection) => void)[] = [];
  const aborted: unknown[] = [];
  const transport: Transport = {
    name: "slow",
    listen: () => Promise.reject(new Error("no")),
    connect: ({ signal }) => {
      signal?.addEventListener("abort", () => aborted.push((signal.reason as { code?: string })?.code));
      return new Promise((resolve) => attempts.push(resolve));
    },
  };
  return { transport, attempts, aborted };
}

describe("an attempt to connect", () => {
  const options = { hostname: "127.0.0.1", port: 1, codec: lines() };

  it("is given up after connectTimeoutMs, and a connection that comes later is let go", async () => {
    const clock = manualClock();
    const { transport, attempts, aborted } = slowTransport();
    const client = outcome(connect(transport, { ...options, connectTimeoutMs: 700, clock }));
    await clock.advance(699);
    expect(client()).toBe("…");
    await clock.advance(1);
    expect([client(), aborted]).toEqual(["connection-timed-out", ["connection-timed-out"]]);
    expect(clock.pending).toBe(0);
    let aborts = 0;
    attempts[0]?.({ abort: () => void (aborts += 1) } as unknown as Connection);
    await clock.advance(0);
    expect(aborts).toBe(1);
  });

  it("is given up by the signal, at once, also by one that is aborted already", async () => {
    const clock = manualClock();
    const { transport, attempts } = slowTransport();
    const controller = new AbortController();
    const attempt = connect(transport, { ...options, signal: controller.signal, clock });
    const failed = attempt.catch((error: unknown) => error);
    controller.abort("enough");
    expect(await failed).toMatchObject({ code: "connect-aborted", cause: "enough" });
    await expect(connect(transport, { ...options, signal: controller.signal, clock })).rejects.toMatchObject({
      code: "connect-aborted",
    });
    expect([attempts.length, clock.pending]).toEqual([1, 0]);
  });

  it("that is under way when the client is closed makes no connection any more", async () => {
    const harness = await connected({ reconnect: { jitter: 0 }, connectTimeoutMs: 5_000 });
    const { transport, attempts, aborted } = slowTransport();
    harness.transport.connect = transport.connect;
    await harness.peer.reset();
    await harness.clock.advance(100);
    expect(attempts).toHaveLength(1);
    expect(await harness.client.close()).toEqual({ drained: 0, aborted: 0 });
    expect([aborted, harness.clock.pending]).toEqual([["connect-aborted"], 0]);
    let aborts = 0;
    attempts[0]?.({ abort: () => void (aborts += 1) } as unknown as Connection);
    await harness.settle();
    expect([aborts, harness.of("connection-opened").length]).toEqual([1, 1]);
  });

  it("that succeeds in the very tick in which the client is closed is let go", async () => {
    const harness = await connected({ reconnect: { jitter: 0 } });
    const { transport, attempts } = slowTransport();
    harness.transport.connect = transport.connect;
    await harness.peer.reset();
    await harness.clock.advance(100);
    let aborts = 0;
    attempts[0]?.({ abort: () => void (aborts += 1) } as unknown as Connection);
    queueMicrotask(() => harness.client.abort());
    await harness.settle();
    expect([aborts, harness.of("connection-opened").length]).toEqual([1, 1]);
  });

  it("that takes too long is a failed one like others", async () => {
    const harness = await connected({ reconnect: { jitter: 0, maxAttempts: 1 }, connectTimeoutMs: 5_000 });
    harness.transport.connect = slowTransport().transport.connect;
    await harness.peer.reset();
    await harness.clock.advance(5_100);
    expect(harness.of("connect-error")).toMatchObject([{ attempt: 1, error: { code: "connection-timed-out" } }]);
    expect((await harness.client.closed).error).toMatchObject({ code: "connection-timed-out" });
  });
});
