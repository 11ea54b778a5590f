import { describe, expect, it } from "vitest";
import { connected, countedSignal, outcome } from "./connected.ts";

const ask = (it: Awaited<ReturnType<typeof connected>>, ...frames: string[]) =>
  frames.map((frame) => outcome(it.client.request(frame)));
const now = (outcomes: (() => unknown)[]) => outcomes.map((outcome) => outcome());

describe("client.request", () => {
  it("sends what is asked in one turn in one write, and matches the replies in order", async () => {
    const it = await connected();
    const replies = ask(it, "a", "b", "c");
    await it.settle();
    expect(it.other.chunks).toHaveLength(1);
    expect(it.other.received).toBe("a\nb\nc\n");
    await it.other.send("A\nB\n");
    expect(now(replies)).toEqual(["A", "B", "…"]);
    await it.other.send("C\n");
    expect(now(replies)).toEqual(["A", "B", "C"]);
    expect(it.client.stats()).toMatchObject({ framesOut: 3, framesIn: 3, bytesOut: 6, bytesIn: 6, connections: 1 });
  });

  it("matches replies that come cut anywhere", async () => {
    const it = await connected();
    const replies = ask(it, "a", "b");
    for (const byte of "one\r\ntwo\r\n") await it.other.send(byte);
    expect(now(replies)).toEqual(["one", "two"]);
  });

  it("times out after requestTimeoutMs, exactly, and then drops the late reply", async () => {
    const it = await connected({ requestTimeoutMs: 1_000 });
    const first = outcome(it.client.request("a"));
    await it.clock.advance(500);
    const second = outcome(it.client.request("b"));
    await it.clock.advance(499);
    expect([first(), second()]).toEqual(["…", "…"]);
    await it.clock.advance(1);
    expect([first(), second()]).toEqual(["request-timeout", "…"]);
    expect(it.client.stats().pendingRequests).toBe(2);
    await it.other.send("A\nB\n");
    expect(second()).toBe("B");
    expect(it.client.stats()).toMatchObject({ pendingRequests: 0, waitingPushes: 0 });
  });

  it("has a deadline of its own where one is given, Infinity among them", async () => {
    const it = await connected({ requestTimeoutMs: 1_000, idleTimeoutMs: 5_000 });
    const short = outcome(it.client.request("a", { timeoutMs: 10 }));
    const endless = outcome(it.client.request("b", { timeoutMs: Infinity }));
    await it.clock.advance(10);
    expect(short()).toBe("request-timeout");
    await it.clock.advance(100_000);
    expect(endless()).toBe("…");
    await it.other.send("A\nB\n");
    expect(endless()).toBe("B");
  });

  it("says in the error whether it was sent", async () => {
    const it = await connected({ maxPendingRequests: 1, requestTimeoutMs: 10 });
    const [sent, waiting] = [it.client.request("a"), it.client.request("b")];
    await Promise.all([
      expect(sent).rejects.toThrow("whether it was carried out is unknown"),
      expect(waiting).rejects.toThrow("it was not sent"),
      it.clock.advance(10),
    ]);
    expect(it.other.received).toBe("a\n");
  });

  it("rejects with the signal's reason, as fetch does, and listens to it no longer than it must", async () => {
    const it = await connected();
    const { controller, signal, listeners } = countedSignal();
    const reason = new Error("enough");
    const [answered, aborted] = [it.client.request("a", { signal }), it.client.request("b", { signal })];
    const failed = aborted.catch((error: unknown) => error);
    expect(listeners()).toBe(2);
    await it.other.send("A\n");
    expect(await answered).toBe("A");
    expect(listeners()).toBe(1);
    controller.abort(reason);
    expect(await failed).toBe(reason);
    expect(listeners()).toBe(0);
    await expect(it.client.request("c", { signal })).rejects.toBe(reason);
    expect(listeners()).toBe(0);
    await it.other.send("B\n");
    expect(it.other.received).toBe("a\nb\n");
    expect(it.client.stats()).toMatchObject({ pendingRequests: 0, waitingPushes: 0 });
  });

  it("does not listen to the signal of what has timed out or is cut off", async () => {
    const it = await connected();
    const { signal, listeners } = countedSignal();
    const late = outcome(it.client.request("a", { signal, timeoutMs: 5 }));
    const cut = outcome(it.client.request("b", { signal }));
    await it.clock.advance(5);
    await it.other.reset();
    expect([late(), cut(), listeners()]).toEqual(["request-timeout", "connection-reset", 0]);
  });

  it("does not listen to the signal of what was never sent", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const { controller, signal, listeners } = countedSignal();
    const other = countedSignal();
    const invalid = outcome(it.client.request("two\nlines", { signal }));
    void outcome(it.client.request("a"));
    const aborted = outcome(it.client.request("b", { signal }));
    const closed = outcome(it.client.request("c", { signal: other.signal }));
    expect([listeners(), other.listeners()]).toEqual([1, 1]);
    controller.abort();
    await it.other.reset();
    expect([invalid(), aborted(), closed()]).toEqual(["reply-invalid", "AbortError", "client-closed"]);
    expect([listeners(), other.listeners()]).toEqual([0, 0]);
  });

  it("refuses what is no frame of the codec, and only that", async () => {
    const it = await connected();
    const replies = ask(it, "a", "two\nlines", "b");
    await it.other.send("A\nB\n");
    expect(now(replies)).toEqual(["A", "reply-invalid", "B"]);
    expect(it.other.received).toBe("a\nb\n");
  });

  it.each([
    [{ timeoutMs: 0 }, RangeError],
    [{ timeoutMs: -1 }, RangeError],
    [{ timeoutMs: Number.NaN }, RangeError],
    [{ timeoutMs: "1" }, TypeError],
    [{ signal: {} }, TypeError],
    [{ signal: null }, TypeError],
  ])("refuses %o at the call", async (options, kind) => {
    const it = await connected();
    expect(() => it.client.request("a", options as never)).toThrow(kind);
    await it.settle();
    expect(it.other.received).toBe("");
  });
});

