import { describe, expect, it } from "vitest";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("replies", () => {
  it("leave in the order of the frames, as soon as their turn has come", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 4, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\nc\nd\ne\n");
    expect(pending.frames).toEqual(["a", "b", "c", "d"]);
    pending.of("b").resolve("B");
    pending.of("d").resolve("D");
    await harness.settle();
    expect(peer.received).toBe("");
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nB\n");
    expect(pending.frames).toEqual(["a", "b", "c", "d", "e"]);
    pending.of("c").resolve("C");
    await harness.settle();
    expect(peer.received).toBe("A\nB\nC\nD\n");
  });

  it("one at a time by default", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(pending.frames).toEqual(["a"]);
    pending.of("a").resolve(undefined);
    await harness.settle();
    expect(pending.frames).toEqual(["a", "b"]);
    expect(peer.received).toBe("");
  });

  it("of one chunk leave in one write", async () => {
    const harness = await served();
    const peer = await harness.connect();
    await peer.send("a\n".repeat(500));
    expect(peer.chunks).toHaveLength(1);
    expect(peer.received).toBe("A\n".repeat(500));
  });

  it("of asynchronous handlers that finish in one tick leave in one write", async () => {
    const harness = await served({
      async handler(line) {
        await undefined;
        await undefined;
        return line.toUpperCase();
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n".repeat(200));
    expect(peer.received).toBe("A\n".repeat(200));
    expect(peer.chunks).toHaveLength(1);
  });

  it("of frames that finish together in one tick leave in one write", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 3, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\nc\n");
    for (const frame of ["c", "a", "b"]) pending.of(frame).resolve(frame.toUpperCase());
    await harness.settle();
    expect(peer.received).toBe("A\nB\nC\n");
    expect(peer.chunks).toHaveLength(1);
  });

  it("is not held back by a later frame that is still computing", async () => {
    const pending = answers();
    const harness = await served({
      concurrency: 2,
      handler: (line, context) => (line === "slow" ? pending.handler(line, context) : line),
    });
    const peer = await harness.connect();
    await peer.send("quick\nslow\n");
    expect(peer.received).toBe("quick\n");
  });

  it("of one connection do not wait for those of another", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const [one, two] = [await harness.connect(), await harness.connect()];
    await one.send("a\n");
    await two.send("b\n");
    pending.of("b").resolve("B");
    await harness.settle();
    expect([one.received, two.received]).toEqual(["", "B\n"]);
  });

  it("to a synchronous handler cost no promise: no microtask passes between frame and reply", async () => {
    const seen: string[] = [];
    const harness = await served({
      handler(line) {
        if (line === "a") queueMicrotask(() => seen.push("microtask"));
        seen.push(line);
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\nc\n");
    expect(seen).toEqual(["a", "b", "c", "microtask"]);
  });
});
