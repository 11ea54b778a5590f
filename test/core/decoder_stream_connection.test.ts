import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/codecs/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { bounded } from "../support/bounded.ts";
import { bytesOf, decoderStream, drained } from "./support/decoding.ts";
import { fate } from "./support/fate.ts";
import { pair, sendAll } from "./support/pair.ts";

// Vitest fails on a rejection that nobody handles.
describe("decoderStream of a Connection", () => {
  it("gives frames to the end", async () => {
    const { near, far } = await pair();
    const frames = drained(far.readable.pipeThrough(decoderStream(lines())));
    await sendAll(near, "one\ntwo\nthree\n");
    expect(await frames).toEqual(["one", "two", "three"]);
    await Promise.all([far.close(), near.close()]);
    expect(await far.closed).toBeUndefined();
  });

  it("can be piped on", async () => {
    const { near, far } = await pair();
    void sendAll(near, "one\ntwo\n");
    const frames: string[] = [];
    const sink = new WritableStream<string>({ write: (frame) => void frames.push(frame) });
    await far.readable.pipeThrough(decoderStream(lines())).pipeTo(sink);
    expect(frames).toEqual(["one", "two"]);
  });

  it("pushes back to the peer", async () => {
    const { near, far } = await pair(1_000);
    const reader = far.readable.pipeThrough(decoderStream(lines())).getReader();
    const writer = near.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 100; written++) await writer.write(bytesOf(`${"x".repeat(998)}\n`));
      await writer.close();
    })();
    await tickEnd();
    const before = written;
    expect(before).toBeLessThan(10);
    await tickEnd();
    expect(written).toBe(before);
    let frames = 0;
    for (const step = bounded(); !(await reader.read()).done && step(); ) frames += 1;
    await writing;
    expect(frames).toBe(100);
  });

  it("errors with what broke the connection", async () => {
    const { near, far } = await pair();
    const reader = far.readable.pipeThrough(decoderStream(lines())).getReader();
    const read = fate(reader.read());
    await tickEnd();
    near.abort();
    await tickEnd();
    expect(read.error).toMatchObject({ code: "connection-reset" });
    expect(await far.closed).toBe(read.error);
  });

  it("lets the connection answer after a frame that it refuses", async () => {
    const { near, far } = await pair();
    const frames = drained(far.readable.pipeThrough(decoderStream(lines({ maxFrameBytes: 3 }))));
    void sendAll(near, "one\ntoo long\n");
    expect(await frames).toEqual(["one", "!frame-too-large"]);
    await sendAll(far, "no\n");
    expect(await drained(near.readable.pipeThrough(decoderStream(lines())))).toEqual(["no"]);
    expect(await far.closed).toBeUndefined();
  });
});
