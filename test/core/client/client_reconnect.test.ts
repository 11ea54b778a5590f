import { describe, expect, it } from "vitest";
import type { Connection, Transport } from "../../../src/core/mod.ts";
import { connect, lines } from "../../../src/core/mod.ts";
import { manualClock } from "../../../src/testing/mod.ts";
import { connected, connecting, outcome, taken } from "./connected.ts";

/** The pauses that the client has announced. */
const delays = (it: Awaited<ReturnType<typeof connected>>) => it.of("reconnecting").map(({ delayMs }) => delayMs);

/** The other side resets so many connections in a row, each at that age; ends when the last of them is made anew. */
async function hangUp(it: Awaited<ReturnType<typeof connected>>, times: number, ageMs: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await it.clock.advance(ageMs);
    await it.other.reset();
    await it.clock.advance(delays(it).at(-1) as number);
  }
}

describe("reconnecting", () => {
  it("is off by default: the client is closed with its connection", async () => {
    const it = await connected();
    await it.other.reset();
    await it.clock.advance(60_000);
    expect((await it.client.closed).reason).toBe("connection-reset");
    expect(it.others).toHaveLength(1);
  });

  it("makes the connection anew after a pause, and sends what waits meanwhile, in order", async () => {
    const it = await connected({ reconnect: { jitter: 0 } });
    const lost = outcome(it.client.request("lost"));
    await it.other.reset();
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    expect([lost(), it.client.connection, it.client.send("x")]).toEqual(["connection-reset", undefined, "closed"]);
    await it.clock.advance(99);
    expect(it.others).toHaveLength(1);
    await it.clock.advance(1);
    expect(it.others).toHaveLength(2);
    expect(it.client.connection?.id).toBe(2);
    expect(it.other.received).toBe("a\nb\n");
    await it.other.send("A\nB\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B"]);
    expect(it.events.map(({ type }) => type)).toEqual([
      "connection-opened",
      "connection-closed",
      "reconnecting",
      "connection-opened",
    ]);
  });

  it("adds up what all its connections have carried", async () => {
    const it = await connected({ reconnect: { jitter: 0 } });
    for (let count = 0; count < 3; count++) {
      const reply = outcome(it.client.request("a"));
      await it.other.send("A\n");
      expect(reply()).toBe("A");
      await it.other.finish();
      await it.clock.advance(100);
    }
    expect(it.client.stats()).toMatchObject({ connections: 4, bytesOut: 6, bytesIn: 6, framesOut: 3, framesIn: 3 });
  });

  it("gives up what waits for it at its deadline, or by its signal, and at most maxPendingRequests go at once", async () => {
    const it = await connected({ reconnect: { jitter: 0 }, maxPendingRequests: 2, requestTimeoutMs: 50 });
    await it.other.reset();
    const controller = new AbortController();
    const late = outcome(it.client.request("a"));
    const aborted = outcome(it.client.request("b", { signal: controller.signal }));
    const rest = ["c", "d", "e"].map((frame) => outcome(it.client.request(frame, { timeoutMs: 1_000 })));
    controller.abort();
    await it.clock.advance(50);
    expect([late(), aborted()]).toEqual(["request-timeout", "AbortError"]);
    await it.clock.advance(50);
    expect(it.other.received).toBe("c\nd\n");
    await it.other.send("C\nD\n");
    await it.other.send("E\n");
    expect(rest.map((reply) => reply())).toEqual(["C", "D", "E"]);
  });

  it.each(["drained", "remote-closed", "idle-timeout", "frame-too-large"] as const)(
    "follows every end that this side did not ask for: %s",
    async (reason) => {
      const it = await connected({
        reconnect: { jitter: 0 },
        idleTimeoutMs: 1_000,
        codec: lines({ maxFrameBytes: 9 }),
      });
      if (reason === "remote-closed") await it.other.finish();
      if (reason === "frame-too-large") await it.other.send("much too long\n");
      if (reason === "idle-timeout") await it.clock.advance(1_000);
      if (reason === "drained") void it.client.close();
      await it.settle();
      expect(it.of("connection-closed")[0]?.reason).toBe(reason);
      await it.clock.advance(100);
      expect(it.others).toHaveLength(reason === "drained" ? 1 : 2);
    },
  );
});

