import { describe, expect, it } from "vitest";
import { connected, countedSignal, outcome } from "./support/connected.ts";

const ask = (harness: Awaited<ReturnType<typeof connected>>, ...frames: string[]) =>
  frames.map((frame) => outcome(harness.client.request(frame)));
const now = (outcomes: (() => unknown)[]) => outcomes.map((current) => current());

describe("client.request", () => {
  it("sends what is asked in one tick in one write, and matches the replies in order", async () => {
    const harness = await connected();
    const replies = ask(harness, "a", "b", "c");
    await harness.settle();
    expect(harness.peer.chunks).toHaveLength(1);
    expect(harness.peer.received).toBe("a\nb\nc\n");
    await harness.peer.send("A\nB\n");
    expect(now(replies)).toEqual(["A", "B", "…"]);
    await harness.peer.send("C\n");
    expect(now(replies)).toEqual(["A", "B", "C"]);
    expect(harness.client.stats()).toMatchObject({
      framesOut: 3,
      framesIn: 3,
      bytesOut: 6,
      bytesIn: 6,
      connections: 1,
    });
  });

  it("matches replies that come cut anywhere", async () => {
    const harness = await connected();
    const replies = ask(harness, "a", "b");
    for (const byte of "one\r\ntwo\r\n") await harness.peer.send(byte);
    expect(now(replies)).toEqual(["one", "two"]);
  });

  it("times out after requestTimeoutMs, exactly, and then drops the late reply", async () => {
    const harness = await connected({ requestTimeoutMs: 1_000 });
    const first = outcome(harness.client.request("a"));
    await harness.clock.advance(500);
    const second = outcome(harness.client.request("b"));
    await harness.clock.advance(499);
    expect([first(), second()]).toEqual(["…", "…"]);
    await harness.clock.advance(1);
    expect([first(), second()]).toEqual(["request-timeout", "…"]);
    expect(harness.client.stats().pendingRequests).toBe(2);
    await harness.peer.send("A\nB\n");
    expect(second()).toBe("B");
    expect(harness.client.stats()).toMatchObject({ pendingRequests: 0, waitingPushes: 0 });
  });

  it("has a deadline of its own where one is given, Infinity among them", async () => {
    const harness = await connected({ requestTimeoutMs: 1_000, idleTimeoutMs: 5_000 });
    const short = outcome(harness.client.request("a", { timeoutMs: 10 }));
    const endless = outcome(harness.client.request("b", { timeoutMs: Infinity }));
    await harness.clock.advance(10);
    expect(short()).toBe("request-timeout");
    await harness.clock.advance(100_000);
    expect(endless()).toBe("…");
    await harness.peer.send("A\nB\n");
    expect(endless()).toBe("B");
  });

  it("says in the error whether it was sent", async () => {
    const harness = await connected({ maxPendingRequests: 1, requestTimeoutMs: 10 });
    const [sent, waiting] = [harness.client.request("a"), harness.client.request("b")];
    await Promise.all([
      expect(sent).rejects.toThrow("whether it was carried out is unknown"),
      expect(waiting).rejects.toThrow("it was not sent"),
      harness.clock.advance(10),
    ]);
    expect(harness.peer.received).toBe("a\n");
  });

  it("rejects with the signal's reason, as fetch does, and listens to it no longer than it must", async () => {
    const harness = await connected();
    const { controller, signal, listeners } = countedSignal();
    const reason = new Error("enough");
    const [answered, aborted] = [harness.client.request("a", { signal }), harness.client.request("b", { signal })];
    const failed = aborted.catch((error: unknown) => error);
    expect(listeners()).toBe(2);
    await harness.peer.send("A\n");
    expect(await answered).toBe("A");
    expect(listeners()).toBe(1);
    controller.abort(reason);
    expect(await failed).toBe(reason);
    expect(listeners()).toBe(0);
    await expect(harness.client.request("c", { signal })).rejects.toBe(reason);
    expect(listeners()).toBe(0);
    await harness.peer.send("B\n");
    expect(harness.peer.received).toBe("a\nb\n");
    expect(harness.client.stats()).toMatchObject({ pendingRequests: 0, waitingPushes: 0 });
  });

  it("does not listen to the signal of what has timed out or is cut off", async () => {
    const harness = await connected();
    const { signal, listeners } = countedSignal();
    const late = outcome(harness.client.request("a", { signal, timeoutMs: 5 }));
    const cut = outcome(harness.client.request("b", { signal }));
    await harness.clock.advance(5);
    await harness.peer.reset();
    expect([late(), cut(), listeners()]).toEqual(["request-timeout", "connection-reset", 0]);
  });

  it("does not listen to the signal of what was never sent", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const { controller, signal, listeners } = countedSignal();
    const other = countedSignal();
    const invalid = outcome(harness.client.request("two\nlines", { signal }));
    void outcome(harness.client.request("a"));
    const aborted = outcome(harness.client.request("b", { signal }));
    const closed = outcome(harness.client.request("c", { signal: other.signal }));
    expect([listeners(), other.listeners()]).toEqual([1, 1]);
    controller.abort();
    await harness.peer.reset();
    expect([invalid(), aborted(), closed()]).toEqual(["reply-invalid", "AbortError", "client-closed"]);
    expect([listeners(), other.listeners()]).toEqual([0, 0]);
  });

  it("refuses what is no frame of the codec, and only that", async () => {
    const harness = await connected();
    const replies = ask(harness, "a", "two\nlines", "b");
    await harness.peer.send("A\nB\n");
    expect(now(replies)).toEqual(["A", "reply-invalid", "B"]);
    expect(harness.peer.received).toBe("a\nb\n");
  });

  it.each([
    [{ timeoutMs: 0 }, RangeError],
    [{ timeoutMs: -1 }, RangeError],
    [{ timeoutMs: Number.NaN }, RangeError],
    [{ timeoutMs: "1" }, TypeError],
    [{ signal: {} }, TypeError],
    [{ signal: null }, TypeError],
    [{ timeout: 1 }, TypeError],
  ])("refuses %o at the call, as the session of onConnect does", async (options, kind) => {
    let request: ((frame: string, given: never) => unknown) | undefined;
    const harness = await connected({
      onConnect: (session) => {
        request = (frame, given) => session.request(frame, given);
      },
    });
    expect(() => harness.client.request("a", options as never)).toThrow(kind);
    expect(() => request?.("a", options as never)).toThrow(kind);
    await harness.settle();
    expect(harness.peer.received).toBe("");
  });
});

