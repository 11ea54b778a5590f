import { describe, expect, it, vi } from "vitest";
import { type ClientOptions, type Codec, connect, lines, SpillwayError } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";
import { connected, outcome, taken } from "./connected.ts";

describe("a connection that ends with requests on their way", () => {
  it("rejects them with its reason, and says that nobody knows what became of them", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const failures = Promise.allSettled([it.client.request("a"), it.client.request("b")]);
    await it.other.reset();
    const [sent, waiting] = await failures;
    const unknown = "whether the request was carried out is unknown";
    expect(sent).toMatchObject({
      reason: { code: "connection-reset", message: expect.stringContaining(unknown), cause: expect.any(SpillwayError) },
    });
    expect(waiting).toMatchObject({ reason: { code: "client-closed", cause: { code: "connection-reset" } } });
    expect(await it.client.closed).toMatchObject({ reason: "connection-reset", error: { code: "connection-reset" } });
    expect(it.client.connection).toBeUndefined();
    await expect(it.client.request("c")).rejects.toMatchObject({ code: "client-closed" });
    expect(it.client.send("d")).toBe("closed");
    expect(await it.client.flushed()).toBe(false);
  });

  it("by the other side's FIN: remote-closed", async () => {
    const it = await connected();
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    await it.other.send("A\n");
    await it.other.finish();
    expect(replies.map((reply) => reply())).toEqual(["A", "remote-closed"]);
    expect(await it.client.closed).toEqual({ reason: "remote-closed" });
  });

  it("by FIN in mid-frame: unexpected-eof, and what was cut off is no reply", async () => {
    const it = await connected();
    const reply = outcome(it.client.request("a"));
    const { end } = taken(it.client);
    await it.other.send("DELETE 10");
    await it.other.finish();
    expect([reply(), end()]).toEqual(["unexpected-eof", "unexpected-eof"]);
    expect(it.of("frame-error")).toMatchObject([{ skipped: false, error: { code: "unexpected-eof" } }]);
    expect(it.of("connection-closed")).toMatchObject([{ reason: "unexpected-eof" }]);
  });

  it("by a frame that is too large: at once, and no fault frame is sent", async () => {
    const it = await connected({ codec: lines({ maxFrameBytes: 4 }) }, { finishes: false });
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    await it.other.send("good\nmuch too long\nnext\n");
    expect(replies.map((reply) => reply())).toEqual(["good", "frame-too-large"]);
    await it.clock.advance(2_000);
    expect(await it.client.closed).toMatchObject({ reason: "frame-too-large", error: { code: "frame-too-large" } });
    expect(it.other.received).toBe("a\nb\n");
  });

  it("by a frame that is too large: the next connection is made at once, though the other side does not end", async () => {
    const codec = lines({ maxFrameBytes: 4 });
    const it = await connected({ codec, reconnect: { jitter: 0, minDelayMs: 10 } }, { finishes: false });
    await it.other.send("much too long\n");
    expect(it.of("reconnecting")).toMatchObject([{ attempt: 1, delayMs: 10 }]);
    await it.clock.advance(10);
    expect(it.others).toHaveLength(2);
  });

  it("takes no further request on its way out: that one is not sent", async () => {
    const it = await connected({ codec: lines({ maxFrameBytes: 4 }) }, { finishes: false });
    await it.other.send("much too long\n");
    const late = outcome(it.client.request("late"));
    await it.clock.advance(2_000);
    expect([late(), it.other.received]).toEqual(["client-closed", ""]);
  });

  it("by a frame that is never finished: frame-timeout", async () => {
    const it = await connected({ frameTimeoutMs: 1_000, requestTimeoutMs: Infinity });
    const reply = outcome(it.client.request("a"));
    await it.other.send("hal");
    await it.clock.advance(999);
    expect(reply()).toBe("…");
    await it.clock.advance(1);
    expect(reply()).toBe("frame-timeout");
  });

  it("by what isPush throws: handler-failed", async () => {
    const isPush = () => {
      throw new Error("no");
    };
    const it = await connected({ isPush });
    const reply = outcome(it.client.request("a"));
    await it.other.send("A\n");
    expect(reply()).toBe("handler-failed");
    expect(it.of("handler-error")).toMatchObject([{ error: { code: "handler-failed", cause: { message: "no" } } }]);
    expect((await it.client.closed).reason).toBe("handler-failed");
  });

  it("by abort(): aborted", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    it.client.abort();
    const late = outcome(it.client.request("c"));
    await it.settle();
    expect([...replies, late].map((reply) => reply())).toEqual(["aborted", "client-closed", "client-closed"]);
    expect(await it.client.closed).toMatchObject({ reason: "aborted", error: { code: "aborted" } });
    expect(it.other.error).toMatchObject({ code: "connection-reset" });
    it.client.abort();
    expect(await it.client.close()).toEqual({ drained: 0, aborted: 0 });
  });

  it("by a codec that throws at a frame: codec-failed", async () => {
    const { encoder } = lines();
    const decoder = () => ({ ...lines().decoder(), midFrame: false, push() {}, end() {}, next: () => broken() });
    const it = await connected({ codec: { encoder, decoder } });
    const reply = outcome(it.client.request("a"));
    await it.other.send("A\n");
    expect(reply()).toBe("codec-failed");
    expect((await it.client.closed).reason).toBe("codec-failed");
  });
});