describe("the pauses before reconnecting", () => {
  it("grow by the factor, up to the longest", async () => {
    const it = await connected({ reconnect: { minDelayMs: 10, maxDelayMs: 100, factor: 3, jitter: 0 } });
    it.unlisten();
    await it.other.reset();
    await it.clock.advance(1_000);
    expect(delays(it).slice(0, 6)).toEqual([10, 30, 90, 100, 100, 100]);
    const attempts = it.of("connect-error");
    expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, index) => index + 1));
    expect(new Set(attempts.map(({ error }) => error.code))).toEqual(new Set(["connection-refused"]));
  });

  it("are 100 ms, doubled up to 30 s, by default", async () => {
    const it = await connected({ reconnect: true, random: () => 0 });
    it.unlisten();
    await it.other.reset();
    await it.clock.advance(300_000);
    const doubled = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600];
    expect(delays(it).slice(0, 11)).toEqual([...doubled, 30_000, 30_000]);
  });

  it("are made at exactly those instants", async () => {
    const it = await connected({ reconnect: { minDelayMs: 10, jitter: 0, maxAttempts: 4 } });
    const at: number[] = [];
    it.unlisten();
    await it.other.reset();
    for (let instant = 0; instant < 200; instant++) {
      const before = it.of("connect-error").length;
      await it.clock.advance(1);
      if (it.of("connect-error").length > before) at.push(it.clock.now());
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
    const it = await connected({ reconnect: { jitter, maxAttempts: 3 }, random: () => random });
    it.unlisten();
    await it.other.reset();
    await it.clock.advance(1_000);
    expect(delays(it)).toEqual(expected);
  });

  it("stay within their bounds, whatever chance says", async () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const it = await connected({ reconnect: { jitter: 0.4, maxDelayMs: 800 }, random });
    it.unlisten();
    await it.other.reset();
    await it.clock.advance(100_000);
    expect(delays(it).length).toBeGreaterThan(100);
    for (const [index, delay] of delays(it).entries()) {
      const longest = Math.min(800, 100 * 2 ** index);
      expect(delay).toBeGreaterThan(0.6 * longest);
      expect(delay).toBeLessThanOrEqual(longest);
    }
    expect(new Set(delays(it)).size).toBeGreaterThan(100);
  });

  it("begin anew behind a connection that has answered a request", async () => {
    const it = await connected({ reconnect: { jitter: 0, maxAttempts: 5 } });
    await hangUp(it, 3, 0);
    expect(delays(it)).toEqual([100, 200, 400]);
    const reply = it.client.request("a");
    await it.other.send("A\n");
    expect(await reply).toBe("A");
    await it.other.reset();
    expect(delays(it)).toEqual([100, 200, 400, 100]);
    await it.clock.advance(100);
    expect(it.others).toHaveLength(5);
  });

  it("grow while the other side greets and resets: 100 dials in a few seconds are 10", async () => {
    const it = await connected({ reconnect: { jitter: 0 }, isPush: () => true });
    for (let ms = 0; ms < 60_000; ms += 50) {
      if (it.client.connection !== undefined) {
        await it.other.send("220 welcome\n");
        await it.other.reset();
      }
      await it.clock.advance(50);
    }
    expect(delays(it)).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
    expect(it.client.stats().waitingPushes).toBe(10);
  });

  it("grow behind a connection whose onConnect was answered, and nothing else", async () => {
    const it = await connecting({
      reconnect: { jitter: 0, maxDelayMs: 400 },
      onConnect: (session) => session.request("login"),
    });
    for (let count = 0; count < 5; count++) {
      await it.other.send("OK\n");
      await it.other.reset();
      await it.clock.advance(delays(it).at(-1) as number);
    }
    expect(delays(it)).toEqual([100, 200, 400, 400, 400]);
    await it.other.send("OK\n");
    await it.clock.advance(401);
    await it.other.reset();
    expect(delays(it).at(-1)).toBe(100);
    (await it.connecting).abort();
  });

  it("grow behind connections that bring nothing and live no longer than the next pause", async () => {
    const it = await connected({ reconnect: { jitter: 0, factor: 1, maxAttempts: 5 } });
    await hangUp(it, 6, 100);
    expect(it.of("reconnecting").map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect((await it.client.closed).error).toMatchObject({ code: "connection-reset" });
  });

  it("begin anew behind a connection that has outlived the longest of them, whatever chance leaves of it", async () => {
    const it = await connected({ reconnect: { jitter: 1, maxDelayMs: 2_000 }, random: () => 0.5 });
    await hangUp(it, 3, 0);
    expect(delays(it)).toEqual([50, 100, 200]);
    await hangUp(it, 1, 2_000);
    expect(delays(it)).toEqual([50, 100, 200, 400]);
    await hangUp(it, 1, 2_001);
    expect(delays(it)).toEqual([50, 100, 200, 400, 50]);
  });

  it("begin anew behind a connection that was quiet for idleTimeoutMs, however short that is", async () => {
    const it = await connected({ idleTimeoutMs: 50, reconnect: { jitter: 0, maxAttempts: 3 } });
    await it.clock.advance(1_500);
    expect(it.of("connection-closed").length).toBeGreaterThan(5);
    expect(new Set(it.of("connection-closed").map(({ reason }) => reason))).toEqual(new Set(["idle-timeout"]));
    expect(new Set(delays(it))).toEqual(new Set([100]));
  });
});

