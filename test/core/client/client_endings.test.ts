import { describe, expect, it, vi } from "vitest";
import { type ClientOptions, type Codec, connect, lines, SpillwayError } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";
import { connected, outcome, taken } from "./support/connected.ts";

describe("a connection that ends with requests on their way", () => {
  it("rejects them with its reason, and says that nobody knows what became of them", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const failures = Promise.allSettled([harness.client.request("a"), harness.client.request("b")]);
    await harness.peer.reset();
    const [sent, waiting] = await failures;
    const unknown = "whether the request was carried out is unknown";
    expect(sent).toMatchObject({
      reason: { code: "connection-reset", message: expect.stringContaining(unknown), cause: expect.any(SpillwayError) },
    });
    expect(waiting).toMatchObject({ reason: { code: "client-closed", cause: { code: "connection-reset" } } });
    expect(await harness.client.closed).toMatchObject({
      reason: "connection-reset",
      error: { code: "connection-reset" },
    });
    expect(harness.client.connection).toBeUndefined();
    await expect(harness.client.request("c")).rejects.toMatchObject({ code: "client-closed" });
    expect(harness.client.send("d")).toBe("closed");
    expect(await harness.client.flushed()).toBe(false);
  });

  it("by the peer's FIN: remote-closed", async () => {
    const harness = await connected();
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    await harness.peer.send("A\n");
    await harness.peer.finish();
    expect(replies.map((reply) => reply())).toEqual(["A", "remote-closed"]);
    expect(await harness.client.closed).toEqual({ reason: "remote-closed" });
  });

  it("by FIN in mid-frame: unexpected-eof, and what was cut off is no reply", async () => {
    const harness = await connected();
    const reply = outcome(harness.client.request("a"));
    const { end } = taken(harness.client);
    await harness.peer.send("DELETE 10");
    await harness.peer.finish();
    expect([reply(), end()]).toEqual(["unexpected-eof", "unexpected-eof"]);
    expect(harness.of("frame-error")).toMatchObject([{ skipped: false, error: { code: "unexpected-eof" } }]);
    expect(harness.of("connection-closed")).toMatchObject([{ reason: "unexpected-eof" }]);
  });

  it("by a frame that is too large: at once, and no fault frame is sent", async () => {
    const harness = await connected({ codec: lines({ maxFrameBytes: 4 }) }, { finishes: false });
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    await harness.peer.send("good\nmuch too long\nnext\n");
    expect(replies.map((reply) => reply())).toEqual(["good", "frame-too-large"]);
    await harness.clock.advance(2_000);
    expect(await harness.client.closed).toMatchObject({
      reason: "frame-too-large",
      error: { code: "frame-too-large" },
    });
    expect(harness.peer.received).toBe("a\nb\n");
  });

  it("by a frame that is too large: the next connection is made at once, though the peer does not end", async () => {
    const codec = lines({ maxFrameBytes: 4 });
    const harness = await connected({ codec, reconnect: { jitter: 0, minDelayMs: 10 } }, { finishes: false });
    await harness.peer.send("much too long\n");
    expect(harness.of("reconnecting")).toMatchObject([{ attempt: 1, delayMs: 10 }]);
    await harness.clock.advance(10);
    expect(harness.peers).toHaveLength(2);
  });

  it("takes no further request on its way out: that one is not sent", async () => {
    const harness = await connected({ codec: lines({ maxFrameBytes: 4 }) }, { finishes: false });
    await harness.peer.send("much too long\n");
    const late = outcome(harness.client.request("late"));
    await harness.clock.advance(2_000);
    expect([late(), harness.peer.received]).toEqual(["client-closed", ""]);
  });

  it("by a frame that is never finished: frame-timeout", async () => {
    const harness = await connected({ frameTimeoutMs: 1_000, requestTimeoutMs: Infinity });
    const reply = outcome(harness.client.request("a"));
    await harness.peer.send("hal");
    await harness.clock.advance(999);
    expect(reply()).toBe("…");
    await harness.clock.advance(1);
    expect(reply()).toBe("frame-timeout");
  });

  it("by what isPush throws: handler-failed", async () => {
    const isPush = () => {
      throw new Error("no");
    };
    const harness = await connected({ isPush });
    const reply = outcome(harness.client.request("a"));
    await harness.peer.send("A\n");
    expect(reply()).toBe("handler-failed");
    expect(harness.of("handler-error")).toMatchObject([
      { error: { code: "handler-failed", cause: { message: "no" } } },
    ]);
    expect((await harness.client.closed).reason).toBe("handler-failed");
  });

  it("by abort(): aborted", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    harness.client.abort();
    const late = outcome(harness.client.request("c"));
    await harness.settle();
    expect([...replies, late].map((reply) => reply())).toEqual(["aborted", "client-closed", "client-closed"]);
    expect(await harness.client.closed).toMatchObject({ reason: "aborted", error: { code: "aborted" } });
    expect(harness.peer.error).toMatchObject({ code: "connection-reset" });
    harness.client.abort();
    expect(await harness.client.close()).toEqual({ drained: 0, aborted: 0 });
  });

  it("by a codec that throws at a frame: codec-failed", async () => {
    const { encoder } = lines();
    const decoder = () => ({ ...lines().decoder(), midFrame: false, push() {}, end() {}, next: () => broken() });
    const harness = await connected({ codec: { encoder, decoder } });
    const reply = outcome(harness.client.request("a"));
    await harness.peer.send("A\n");
    expect(reply()).toBe("codec-failed");
    expect((await harness.client.closed).reason).toBe("codec-failed");
  });
});

