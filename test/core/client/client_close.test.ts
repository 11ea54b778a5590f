import { describe, expect, it } from "vitest";
import { connected, outcome } from "./support/connected.ts";

describe("client.close", () => {
  it("waits for the replies to what was asked, sent or not, and then sends FIN", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    const closed = outcome(harness.client.close());
    const late = outcome(harness.client.request("c"));
    await harness.peer.send("A\n");
    expect([closed(), harness.peer.ended, late()]).toEqual(["…", false, "client-closed"]);
    await harness.peer.send("B\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B"]);
    expect(closed()).toEqual({ drained: 2, aborted: 0 });
    expect(harness.peer.ended).toBe(true);
    expect(await harness.client.closed).toEqual({ reason: "drained" });
    expect(harness.events.map(({ type }) => type)).toEqual([
      "connection-opened",
      "client-draining",
      "connection-closed",
      "client-closed",
      "client-drained",
    ]);
    expect(harness.of("client-draining")).toMatchObject([{ requests: 2 }]);
    expect(harness.of("client-drained")).toMatchObject([{ drained: 2, aborted: 0 }]);
  });

  it("writes what was sent before", async () => {
    const harness = await connected({}, { reads: false, maxLinkBytes: 10 });
    harness.client.send("0123456789".repeat(10));
    const closed = outcome(harness.client.close());
    await harness.settle();
    expect(closed()).toBe("…");
    await harness.peer.read();
    expect([closed(), harness.peer.receivedBytes]).toEqual([{ drained: 0, aborted: 0 }, 101]);
  });

  it("does not wait for replies that nobody awaits", async () => {
    const harness = await connected();
    const controller = new AbortController();
    const given = outcome(harness.client.request("a", { signal: controller.signal }));
    const closed = outcome(harness.client.close());
    await harness.settle();
    expect(closed()).toBe("…");
    controller.abort();
    await harness.settle();
    expect([given(), closed()]).toEqual(["AbortError", { drained: 1, aborted: 0 }]);
  });

  it("does not wait for a request that turns out to be no frame when its turn comes", async () => {
    const harness = await connected({ maxPendingRequests: 1 });
    const replies = ["a", "two\nlines"].map((frame) => outcome(harness.client.request(frame)));
    const closed = outcome(harness.client.close());
    await harness.peer.send("A\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "reply-invalid"]);
    expect(closed()).toEqual({ drained: 2, aborted: 0 });
    expect(await harness.client.closed).toEqual({ reason: "drained" });
  });

  it("aborts what is not answered after its time", async () => {
    const harness = await connected();
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    const closed = outcome(harness.client.close({ timeoutMs: 500 }));
    await harness.peer.send("A\n");
    await harness.clock.advance(499);
    expect(closed()).toBe("…");
    await harness.clock.advance(1);
    expect([...replies.map((reply) => reply()), closed()]).toEqual(["A", "drain-timeout", { drained: 1, aborted: 1 }]);
    expect((await harness.client.closed).reason).toBe("drain-timeout");
  });

  it("takes drainTimeoutMs unless told otherwise", async () => {
    const harness = await connected({ drainTimeoutMs: 700 });
    void outcome(harness.client.request("a"));
    const closed = outcome(harness.client.close());
    await harness.clock.advance(699);
    expect(closed()).toBe("…");
    await harness.clock.advance(1);
    expect(closed()).toEqual({ drained: 0, aborted: 1 });
  });

  it("is forced by a second call, which gives the same", async () => {
    const harness = await connected();
    const reply = outcome(harness.client.request("a"));
    const [first, second] = [outcome(harness.client.close()), outcome(harness.client.close())];
    await harness.settle();
    expect([reply(), first(), second()]).toEqual([
      "drain-timeout",
      { drained: 0, aborted: 1 },
      { drained: 0, aborted: 1 },
    ]);
  });

  it("counts what the peer cuts off", async () => {
    const harness = await connected();
    void outcome(harness.client.request("a"));
    const closed = outcome(harness.client.close());
    await harness.peer.reset();
    expect(closed()).toEqual({ drained: 0, aborted: 1 });
    expect((await harness.client.closed).reason).toBe("connection-reset");
  });

  it("waits for the peer's FIN no longer than lingerTimeoutMs", async () => {
    const harness = await connected({ lingerTimeoutMs: 300 }, { finishes: false });
    const closed = outcome(harness.client.close());
    await harness.clock.advance(299);
    expect([closed(), harness.peer.ended]).toEqual(["…", true]);
    await harness.clock.advance(1);
    expect(closed()).toEqual({ drained: 0, aborted: 0 });
    expect(await harness.client.closed).toEqual({ reason: "drained" });
  });

  it("is not held up by pushes that nobody takes", async () => {
    const harness = await connected({ maxPushes: 2, isPush: (frame) => frame.startsWith("!") });
    const reply = outcome(harness.client.request("a"));
    await harness.peer.send("!1\n!2\n!3\n!4\nA\n");
    expect(reply()).toBe("…");
    const closed = outcome(harness.client.close());
    await harness.settle();
    expect([reply(), closed()]).toEqual(["A", { drained: 1, aborted: 0 }]);
    expect(harness.client.stats()).toMatchObject({ waitingPushes: 2, pushesDropped: 2 });
  });

  it("may be called by the observer that is told of it, and closes once", async () => {
    let again: Promise<unknown> | undefined;
    const harness = await connected({
      observer: ({ type }) => {
        if (type === "client-draining") again = harness.client.close();
      },
    });
    const closed = harness.client.close();
    await harness.settle();
    expect(await again).toEqual(await closed);
    expect(harness.of("client-draining")).toHaveLength(1);
  });

  it("is what `await using` does, which waits for a drain that is under way", async () => {
    const harness = await connected();
    const reply = outcome(harness.client.request("a"));
    void harness.client.close();
    const disposed = outcome(harness.client[Symbol.asyncDispose]());
    await harness.settle();
    expect(disposed()).toBe("…");
    await harness.peer.send("A\n");
    expect([reply(), disposed()]).toEqual(["A", undefined]);
  });

  it("refuses a time that makes no sense, at the call", async () => {
    const harness = await connected();
    for (const timeoutMs of [0, -1, Number.NaN]) expect(() => harness.client.close({ timeoutMs })).toThrow(RangeError);
    expect(harness.events.map(({ type }) => type)).toEqual(["connection-opened"]);
  });
});
