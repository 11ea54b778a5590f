import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/mod.ts";
import { bounded } from "../support/bounded.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

const letters = "a\nb\nc\nd\n";

describe("afterReset: finish", () => {
  it("handles what was received in full, one after the other, and says how many frames that were", async () => {
    const pending = answers();
    const harness = await served({ afterReset: "finish", handler: pending.handler });
    const peer = await harness.connect();
    await peer.send(`${letters}half`);
    await peer.reset();
    for (const frame of ["a", "b", "c", "d"]) {
      expect(harness.closed).toEqual([]);
      expect(pending.of(frame).aborted).toBeUndefined();
      await harness.clock.advance(1_000);
      pending.of(frame).resolve(frame.toUpperCase());
      await harness.settle();
    }
    expect(pending.frames).toEqual(["a", "b", "c", "d"]);
    expect(harness.closed).toMatchObject([
      { reason: "connection-reset", framesIn: 4, framesOut: 0, framesAfterReset: 3, durationMs: 4_000 },
    ]);
    expect(harness.closed[0]?.error?.code).toBe("connection-reset");
  });

  it("handles it with a synchronous handler too, whatever was written before the reset", async () => {
    const handled: string[] = [];
    const harness = await served(
      {
        afterReset: "finish",
        maxOutboundBytes: 1_000,
        handler: (line) => {
          handled.push(line);
          return "reply".repeat(100);
        },
      },
      2_048,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send(Array.from({ length: 100 }, (_, index) => `${index}\n`).join(""));
    const before = handled.length;
    expect(before).toBeLessThan(100);
    await peer.reset();
    expect(handled).toHaveLength(100);
    expect(harness.closed).toMatchObject([
      { reason: "connection-reset", framesIn: 100, framesAfterReset: 100 - before },
    ]);
  });

  it("says 0 when nothing was left, and nothing at all of connections that end in order", async () => {
    const harness = await served({ afterReset: "finish" });
    const [broken, orderly] = [await harness.connect(), await harness.connect()];
    await broken.send("a\n");
    await broken.reset();
    await orderly.send("a\n");
    await orderly.finish();
    expect(harness.closed).toMatchObject([
      { reason: "connection-reset", framesAfterReset: 0 },
      { reason: "remote-closed" },
    ]);
    expect(harness.closed[1]).not.toHaveProperty("framesAfterReset");
  });

  it("lets nothing be sent any more, and tells handlers that would go on for ever", async () => {
    const pending = answers();
    const harness = await served({
      afterReset: "finish",
      handler: pending.handler,
      onConnect: (one) => one.join("all"),
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    const { session } = pending.of("a").context;
    await peer.reset();
    expect(session.draining.aborted).toBe(true);
    expect(session.send("x")).toBe("closed");
    expect(harness.server.group("all").size).toBe(0);
    expect(await session.flushed()).toBe(false);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(harness.reasons).toEqual(["connection-reset"]);
  });

  it("has the handler's deadline for each frame", async () => {
    const pending = answers();
    const harness = await served({ afterReset: "finish", handlerTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.reset();
    await harness.clock.advance(999);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(pending.of("b").aborted).toBe("handler-timeout");
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-timeout" } }]);
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", framesAfterReset: 1, durationMs: 1_999 }]);
  });

  it("asks a stream of replies for nothing more, and lets it clean up", async () => {
    let cleaned = false;
    let frames = 0;
    const harness = await served(
      {
        afterReset: "finish",
        handler: async function* () {
          try {
            for (const step = bounded(); step(); frames += 1) yield "tick";
          } finally {
            cleaned = true;
          }
        },
      },
      64,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("a\n");
    const before = frames;
    await peer.reset();
    expect(cleaned).toBe(true);
    // At most the frame that was asked for already.
    expect(frames - before).toBeLessThanOrEqual(1);
    expect(harness.closed).toMatchObject([{ reason: "connection-reset" }]);
  });

  it("is waited for by a drain, and counts as drained when it is done in time", async () => {
    const pending = answers();
    const harness = await served({ afterReset: "finish", handler: pending.handler, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.reset();
    const drained = harness.server.shutdown({ timeoutMs: 5_000 });
    await harness.clock.advance(1_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(1_000);
    pending.of("b").resolve("B");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", framesAfterReset: 1 }]);
  });

  it("has no goodbye, though a drain had asked for one", async () => {
    const pending = answers();
    const harness = await served({ afterReset: "finish", handler: pending.handler, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown();
    await peer.reset();
    pending.of("a").resolve("A");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", framesOut: 0, bytesOut: 0 }]);
  });

  it("is cut short by the end of a drain, and counts as aborted", async () => {
    const pending = answers();
    const harness = await served({ afterReset: "finish", handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.reset();
    const drained = harness.server.shutdown({ timeoutMs: 1_000 });
    await harness.clock.advance(1_000);
    expect(pending.of("a").aborted).toBe("drain-timeout");
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", framesAfterReset: 0 }]);
    expect(harness.clock.pending).toBe(0);
  });

  it("ends at a handler that fails, or closes, as ever", async () => {
    const pending = answers();
    const harness = await served({
      afterReset: "finish",
      handler: (line, context) => {
        if (line === "c") context.close();
        return pending.handler(line, context);
      },
    });
    const [failing, closing] = [await harness.connect(), await harness.connect()];
    await failing.send("a\nb\n");
    await failing.reset();
    pending.of("a").reject(new Error("no"));
    await harness.settle();
    await closing.send("c\nd\n");
    await closing.reset();
    pending.of("c").resolve("C");
    await harness.settle();
    expect(pending.frames).toEqual(["a", "c"]);
    expect(harness.reasons).toEqual(["connection-reset", "connection-reset"]);
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-failed" } }]);
  });

  it("refuses a frame that is not one, and tells so", async () => {
    const pending = answers();
    const harness = await served({
      afterReset: "finish",
      codec: lines({ maxFrameBytes: 4 }),
      handler: pending.handler,
    });
    const peer = await harness.connect();
    await peer.send("a\ntoo long\nb\n");
    await peer.reset();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(harness.of("frame-error")).toMatchObject([{ error: { code: "frame-too-large" } }]);
    expect(pending.frames).toEqual(["a"]);
    expect(harness.reasons).toEqual(["connection-reset"]);
  });

  it("tells onDisconnect when all is handled, once", async () => {
    const pending = answers();
    const told: string[] = [];
    const harness = await served({
      afterReset: "finish",
      handler: pending.handler,
      onDisconnect: (_session, reason) => void told.push(reason),
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.reset();
    expect(told).toEqual([]);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(told).toEqual(["connection-reset"]);
    expect(harness.clock.pending).toBe(0);
  });

  it("does not apply to what this side aborts", async () => {
    const pending = answers();
    const harness = await served({ afterReset: "finish", handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    void harness.server.shutdown();
    void harness.server.shutdown();
    await harness.settle();
    expect(pending.frames).toEqual(["a"]);
    expect(harness.reasons).toEqual(["drain-timeout"]);
    expect(harness.closed[0]).not.toHaveProperty("framesAfterReset");
  });
});

describe("afterReset: drop", () => {
  it("is the default: the handler is told, and what waited is dropped", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send(letters);
    await peer.reset();
    expect(pending.of("a").aborted).toBe("connection-reset");
    expect(pending.frames).toEqual(["a"]);
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", framesIn: 1 }]);
    expect(harness.closed[0]).not.toHaveProperty("framesAfterReset");
  });
});