describe("a connection on which nothing is answered", () => {
  /** Both places are held by requests that were given up at 1,000 ms, which it is now. */
  const stuck = async (options: Partial<ClientOptions<string, string>> = {}) => {
    const it = await connected({ maxPendingRequests: 2, requestTimeoutMs: 1_000, ...options });
    const controller = new AbortController();
    const replies = [it.client.request("a"), it.client.request("b", { signal: controller.signal })].map(outcome);
    await it.clock.advance(1_000);
    controller.abort();
    expect(replies.map((reply) => reply())).toEqual(["request-timeout", "request-timeout"]);
    return it;
  };

  it("ends as request-timeout when one more request has waited as long for its place", async () => {
    const it = await stuck();
    const waiting = outcome(it.client.request("c"));
    await it.clock.advance(500);
    const later = outcome(it.client.request("d"));
    await it.clock.advance(499);
    expect([waiting(), it.client.connection?.id]).toEqual(["…", 1]);
    await it.clock.advance(1);
    expect([waiting(), later()]).toEqual(["request-timeout", "client-closed"]);
    expect(await it.client.closed).toMatchObject({ reason: "request-timeout", error: { code: "request-timeout" } });
    expect(it.other.error).toMatchObject({ code: "connection-reset" });
    expect(it.other.received).toBe("a\nb\n");
  });

  it("is made anew for the requests that still wait", async () => {
    const it = await stuck({ reconnect: { jitter: 0 } });
    void outcome(it.client.request("c"));
    await it.clock.advance(500);
    const later = outcome(it.client.request("d"));
    await it.clock.advance(600);
    await it.other.send("D\n");
    expect([later(), it.other.received, it.client.connection?.id]).toEqual(["D", "d\n", 2]);
  });

  it("is a failed attempt, however long it lived", async () => {
    const it = await stuck({ reconnect: { jitter: 0, maxAttempts: 1 } });
    for (let second = 0; second < 4; second++) {
      for (const frame of ["c", "d", "e"]) void outcome(it.client.request(frame));
      await it.clock.advance(1_100);
    }
    expect((await it.client.closed).error).toMatchObject({ code: "request-timeout" });
    expect(it.others).toHaveLength(2);
  });

  it("lives on with one late reply, and with time for it", async () => {
    const it = await stuck();
    const hasty = outcome(it.client.request("c", { timeoutMs: 10 }));
    await it.clock.advance(10);
    const waiting = outcome(it.client.request("d"));
    await it.clock.advance(980);
    await it.other.send("A\n");
    expect([hasty(), waiting(), it.other.received]).toEqual(["request-timeout", "…", "a\nb\nd\n"]);
    await it.other.send("B\nD\n");
    expect([waiting(), it.client.connection?.id]).toEqual(["D", 1]);
  });

  it("lives on while a reply is awaited", async () => {
    const it = await connected({ maxPendingRequests: 2, requestTimeoutMs: 1_000 });
    const replies = [it.client.request("a"), it.client.request("b", { timeoutMs: Infinity })].map(outcome);
    await it.clock.advance(1_000);
    const waiting = outcome(it.client.request("c"));
    await it.clock.advance(1_000);
    await it.other.send("A\nB\n");
    expect([...replies.map((reply) => reply()), waiting()]).toEqual(["request-timeout", "B", "request-timeout"]);
  });

  it("lives on while its replies are held up on this side, behind pushes that nobody takes", async () => {
    const it = await connected({
      maxPendingRequests: 1,
      maxPushes: 1,
      requestTimeoutMs: 1_000,
      isPush: (frame) => frame.startsWith("!"),
    });
    void outcome(it.client.request("a"));
    await it.other.send("!1\n!2\nA\n");
    await it.clock.advance(1_000);
    void outcome(it.client.request("b"));
    await it.clock.advance(1_000);
    const next = outcome(it.client.request("c"));
    const { frames } = taken(it.client);
    await it.settle();
    await it.other.send("C\n");
    expect([frames, it.other.received, next()]).toEqual([["!1", "!2"], "a\nc\n", "C"]);
  });
});

