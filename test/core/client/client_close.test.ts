import { describe, expect, it } from "vitest";
import { connected, outcome } from "./connected.ts";

describe("client.close", () => {
  it("waits for the replies to what was asked, sent or not, and then sends FIN", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    const closed = outcome(it.client.close());
    const late = outcome(it.client.request("c"));
    await it.other.send("A\n");
    expect([closed(), it.other.ended, late()]).toEqual(["…", false, "client-closed"]);
    await it.other.send("B\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B"]);
    expect(closed()).toEqual({ drained: 2, aborted: 0 });
    expect(it.other.ended).toBe(true);
    expect(await it.client.closed).toEqual({ reason: "drained" });
    expect(it.events.map(({ type }) => type)).toEqual([
      "connection-opened",
      "draining",
      "connection-closed",
      "client-closed",
      "drained",
    ]);
    expect(it.of("draining")).toMatchObject([{ requests: 2 }]);
    expect(it.of("drained")).toMatchObject([{ drained: 2, aborted: 0 }]);
  });

  it("writes what was sent before", async () => {
    const it = await connected({}, { reads: false, maxLinkBytes: 10 });
    it.client.send("0123456789".repeat(10));
    const closed = outcome(it.client.close());
    await it.settle();
    expect(closed()).toBe("…");
    await it.other.read();
    expect([closed(), it.other.receivedBytes]).toEqual([{ drained: 0, aborted: 0 }, 101]);
  });

  it("does not wait for replies that nobody awaits", async () => {
    const it = await connected();
    const controller = new AbortController();
    const given = outcome(it.client.request("a", { signal: controller.signal }));
    const closed = outcome(it.client.close());
    await it.settle();
    expect(closed()).toBe("…");
    controller.abort();
    await it.settle();
    expect([given(), closed()]).toEqual(["AbortError", { drained: 1, aborted: 0 }]);
  });

  it("does not wait for a request that turns out to be no frame when its turn comes", async () => {
    const it = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "two\nlines"].map((frame) => outcome(it.client.request(frame)));
    const closed = outcome(it.client.close());
    await it.other.send("A\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "reply-invalid"]);
    expect(closed()).toEqual({ drained: 2, aborted: 0 });
    expect(await it.client.closed).toEqual({ reason: "drained" });
  });

  it("aborts what is not answered after its time", async () => {
    const it = await connected();
    const replies = ["a", "b"].map((frame) => outcome(it.client.request(frame)));
    const closed = outcome(it.client.close({ timeoutMs: 500 }));
    await it.other.send("A\n");
    await it.clock.advance(499);
    expect(closed()).toBe("…");
    await it.clock.advance(1);
    expect([...replies.map((reply) => reply()), closed()]).toEqual(["A", "drain-timeout", { drained: 1, aborted: 1 }]);
    expect((await it.client.closed).reason).toBe("drain-timeout");
  });

  it("takes drainTimeoutMs unless told otherwise", async () => {
    const it = await connected({ drainTimeoutMs: 700 });
    void outcome(it.client.request("a"));
    const closed = outcome(it.client.close());
    await it.clock.advance(699);
    expect(closed()).toBe("…");
    await it.clock.advance(1);
    expect(closed()).toEqual({ drained: 0, aborted: 1 });
  });

  it("is forced by a second call, which gives the same", async () => {
    const it = await connected();
    const reply = outcome(it.client.request("a"));
    const [first, second] = [outcome(it.client.close()), outcome(it.client.close())];
    await it.settle();
    expect([reply(), first(), second()]).toEqual([
      "drain-timeout",
      { drained: 0, aborted: 1 },
      { drained: 0, aborted: 1 },
    ]);
  });

  it("counts what the other side cuts off", async () => {
    const it = await connected();
    void outcome(it.client.request("a"));
    const closed = outcome(it.client.close());
    await it.other.reset();
    expect(closed()).toEqual({ drained: 0, aborted: 1 });
    expect((await it.client.closed).reason).toBe("connection-reset");
  });

  it("waits for the other side's FIN no longer than lingerTimeoutMs", async () => {
    const it = await connected({ lingerTimeoutMs: 300 }, { finishes: false });
    const closed = outcome(it.client.close());
    await it.clock.advance(299);
    expect([closed(), it.other.ended]).toEqual(["…", true]);
    await it.clock.advance(1);
    expect(closed()).toEqual({ drained: 0, aborted: 0 });
    expect(await it.client.closed).toEqual({ reason: "drained" });
  });

  it("is not held up by pushes that nobody takes", async () => {
    const it = await connected({ maxPushes: 2, isPush: (frame) => frame.startsWith("!") });
    const reply = outcome(it.client.request("a"));
    await it.other.send("!1\n!2\n!3\n!4\nA\n");
    expect(reply()).toBe("…");
    const closed = outcome(it.client.close());
    await it.settle();
    expect([reply(), closed()]).toEqual(["A", { drained: 1, aborted: 0 }]);
    expect(it.client.stats()).toMatchObject({ waitingPushes: 2, pushesDropped: 2 });
  });

  it("may be called by the observer that is told of it, and closes once", async () => {
    let again: Promise<unknown> | undefined;
    const it = await connected({
      observer: ({ type }) => {
        if (type === "draining") again = it.client.close();
      },
    });
    const closed = it.client.close();
    await it.settle();
    expect(await again).toEqual(await closed);
    expect(it.of("draining")).toHaveLength(1);
  });

  it("is what `await using` does, which waits for a drain that is under way", async () => {
    const it = await connected();
    const reply = outcome(it.client.request("a"));
    void it.client.close();
    const disposed = outcome(it.client[Symbol.asyncDispose]());
    await it.settle();
    expect(disposed()).toBe("…");
    await it.other.send("A\n");
    expect([reply(), disposed()]).toEqual(["A", undefined]);
  });

  it("refuses a time that makes no sense, at the call", async () => {
    const it = await connected();
    for (const timeoutMs of [0, -1, Number.NaN]) expect(() => it.client.close({ timeoutMs })).toThrow(RangeError);
    expect(it.events.map(({ type }) => type)).toEqual(["connection-opened"]);
  });
});
