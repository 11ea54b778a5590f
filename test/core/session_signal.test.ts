import { describe, expect, it } from "vitest";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("context.signal", () => {
  it("aborts when the peer resets", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 2, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.reset();
    expect(pending.of("a").aborted).toBe("connection-reset");
    expect(pending.of("b").aborted).toBe("connection-reset");
  });

  it("aborts when a drain is forced", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(pending.of("a").aborted).toBeUndefined();
    void harness.server.shutdown();
    expect(pending.of("a").aborted).toBe("drain-timeout");
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
  });

  it("aborts when the write deadline passes while another frame computes", async () => {
    const pending = answers();
    const harness = await served(
      {
        concurrency: 2,
        writeTimeoutMs: 100,
        handler: (line, context) => (line === "long" ? "x".repeat(10_000) : pending.handler(line, context)),
      },
      1_024,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("long\na\n");
    await harness.clock.advance(100);
    expect(pending.of("a").aborted).toBe("write-timeout");
    expect(harness.reasons).toEqual(["write-timeout"]);
  });

  it("does not abort on success, nor when the connection ends later", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    pending.of("a").resolve("A");
    await harness.settle();
    await peer.reset();
    expect(pending.of("a").aborted).toBeUndefined();
  });

  it("does not abort when the peer has sent FIN: it still wants the reply", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.finish();
    expect(pending.of("a").aborted).toBeUndefined();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\n");
  });

  it("leaves nothing behind when the handler gives up because of it", async () => {
    const harness = await served({
      handler: (_line, { signal }) =>
        new Promise<string>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.reset();
    expect(harness.reasons).toEqual(["connection-reset"]);
    expect(harness.of("handler-error")).toEqual([]);
    expect(harness.clock.pending).toBe(0);
  });

  it("leaves nothing behind when the handler finishes long after the connection", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await peer.reset();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(harness.clock.pending).toBe(0);
    expect(pending.frames).toEqual(["a"]);
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", framesOut: 0 }]);
  });
});