describe("an idle connection", () => {
  it("is closed in order after idleTimeoutMs", async () => {
    const it = await connected({ idleTimeoutMs: 1_000 });
    await it.clock.advance(999);
    expect(it.client.connection).toMatchObject({ id: 1, remoteAddress: it.address });
    await it.clock.advance(1);
    expect(await it.client.closed).toEqual({ reason: "idle-timeout" });
    expect(it.other.ended).toBe(true);
  });

  it("is not idle while a reply is awaited; it is when that was given up, or has come", async () => {
    const it = await connected({ idleTimeoutMs: 1_000, requestTimeoutMs: 10_000 });
    const late = outcome(it.client.request("a"));
    await it.clock.advance(9_999);
    expect([late(), it.client.connection?.id]).toEqual(["…", 1]);
    await it.clock.advance(1);
    expect(late()).toBe("request-timeout");
    await it.clock.advance(999);
    expect(it.client.connection?.id).toBe(1);
    await it.clock.advance(1);
    expect(await it.client.closed).toEqual({ reason: "idle-timeout" });
  });

  it("that is parked sends and hears again", async () => {
    const it = await connected();
    await it.clock.advance(10_000);
    const { frames } = taken(it.client);
    const reply = outcome(it.client.request("a"));
    await it.clock.advance(5_000);
    expect(it.other.received).toBe("a\n");
    await it.other.send("A\npush\n");
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
    const it = await connected();
    const codec: Codec<string> = { ...lines(), encoder: () => broken() };
    await expect(connect(it.transport, { ...it.address, codec })).rejects.toMatchObject({ code: "codec-failed" });
    await it.settle();
    expect(it.others).toHaveLength(2);
    expect(it.other.error).toMatchObject({ code: "connection-reset" });
  });

  it("counts what the observer throws, reports it, and goes on", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const it = await connected({ observer: () => broken() });
      await it.other.finish();
      expect((await it.client.closed).reason).toBe("remote-closed");
      expect(it.client.stats().observerErrors).toBe(3);
      expect(written).toHaveBeenCalledTimes(3);
    } finally {
      written.mockRestore();
    }
  });
});

function broken(): never {
  throw new Error("broken");
}
