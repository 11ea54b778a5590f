import { describe, expect, it } from "vitest";
import { lines, serve } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("shutdown", () => {
  it("of a server without connections is done at once", async () => {
    const harness = await served();
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 0 });
    expect(await harness.server.finished).toEqual({ drained: 0, aborted: 0 });
    expect(harness.clock.pending).toBe(0);
  });

  it("closes idle connections at once", async () => {
    const harness = await served();
    const peers = [await harness.connect(), await harness.connect(), await harness.connect()];
    expect(await harness.server.shutdown()).toEqual({ drained: 3, aborted: 0 });
    await harness.settle();
    expect(peers.map(({ ended, received }) => [ended, received])).toEqual([
      [true, ""],
      [true, ""],
      [true, ""],
    ]);
    expect(harness.reasons).toEqual(["drained", "drained", "drained"]);
    expect(harness.closed.every(({ durationMs }) => durationMs === 0)).toBe(true);
  });

  it("lets a busy connection answer all that was received in full", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\nhalf");
    const drained = harness.server.shutdown();
    await harness.clock.advance(1_000);
    expect(harness.closed).toEqual([]);
    await peer.send("way\nc\n");
    pending.of("a").resolve("A");
    await harness.settle();
    pending.of("b").resolve("B");
    await harness.settle();
    expect(await drained).toEqual({ drained: 1, aborted: 0, bytesDiscarded: 6 });
    expect(pending.frames).toEqual(["a", "b"]);
    expect(peer.received).toBe("A\nB\n");
    expect(peer.ended).toBe(true);
    expect(harness.closed).toMatchObject([{ reason: "drained", framesIn: 2, framesOut: 2, durationMs: 1_000 }]);
  });

  it("says how many bytes came and were not looked at, in the event, in the result and in the sum", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const [busy, late] = [await harness.connect(), await harness.connect({ finishes: false })];
    await busy.send("a\n");
    await busy.send("b\n");
    await late.send("c\n");
    const drained = harness.server.shutdown();
    await busy.send("too late\n");
    for (const frame of ["a", "c"]) pending.of(frame).resolve(frame);
    await harness.settle();
    await late.send("behind FIN\n");
    pending.of("b").resolve("b");
    await harness.clock.advance(2_000);
    expect(await drained).toEqual({ drained: 2, aborted: 0, unconfirmed: 1, bytesDiscarded: 20 });
    expect(harness.closed).toMatchObject([
      { reason: "drained", bytesIn: 13, bytesDiscarded: 9, framesIn: 2 },
      { reason: "drained", bytesIn: 13, bytesDiscarded: 11, framesIn: 1 },
    ]);
    expect(harness.server.stats()).toMatchObject({ bytesIn: 26, bytesDiscarded: 20 });
  });

  it("says of a connection that it aborts what waited behind the frame at work", async () => {
    const harness = await served({ handler: () => new Promise<string>(() => {}) });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.send("never\n");
    const drained = harness.server.shutdown({ timeoutMs: 1_000 });
    await harness.clock.advance(1_000);
    expect(await drained).toEqual({ drained: 0, aborted: 1, bytesDiscarded: 6 });
    expect(harness.closed).toMatchObject([{ reason: "drain-timeout", bytesIn: 8, bytesDiscarded: 6, framesIn: 1 }]);
  });

  it("waits until what is to be sent is sent", async () => {
    const harness = await served({ handler: (line) => line.repeat(5_000) }, 1_024);
    const peer = await harness.connect({ reads: false });
    await peer.send("abc\n");
    const drained = harness.server.shutdown();
    await harness.clock.advance(5_000);
    expect(harness.closed).toEqual([]);
    await peer.read();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.receivedBytes).toBe(15_001);
  });

  it("does not wait for the peer's FIN longer than the linger deadline", async () => {
    const harness = await served({ lingerTimeoutMs: 500 });
    await harness.connect({ finishes: false });
    const drained = harness.server.shutdown();
    await harness.clock.advance(499);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(await drained).toEqual({ drained: 1, aborted: 0, unconfirmed: 1 });
    expect(harness.of("drained")).toEqual([{ type: "drained", drained: 1, aborted: 0, unconfirmed: 1 }]);
  });

  it("does not wait for the FIN of one on which nothing was said for as long as the linger deadline", async () => {
    const harness = await served({ lingerTimeoutMs: 500 });
    const [quiet, asking] = [await harness.connect({ finishes: false }), await harness.connect({ finishes: false })];
    await harness.clock.advance(499);
    await asking.send("a\n");
    await harness.clock.advance(1);
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(harness.closed).toMatchObject([{ connection: { id: 1 }, reason: "drained" }]);
    expect(harness.closed[0]).not.toHaveProperty("unconfirmed");
    expect([quiet.ended, quiet.error, asking.ended]).toEqual([true, undefined, true]);
    await asking.finish();
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
  });

  it("waits for the FIN of one that was sent a goodbye, however quiet it was before", async () => {
    const harness = await served({ lingerTimeoutMs: 500, onDrain: () => "bye" });
    const peer = await harness.connect({ finishes: false });
    await harness.clock.advance(5_000);
    const drained = harness.server.shutdown();
    await harness.clock.advance(499);
    expect([peer.received, harness.closed]).toEqual(["bye\n", []]);
    await peer.finish();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("aborts what is left when the time is up, not before", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const [idle, busy] = [await harness.connect(), await harness.connect()];
    await busy.send("a\n");
    const drained = harness.server.shutdown({ timeoutMs: 3_000 });
    await harness.clock.advance(2_999);
    expect(idle.ended).toBe(true);
    expect(pending.of("a").aborted).toBeUndefined();
    await harness.clock.advance(1);
    expect(pending.of("a").aborted).toBe("drain-timeout");
    expect(busy.error?.code).toBe("connection-reset");
    expect(await drained).toEqual({ drained: 1, aborted: 1 });
    expect(harness.reasons).toEqual(["drained", "drain-timeout"]);
    expect(harness.clock.pending).toBe(0);
  });

  it("takes its time from drainTimeoutMs unless told otherwise", async () => {
    const harness = await served({ drainTimeoutMs: 700, handler: answers().handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown();
    await harness.clock.advance(699);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "drain-timeout", durationMs: 700 }]);
  });

  it("a second time forces the end, with the same result for all calls", async () => {
    const harness = await served({ handler: answers().handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    const first = harness.server.shutdown();
    await harness.clock.advance(10);
    const second = harness.server.shutdown();
    const third = harness.server.shutdown();
    await harness.settle();
    expect(await Promise.all([first, second, third, harness.server.finished])).toEqual(
      Array.from({ length: 4 }, () => ({ drained: 0, aborted: 1 })),
    );
    expect(harness.closed).toMatchObject([{ reason: "drain-timeout", durationMs: 10 }]);
    expect(harness.of("draining")).toHaveLength(1);
    expect(harness.of("drained")).toHaveLength(1);
  });

  it("leaves nothing behind when handlers heed their signals", async () => {
    const harness = await served({
      handler: (_line, { signal }) =>
        new Promise<string>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown();
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 1 });
    await harness.settle();
    expect(harness.clock.pending).toBe(0);
  });

  it("keeps the reason of a connection that ends otherwise meanwhile", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler, concurrency: 2 });
    const [one, two] = [await harness.connect(), await harness.connect()];
    await one.send("a\n");
    await two.send("b\n");
    const drained = harness.server.shutdown();
    await harness.settle();
    pending.of("a").reject(new Error("no"));
    await two.reset();
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
    expect(harness.reasons.toSorted()).toEqual(["connection-reset", "handler-failed"]);
  });

  it("keeps its reason when the peer sends FIN meanwhile", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown();
    await peer.finish();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\n");
    expect(harness.reasons).toEqual(["drained"]);
  });

  it("refuses new connections, and ends those that were not accepted yet", async () => {
    const harness = await served({ maxConnections: 1, handler: answers().handler });
    const busy = await harness.connect();
    await busy.send("a\n");
    const waiting = await harness.connect();
    void harness.server.shutdown();
    await harness.settle();
    expect(waiting.error?.code).toBe("connection-reset");
    await expect(harness.transport.connect(harness.server.address)).rejects.toMatchObject({
      code: "connection-refused",
    });
  });

  it("also serves out a connection that was accepted in the very moment", async () => {
    const harness = await served();
    const connecting = harness.transport.connect(harness.server.address);
    const drained = harness.server.shutdown();
    const connection = await connecting;
    await Promise.all([connection.close(), harness.settle()]);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(harness.reasons).toEqual(["drained"]);
  });

  it("from within a handler answers that frame, and those received with it", async () => {
    const harness = await served({
      handler(line) {
        if (line === "bye") void harness.server.shutdown();
        return line.toUpperCase();
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nbye\nb\nc");
    expect(peer.received).toBe("A\nBYE\nB\n");
    expect(await harness.server.finished).toEqual({ drained: 1, aborted: 0 });
  });

  it("drains a thousand idle connections at once", async () => {
    const harness = await served();
    for (let count = 0; count < 1_000; count++) void harness.connect();
    await harness.settle();
    expect(harness.server.stats().connections).toBe(1_000);
    expect(await harness.server.shutdown()).toEqual({ drained: 1_000, aborted: 0 });
    expect(harness.clock.now()).toBe(0);
  });

  it.each([0, -1, Number.NaN])("refuses a timeoutMs of %d, and goes on serving", async (timeoutMs) => {
    const harness = await served();
    expect(() => harness.server.shutdown({ timeoutMs })).toThrow(RangeError);
    expect(() => harness.server.shutdown({ timeoutMs })).toThrow("timeoutMs");
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("A\n");
  });
});

describe("await using", () => {
  it("shuts the server down at the end of the block", async () => {
    const harness = await served();
    const peer = await harness.connect();
    await harness.server[Symbol.asyncDispose]();
    await harness.settle();
    expect(peer.ended).toBe(true);
    expect(harness.of("drained")).toMatchObject([{ drained: 1, aborted: 0 }]);
  });

  it("waits for a drain that is under way, and does not force it", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown();
    const disposed = harness.server[Symbol.asyncDispose]();
    await harness.clock.advance(5_000);
    pending.of("a").resolve("A");
    await disposed;
    expect(await harness.server.finished).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("A\n");
  });
});

it("runs on the runtime's own clock when none is given", async () => {
  const transport = memoryTransport();
  const server = await serve(transport, { port: 0, codec: lines(), handler: (line) => line });
  const connection = await transport.connect(server.address);
  await Promise.all([connection.close(), server.shutdown()]);
  expect(await server.finished).toMatchObject({ aborted: 0 });
});