describe("a connection on which nothing is answered", () => {
  /** Both places are held by requests that were given up at 1,000 ms, which it is now. */
  const stuck = async (options: Partial<ClientOptions<string, string>> = {}) => {
    const harness = await connected({ maxPendingRequests: 2, requestTimeoutMs: 1_000, ...options });
    const controller = new AbortController();
    const replies = [harness.client.request("a"), harness.client.request("b", { signal: controller.signal })].map(
      outcome,
    );
    await harness.clock.advance(1_000);
    controller.abort();
    expect(replies.map((reply) => reply())).toEqual(["request-timeout", "request-timeout"]);
    return harness;
  };

  it("ends as request-timeout when one more request has waited as long for its place", async () => {
    const harness = await stuck();
    const waiting = outcome(harness.client.request("c"));
    await harness.clock.advance(500);
    const later = outcome(harness.client.request("d"));
    await harness.clock.advance(499);
    expect([waiting(), harness.client.connection?.id]).toEqual(["…", 1]);
    await harness.clock.advance(1);
    expect([waiting(), later()]).toEqual(["request-timeout", "client-closed"]);
    expect(await harness.client.closed).toMatchObject({
      reason: "request-timeout",
      error: { code: "request-timeout" },
    });
    expect(harness.peer.error).toMatchObject({ code: "connection-reset" });
    expect(harness.peer.received).toBe("a\nb\n");
  });

  it("is made anew for the requests that still wait", async () => {
    const harness = await stuck({ reconnect: { jitter: 0 } });
    void outcome(harness.client.request("c"));
    await harness.clock.advance(500);
    const later = outcome(harness.client.request("d"));
    await harness.clock.advance(600);
    await harness.peer.send("D\n");
    expect([later(), harness.peer.received, harness.client.connection?.id]).toEqual(["D", "d\n", 2]);
  });

  it("is a failed attempt, however long it lived", async () => {
    const harness = await stuck({ reconnect: { jitter: 0, maxAttempts: 1 } });
    for (let second = 0; second < 4; second++) {
      for (const frame of ["c", "d", "e"]) void outcome(harness.client.request(frame));
      await harness.clock.advance(1_100);
    }
    expect((await harness.client.closed).error).toMatchObject({ code: "request-timeout" });
    expect(harness.peers).toHaveLength(2);
  });

  it("lives on with one late reply, and with time for it", async () => {
    const harness = await stuck();
    const hasty = outcome(harness.client.request("c", { timeoutMs: 10 }));
    await harness.clock.advance(10);
    const waiting = outcome(harness.client.request("d"));
    await harness.clock.advance(980);
    await harness.peer.send("A\n");
    expect([hasty(), waiting(), harness.peer.received]).toEqual(["request-timeout", "…", "a\nb\nd\n"]);
    await harness.peer.send("B\nD\n");
    expect([waiting(), harness.client.connection?.id]).toEqual(["D", 1]);
  });

  it("lives on while a reply is awaited", async () => {
    const harness = await connected({ maxPendingRequests: 2, requestTimeoutMs: 1_000 });
    const replies = [harness.client.request("a"), harness.client.request("b", { timeoutMs: Infinity })].map(outcome);
    await harness.clock.advance(1_000);
    const waiting = outcome(harness.client.request("c"));
    await harness.clock.advance(1_000);
    await harness.peer.send("A\nB\n");
    expect([...replies.map((reply) => reply()), waiting()]).toEqual(["request-timeout", "B", "request-timeout"]);
  });

  it("lives on while its replies are held up on this side, behind pushes that nobody takes", async () => {
    const harness = await connected({
      maxPendingRequests: 1,
      maxPushes: 1,
      requestTimeoutMs: 1_000,
      isPush: (frame) => frame.startsWith("!"),
    });
    void outcome(harness.client.request("a"));
    await harness.peer.send("!1\n!2\nA\n");
    await harness.clock.advance(1_000);
    void outcome(harness.client.request("b"));
    await harness.clock.advance(1_000);
    const next = outcome(harness.client.request("c"));
    const { frames } = taken(harness.client);
    await harness.settle();
    await harness.peer.send("C\n");
    expect([frames, harness.peer.received, next()]).toEqual([["!1", "!2"], "a\nc\n", "C"]);
  });
});