describe("maxAttempts", () => {
  it("closes the client when that many have failed in a row", async () => {
    const it = await connected({ reconnect: { jitter: 0, maxAttempts: 2 } });
    const { end } = taken(it.client);
    it.unlisten();
    await it.other.reset();
    const waiting = outcome(it.client.request("a"));
    await it.clock.advance(299);
    expect([end(), waiting()]).toEqual(["…", "…"]);
    await it.clock.advance(1);
    expect([end(), waiting()]).toEqual(["connection-refused", "client-closed"]);
    expect(await it.client.closed).toMatchObject({
      reason: "connection-failed",
      error: { code: "connection-refused" },
    });
    expect(it.clock.pending).toBe(0);
  });

  it("counts connections that bring nothing", async () => {
    const it = await connected({ reconnect: { jitter: 0, maxAttempts: 2 } });
    await it.other.finish();
    await it.clock.advance(100);
    await it.other.finish();
    await it.clock.advance(200);
    await it.other.finish();
    expect(await it.client.closed).toEqual({ reason: "remote-closed" });
    expect(it.others).toHaveLength(3);
  });
});

describe("while it pauses", () => {
  it.each([
    ["close", "drained", { drained: 1, aborted: 1 }],
    ["abort", "aborted", undefined],
  ] as const)("%s() ends it at once, and leaves no timer", async (call, reason, result) => {
    const it = await connected({ reconnect: { jitter: 0, minDelayMs: 10_000 } });
    await it.other.reset();
    const controller = new AbortController();
    const waiting = outcome(it.client.request("a"));
    const given = outcome(it.client.request("b", { signal: controller.signal }));
    controller.abort();
    await it.settle();
    const ended = it.client[call]();
    await it.settle();
    expect([waiting(), given()]).toEqual(["client-closed", "AbortError"]);
    expect(await ended).toEqual(result && { ...result, drained: 0 });
    expect((await it.client.closed).reason).toBe(reason);
    expect(it.clock.pending).toBe(0);
    await it.clock.advance(60_000);
    expect(it.others).toHaveLength(1);
  });

  it.each(["reconnecting", "connect-error"])("an observer of %s may close it", async (told) => {
    const it = await connected({
      reconnect: true,
      observer: ({ type }) => void (type === told && it.client.abort()),
    });
    it.unlisten();
    await it.other.reset();
    await it.clock.advance(60_000);
    expect((await it.client.closed).reason).toBe("aborted");
    expect(it.events.at(-1)?.type).toBe("client-closed");
    expect(it.of("reconnecting")).toHaveLength(1);
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
    const it = await connected({ reconnect: { jitter: 0 }, connectTimeoutMs: 5_000 });
    const { transport, attempts, aborted } = slowTransport();
    it.transport.connect = transport.connect;
    await it.other.reset();
    await it.clock.advance(100);
    expect(attempts).toHaveLength(1);
    expect(await it.client.close()).toEqual({ drained: 0, aborted: 0 });
    expect([aborted, it.clock.pending]).toEqual([["connect-aborted"], 0]);
    let aborts = 0;
    attempts[0]?.({ abort: () => void (aborts += 1) } as unknown as Connection);
    await it.settle();
    expect([aborts, it.of("connection-opened").length]).toEqual([1, 1]);
  });

  it("that succeeds in the very turn in which the client is closed is let go", async () => {
    const it = await connected({ reconnect: { jitter: 0 } });
    const { transport, attempts } = slowTransport();
    it.transport.connect = transport.connect;
    await it.other.reset();
    await it.clock.advance(100);
    let aborts = 0;
    attempts[0]?.({ abort: () => void (aborts += 1) } as unknown as Connection);
    queueMicrotask(() => it.client.abort());
    await it.settle();
    expect([aborts, it.of("connection-opened").length]).toEqual([1, 1]);
  });

  it("that takes too long is a failed one like others", async () => {
    const it = await connected({ reconnect: { jitter: 0, maxAttempts: 1 }, connectTimeoutMs: 5_000 });
    it.transport.connect = slowTransport().transport.connect;
    await it.other.reset();
    await it.clock.advance(5_100);
    expect(it.of("connect-error")).toMatchObject([{ attempt: 1, error: { code: "connection-timed-out" } }]);
    expect((await it.client.closed).error).toMatchObject({ code: "connection-timed-out" });
  });
});
