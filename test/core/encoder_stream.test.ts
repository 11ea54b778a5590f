import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/codecs/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { sourceOf } from "./source_of.ts";
import { drained, encoderStream, FULL_BYTES, joined, numbered, opened, plain, textOf } from "./support/encoding.ts";
import { fate } from "./support/fate.ts";

// Vitest fails on a rejection that nobody handles.
describe("encoderStream: the frames of one tick leave in one chunk", () => {
  const frames = numbered(1_000);

  it("written at once", async () => {
    const { reader, writer } = opened(lines());
    const read = reader.read();
    for (const frame of frames) void writer.write(frame);
    expect(textOf((await read).value)).toBe(joined(frames));
  });

  it("written one after the other", async () => {
    const { reader, writer } = opened(lines());
    const read = reader.read();
    for (const frame of frames) await writer.write(frame);
    expect(textOf((await read).value)).toBe(joined(frames));
  });

  it("when frames are piped through it", async () => {
    const chunks = await drained(sourceOf(frames).pipeThrough(encoderStream(lines())));
    expect(chunks.map(textOf)).toEqual([joined(frames)]);
  });

  it("piped through a transform that takes a while", async () => {
    const shout = new TransformStream<string, string>({
      transform: async (frame, controller) => {
        await Promise.resolve();
        controller.enqueue(frame.toUpperCase());
      },
    });
    const chunks = await drained(sourceOf(frames).pipeThrough(shout).pipeThrough(encoderStream(lines())));
    expect(chunks.map(textOf)).toEqual([joined(frames).toUpperCase()]);
  });

  it("written before anybody reads", async () => {
    const { reader, writer } = opened(lines());
    for (const frame of frames) await writer.write(frame);
    await tickEnd();
    await writer.write("last");
    expect(textOf((await reader.read()).value)).toBe(joined([...frames, "last"]));
  });
});

describe("encoderStream: chunks", () => {
  it("are not held back for more", async () => {
    const { reader, writer } = opened(lines());
    for (const frame of ["one", "two"]) {
      const read = fate(reader.read());
      await writer.write(frame);
      await tickEnd();
      expect(read.now).toBe("fulfilled");
    }
  });

  it("have at most 64 KiB", async () => {
    const frames = Array.from({ length: 300 }, (_, index) => new Uint8Array(1_000).fill(index));
    const chunks = await drained(sourceOf(frames).pipeThrough(encoderStream(plain)));
    expect(chunks.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 65_536, 37_856]);
    expect(chunks.flatMap((chunk) => [...chunk])).toEqual(frames.flatMap((frame) => [...frame]));
  });

  it("cut a larger frame, without a copy", async () => {
    const frame = new Uint8Array(2 * FULL_BYTES + 1);
    const chunks = await drained(sourceOf([frame]).pipeThrough(encoderStream(plain)));
    expect(chunks.map(({ length }) => length)).toEqual([FULL_BYTES, FULL_BYTES, 1]);
    expect(chunks.every(({ buffer }) => buffer === frame.buffer)).toBe(true);
  });

  it("are none for frames without bytes", async () => {
    const chunks = await drained(sourceOf([new Uint8Array(0), new Uint8Array(0)]).pipeThrough(encoderStream(plain)));
    expect(chunks).toEqual([]);
  });

  it("are plain bytes, whatever the frames were", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
    for (const frame of [Buffer.from("buffer"), shared]) {
      const [chunk] = await drained(sourceOf([frame]).pipeThrough(encoderStream(plain)));
      expect(chunk).toEqual(new Uint8Array(frame));
      expect(chunk?.constructor).toBe(Uint8Array);
      expect(chunk?.buffer).toBeInstanceOf(ArrayBuffer);
    }
  });
});

describe("encoderStream: backpressure", () => {
  it("lets writes wait above 64 KiB that nobody has read", async () => {
    const { reader, writer } = opened(plain);
    const writes = Array.from({ length: 100 }, () => fate(writer.write(new Uint8Array(1_000))));
    await tickEnd();
    expect(writes.filter(({ now }) => now === "fulfilled")).toHaveLength(65);
    await tickEnd();
    expect(writes.filter(({ now }) => now === "pending")).toHaveLength(35);
    expect((await reader.read()).value).toHaveLength(65_536);
    await tickEnd();
    expect(writes.every(({ now }) => now === "fulfilled")).toBe(true);
  });

  it("takes no more from a source than that", async () => {
    let pulls = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulls += 1;
          controller.enqueue(new Uint8Array(1_000));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = source.pipeThrough(encoderStream(plain)).getReader();
    for (let tick = 0; tick < 3; tick++) await tickEnd();
    expect(pulls).toBe(66);
    await reader.read();
    for (let tick = 0; tick < 3; tick++) await tickEnd();
    expect(pulls).toBe(66 + 66);
    await reader.cancel();
  });

  it("holds a large frame until it is read", async () => {
    const { reader, writer } = opened(plain);
    const written = fate(writer.write(new Uint8Array(3 * FULL_BYTES)));
    for (let count = 1; count <= 3; count++) {
      await tickEnd();
      expect(written.now).toBe("pending");
      await reader.read();
    }
    await tickEnd();
    expect(written.now).toBe("fulfilled");
  });
});

describe("encoderStream: the end", () => {
  it("settles close() when all was read", async () => {
    const { reader, writer } = opened(lines());
    void writer.write("one");
    const closed = fate(writer.close());
    await tickEnd();
    expect(closed.now).toBe("pending");
    expect(textOf((await reader.read()).value)).toBe("one\n");
    expect((await reader.read()).done).toBe(true);
    await tickEnd();
    expect(closed.now).toBe("fulfilled");
    await reader.closed;
  });

  it("is passed on at once when nothing waits", async () => {
    const { reader, writer } = opened(lines());
    await writer.close();
    await reader.closed;
  });
});
