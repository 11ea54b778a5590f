// A connection on which nothing arrives any more, though nobody has closed it.
import { describe, expect, it } from "vitest";
import { connected, outcome } from "./support/connected.ts";

const RECONNECT = { reconnect: { jitter: 0, minDelayMs: 10 } } as const;

describe("a connection that answers nothing any more", () => {
  it("is given up after three timeouts in a row, and what is asked then goes to the next", async () => {
    const harness = await connected({ ...RECONNECT, requestTimeoutMs: 500 });
    const outcomes: (() => unknown)[] = [];
    for (let count = 0; count < 3; count++) {
      outcomes.push(outcome(harness.client.request(`${count}`)));
      await harness.clock.advance(500);
    }
    expect(outcomes.map((reply) => reply())).toEqual(Array(3).fill("request-timeout"));
    expect(harness.of("connection-closed").map(({ reason }) => reason)).toEqual(["request-timeout"]);
    const next = outcome(harness.client.request("next"));
    await harness.clock.advance(10);
    await harness.peer.send("NEXT\n");
    expect([harness.peers.length, harness.peer.received, next()]).toEqual([2, "next\n", "NEXT"]);
  });

  it("is given up just as well when AbortSignal.timeout is what gives requests up", async () => {
    const harness = await connected({ ...RECONNECT, maxConsecutiveTimeouts: 2 });
    for (let count = 0; count < 2; count++) {
      const controller = new AbortController();
      const reply = outcome(harness.client.request("a", { signal: controller.signal }));
      controller.abort(new DOMException("time is up", "TimeoutError"));
      await harness.settle();
      expect(reply()).toBe("TimeoutError");
    }
    expect(harness.of("connection-closed").map(({ reason }) => reason)).toEqual(["request-timeout"]);
  });

  it("closes a client that does not reconnect", async () => {
    const harness = await connected({ requestTimeoutMs: 500, maxConsecutiveTimeouts: 1 });
    const reply = outcome(harness.client.request("a"));
    await harness.clock.advance(500);
    expect([reply(), (await harness.client.closed).reason]).toEqual(["request-timeout", "request-timeout"]);
  });

  it.each([
    ["a byte came between two of them", 500, 1],
    ["a part of a frame came between two of them", 500, 2],
  ])("is kept while %s", async (_, timeoutMs, bytes) => {
    const harness = await connected({ ...RECONNECT, requestTimeoutMs: timeoutMs });
    for (let count = 0; count < 8; count++) {
      const reply = outcome(harness.client.request("a"));
      if (count % 2 === 1) await harness.peer.send("x".repeat(bytes));
      await harness.clock.advance(timeoutMs);
      expect(reply()).toBe("request-timeout");
    }
    expect(harness.of("connection-closed")).toEqual([]);
  });

  it("is kept when requests that were on their way together time out: that is one silence", async () => {
    const harness = await connected({ ...RECONNECT, requestTimeoutMs: 500 });
    for (let round = 1; round <= 2; round++) {
      const replies = Array.from({ length: 100 }, () => outcome(harness.client.request("a")));
      await harness.clock.advance(500);
      expect(new Set(replies.map((reply) => reply()))).toEqual(new Set(["request-timeout"]));
    }
    expect(harness.of("connection-closed")).toEqual([]);
    harness.client.request("last").catch(() => undefined);
    await harness.clock.advance(500);
    expect(harness.of("connection-closed")).toHaveLength(1);
  });

  it("is kept while an earlier request is waited for: the peer may be at work on that", async () => {
    const harness = await connected({ ...RECONNECT, requestTimeoutMs: 500 });
    const slow = outcome(harness.client.request("slow", { timeoutMs: 60_000 }));
    for (let count = 0; count < 20; count++) {
      harness.client.request("quick").catch(() => undefined);
      await harness.clock.advance(500);
    }
    await harness.peer.send("SLOW\n");
    expect([slow(), harness.of("connection-closed")]).toEqual(["SLOW", []]);
  });

  it("is kept when the caller loses interest, and when nobody takes the pushes in front of the replies", async () => {
    const harness = await connected({
      ...RECONNECT,
      requestTimeoutMs: 500,
      maxPushes: 1,
      isPush: (frame) => frame === "!",
    });
    for (let count = 0; count < 10; count++) {
      const controller = new AbortController();
      harness.client.request("a", { signal: controller.signal }).catch(() => undefined);
      controller.abort();
    }
    await harness.peer.send("!\n!\n");
    for (let count = 0; count < 10; count++) {
      harness.client.request("a").catch(() => undefined);
      await harness.clock.advance(500);
    }
    expect(harness.of("connection-closed")).toEqual([]);
  });

  it("is kept for as long as maxConsecutiveTimeouts says", async () => {
    const harness = await connected({ ...RECONNECT, requestTimeoutMs: 500, maxConsecutiveTimeouts: Infinity });
    for (let count = 0; count < 100; count++) {
      harness.client.request("a").catch(() => undefined);
      await harness.clock.advance(500);
    }
    expect(harness.of("connection-closed")).toEqual([]);
  });
});