describe("at most maxPendingRequests", () => {
  it("are on their way; the others wait, first come, first served", async () => {
    const harness = await connected({ maxPendingRequests: 2 });
    const replies = ask(harness, "a", "b", "c", "d");
    await harness.settle();
    expect(harness.peer.received).toBe("a\nb\n");
    expect(harness.client.stats()).toMatchObject({ pendingRequests: 2, waitingRequests: 2 });
    await harness.peer.send("A\n");
    expect(harness.peer.received).toBe("a\nb\nc\n");
    await harness.peer.send("B\nC\nD\n");
    expect(now(replies)).toEqual(["A", "B", "C", "…"]);
    expect(harness.peer.received).toBe("a\nb\nc\nd\n");
  });

  it("and a request that is given up while it waits is never sent", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const controller = new AbortController();
    const [first] = ask(harness, "a");
    const aborted = outcome(harness.client.request("b", { signal: controller.signal }));
    const late = outcome(harness.client.request("c", { timeoutMs: 10 }));
    const [last] = ask(harness, "d");
    controller.abort();
    await harness.clock.advance(10);
    expect([aborted(), late()]).toEqual(["AbortError", "request-timeout"]);
    expect(harness.client.stats().waitingRequests).toBe(1);
    await harness.peer.send("A\n");
    await harness.peer.send("D\n");
    expect([first?.(), last?.()]).toEqual(["A", "D"]);
    expect(harness.peer.received).toBe("a\nd\n");
  });

  it("counting those that were given up: their replies are still to come", async () => {
    const harness = await connected({ maxPendingRequests: 1, requestTimeoutMs: 10 });
    const late = outcome(harness.client.request("a"));
    await harness.clock.advance(10);
    const next = outcome(harness.client.request("b", { timeoutMs: 100 }));
    await harness.settle();
    expect([late(), next(), harness.peer.received]).toEqual(["request-timeout", "…", "a\n"]);
    await harness.peer.send("A\n");
    expect(harness.peer.received).toBe("a\nb\n");
    await harness.peer.send("B\n");
    expect(next()).toBe("B");
  });

  it("and 20,000 that wait are given up, or sent, in linear time", async () => {
    const harness = await connected({ maxPendingRequests: 1, requestTimeoutMs: 10 });
    const replies = Array.from({ length: 20_000 }, (_, index) => {
      return outcome(harness.client.request(String(index), index % 2 === 0 ? { timeoutMs: Infinity } : {}));
    });
    await harness.clock.advance(10);
    expect(harness.client.stats()).toMatchObject({ pendingRequests: 1, waitingRequests: 9_999 });
    await harness.peer.send("x\n".repeat(5));
    expect(harness.peer.received).toBe("0\n2\n");
    expect(now(replies).slice(0, 4)).toEqual(["x", "request-timeout", "…", "request-timeout"]);
  });
});