describe("an idle connection", () => {
  it("is closed in order after idleTimeoutMs", async () => {
    const harness = await connected({ idleTimeoutMs: 1_000 });
    await harness.clock.advance(999);
    expect(harness.client.connection).toMatchObject({ id: 1, remoteAddress: harness.address });
    await harness.clock.advance(1);
    expect(await harness.client.closed).toEqual({ reason: "idle-timeout" });
    expect(harness.peer.ended).toBe(true);
  });

  it("is not idle while a reply is awaited; it is when that was given up, or has come", async () => {
    const harness = await connected({ idleTimeoutMs: 1_000, requestTimeoutMs: 10_000 });
    const late = outcome(harness.client.request("a"));
    await harness.clock.advance(9_999);
    expect([late(), harness.client.connection?.id]).toEqual(["…", 1]);
    await harness.clock.advance(1);
    expect(late()).toBe("request-timeout");
    await harness.clock.advance(999);
    expect(harness.client.connection?.id).toBe(1);
    await harness.clock.advance(1);
    expect(await harness.client.closed).toEqual({ reason: "idle-timeout" });
  });

  it("that is parked sends and hears again", async () => {
    const harness = await connected();
    await harness.clock.advance(10_000);
    const { frames } = taken(harness.client);
    const reply = outcome(harness.client.request("a"));
    await harness.clock.advance(5_000);
    expect(harness.peer.received).toBe("a\n");
    await harness.peer.send("A\npush\n");
    expect([reply(), frames]).toEqual(["A", ["push"]]);
  });
});

describe("connect", () => {
  it("rejects with what the transport says", async () => {
    const transport = memoryTransport();
    const attempt = connect(transport, { hostname: "127.0.0.1", port: 9, codec: lines(), reconnect: true });
    await expect(attempt).rejects.toMatchObject({ code: "connection-refused" });
  });

  it("rejects when the codec cannot be made, and lets go of the connection", async () => {
    const harness = await connected();
    const codec: Codec<string> = { ...lines(), encoder: () => broken() };
    await expect(connect(harness.transport, { ...harness.address, codec })).rejects.toMatchObject({
      code: "codec-failed",
    });
    await harness.settle();
    expect(harness.peers).toHaveLength(2);
    expect(harness.peer.error).toMatchObject({ code: "connection-reset" });
  });

  it("counts what the observer throws, reports it, and goes on", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const harness = await connected({ observer: () => broken() });
      await harness.peer.finish();
      expect((await harness.client.closed).reason).toBe("remote-closed");
      expect(harness.client.stats().observerErrors).toBe(3);
      expect(written).toHaveBeenCalledTimes(3);
    } finally {
      written.mockRestore();
    }
  });
});

function broken(): never {
  throw new Error("broken");
}