describe("heartbeat", () => {
  const EXPECTING = { everyMs: 1_000, frame: "PING", expect: (frame: string) => frame === "PONG" };

  it("is sent when nothing has come for so long, and its answer answers nothing else", async () => {
    const harness = await connected({ ...RECONNECT, heartbeat: EXPECTING });
    const slow = outcome(harness.client.request("slow"));
    await harness.clock.advance(999);
    expect(harness.peer.received).toBe("slow\n");
    await harness.clock.advance(1);
    expect(harness.peer.received).toBe("slow\nPING\n");
    await harness.peer.send("PONG\n");
    await harness.clock.advance(999);
    await harness.peer.send("SLOW\n");
    await harness.clock.advance(999);
    expect([harness.peer.received, slow()]).toEqual(["slow\nPING\n", "SLOW"]);
    await harness.clock.advance(1);
    expect([harness.peer.received, harness.client.stats().waitingPushes]).toEqual(["slow\nPING\nPING\n", 0]);
  });

  it("without expect is a request of which nobody is told, and waits while one is awaited", async () => {
    const harness = await connected({ ...RECONNECT, heartbeat: { everyMs: 1_000, frame: "NOOP" } });
    const slow = outcome(harness.client.request("slow"));
    await harness.clock.advance(5_000);
    expect(harness.peer.received).toBe("slow\n");
    await harness.peer.send("SLOW\n");
    await harness.clock.advance(1_000);
    expect(harness.peer.received).toBe("slow\nNOOP\n");
    const next = outcome(harness.client.request("next"));
    await harness.peer.send("OK\nNEXT\n");
    expect([slow(), next(), harness.client.stats()]).toMatchObject([
      "SLOW",
      "NEXT",
      { pendingRequests: 0, waitingPushes: 0 },
    ]);
    expect(await harness.client.close()).toEqual({ drained: 0, aborted: 0 });
  });

  it.each([undefined, EXPECTING.expect])("ends a connection on which nothing comes any more", async (expected) => {
    const heartbeat = { everyMs: 1_000, frame: "PING", timeoutMs: 3_000, ...(expected && { expect: expected }) };
    const harness = await connected({ ...RECONNECT, heartbeat });
    await harness.clock.advance(3_999);
    expect(harness.of("connection-closed")).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.of("connection-closed").map(({ reason }) => reason)).toEqual(["request-timeout"]);
    await harness.clock.advance(1_009);
    expect([harness.peers.length, harness.peer.received]).toEqual([2, ""]);
    await harness.clock.advance(1);
    expect(harness.peer.received).toBe("PING\n");
  });

  it("takes any byte for a sign of life", async () => {
    const harness = await connected({ ...RECONNECT, heartbeat: EXPECTING });
    for (let count = 0; count < 20; count++) {
      await harness.clock.advance(900);
      await harness.peer.send("x");
    }
    expect(harness.of("connection-closed")).toEqual([]);
  });

  it("begins when onConnect is done, and is none of its replies", async () => {
    let done = () => {};
    const harness = await connected({
      ...RECONNECT,
      heartbeat: EXPECTING,
      onConnect: (session) =>
        session.connection.id === 1
          ? undefined
          : new Promise<void>((resolve) => {
              done = resolve;
            }),
    });
    await harness.peer.reset();
    await harness.clock.advance(5_000);
    expect([harness.peers.length, harness.peer.received]).toEqual([2, ""]);
    done();
    await harness.clock.advance(1_000);
    expect(harness.peer.received).toBe("PING\n");
  });

  it("does not judge while nobody takes the pushes in front of its answer", async () => {
    const harness = await connected({ ...RECONNECT, maxPushes: 1, heartbeat: EXPECTING });
    await harness.peer.send("a\nb\nc\n");
    await harness.clock.advance(60_000);
    expect(harness.of("connection-closed")).toEqual([]);
  });

  it("that cannot be encoded ends the connection", async () => {
    const harness = await connected({ heartbeat: { everyMs: 1_000, frame: "PI\nNG" } });
    await harness.clock.advance(1_000);
    expect((await harness.client.closed).error).toMatchObject({ code: "reply-invalid" });
  });
});