describe("at most maxPendingRequests", () => {
  it("are on their way; the others wait, first come, first served", async () => {
    const it = await connected({ maxPendingRequests: 2 });
    const replies = ask(it, "a", "b", "c", "d");
    await it.settle();
    expect(it.other.received).toBe("a\nb\n");
    expect(it.client.stats()).toMatchObject({ pendingRequests: 2, waitingRequests: 2 });
    await it.other.send("A\n");
    expect(it.other.received).toBe("a\nb\nc\n");
    await it.other.send("B\nC\nD\n");
    expect(now(replies)).toEqual(["A", "B", "C", "…"]);
    expect(it.other.received).toBe("a\nb\nc\nd\n");
  });

  it("and who gives up while waiting is never sent", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const controller = new AbortController();
    const [first] = ask(it, "a");
    const aborted = outcome(it.client.request("b", { signal: controller.signal }));
    const late = outcome(it.client.request("c", { timeoutMs: 10 }));
    const [last] = ask(it, "d");
    controller.abort();
    await it.clock.advance(10);
    expect([aborted(), late()]).toEqual(["AbortError", "request-timeout"]);
    expect(it.client.stats().waitingRequests).toBe(1);
    await it.other.send("A\n");
    await it.other.send("D\n");
    expect([first?.(), last?.()]).toEqual(["A", "D"]);
    expect(it.other.received).toBe("a\nd\n");
  });

  it("counting those that were given up: their replies are still to come", async () => {
    const it = await connected({ maxPendingRequests: 1, requestTimeoutMs: 10 });
    const late = outcome(it.client.request("a"));
    await it.clock.advance(10);
    const next = outcome(it.client.request("b", { timeoutMs: 100 }));
    await it.settle();
    expect([late(), next(), it.other.received]).toEqual(["request-timeout", "…", "a\n"]);
    await it.other.send("A\n");
    expect(it.other.received).toBe("a\nb\n");
    await it.other.send("B\n");
    expect(next()).toBe("B");
  });

  it("and 20,000 that wait are given up, or sent, in linear time", async () => {
    const it = await connected({ maxPendingRequests: 1, requestTimeoutMs: 10 });
    const replies = Array.from({ length: 20_000 }, (_, index) => {
      return outcome(it.client.request(String(index), index % 2 === 0 ? { timeoutMs: Infinity } : {}));
    });
    await it.clock.advance(10);
    expect(it.client.stats()).toMatchObject({ pendingRequests: 1, waitingRequests: 9_999 });
    await it.other.send("x\n".repeat(5));
    expect(it.other.received).toBe("0\n2\n");
    expect(now(replies).slice(0, 4)).toEqual(["x", "request-timeout", "…", "request-timeout"]);
  });
});
