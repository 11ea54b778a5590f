import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decoderStream, type Encoder, encoderStream, lines, type Output } from "../../src/core/codecs/mod.ts";
import type { Bytes } from "../../src/core/mod.ts";
import { turnEnd } from "../../src/testing/turn.ts";
import { fate } from "./fate.ts";
import { pair } from "./pair.ts";

const FULL_BYTES = 65_536;
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

function opened<Frame>(codec: { encoder(): Encoder<Frame> }) {
  const { readable, writable } = encoderStream(codec);
  return { readable, writable, reader: readable.getReader(), writer: writable.getWriter() };
}

/** An encoder of bytes as they are. */
const plain = { encoder: (): Encoder<Uint8Array> => ({ encode: (frame, output) => output.bytes(frame) }) };

async function drained(readable: ReadableStream<Bytes>): Promise<Bytes[]> {
  const chunks: Bytes[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return chunks;
}

async function textFrom(readable: ReadableStream<Bytes>): Promise<string> {
  return (await drained(readable)).map(textOf).join("");
}

function sourceOf<Frame>(frames: Iterable<Frame>): ReadableStream<Frame> {
  const rest = frames[Symbol.iterator]();
  return new ReadableStream({
    pull: (controller) => {
      const { done, value } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);
const joined = (frames: readonly string[]): string => frames.map((frame) => `${frame}\n`).join("");

// Vitest fails on a rejection that nobody handles.
describe("encoderStream: the frames of one turn leave in one chunk", () => {
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

  it("piped", async () => {
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
    await turnEnd();
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
      await turnEnd();
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
    await turnEnd();
    expect(writes.filter(({ now }) => now === "fulfilled")).toHaveLength(65);
    await turnEnd();
    expect(writes.filter(({ now }) => now === "pending")).toHaveLength(35);
    expect((await reader.read()).value).toHaveLength(65_536);
    await turnEnd();
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
    for (let turn = 0; turn < 3; turn++) await turnEnd();
    expect(pulls).toBe(66);
    await reader.read();
    for (let turn = 0; turn < 3; turn++) await turnEnd();
    expect(pulls).toBe(66 + 66);
    await reader.cancel();
  });

  it("holds a large frame until it is read", async () => {
    const { reader, writer } = opened(plain);
    const written = fate(writer.write(new Uint8Array(3 * FULL_BYTES)));
    for (let count = 1; count <= 3; count++) {
      await turnEnd();
      expect(written.now).toBe("pending");
      await reader.read();
    }
    await turnEnd();
    expect(written.now).toBe("fulfilled");
  });
});

describe("encoderStream: the end", () => {
  it("settles close() when all was read", async () => {
    const { reader, writer } = opened(lines());
    void writer.write("one");
    const closed = fate(writer.close());
    await turnEnd();
    expect(closed.now).toBe("pending");
    expect(textOf((await reader.read()).value)).toBe("one\n");
    expect((await reader.read()).done).toBe(true);
    await turnEnd();
    expect(closed.now).toBe("fulfilled");
    await reader.closed;
  });

  it("is passed on at once when nothing waits", async () => {
    const { reader, writer } = opened(lines());
    await writer.close();
    await reader.closed;
  });
});

describe("encoderStream: errors", () => {
  it("are the encoder's own, on both streams, behind the frames before them", async () => {
    const { reader, writer } = opened(lines());
    await writer.write("one");
    const refused = fate(writer.write("t\nwo"));
    const queued = fate(writer.write("three"));
    await turnEnd();
    expect(refused.now).toBe("pending");
    expect(textOf((await reader.read()).value)).toBe("one\n");
    const error = await reader.read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "SpillwayError", code: "reply-invalid" });
    await turnEnd();
    expect([refused.error, queued.error]).toEqual([error, error]);
    await expect(writer.closed).rejects.toBe(error);
    await expect(reader.closed).rejects.toBe(error);
  });

  it("are told at once when nothing waits", async () => {
    const { reader, writer } = opened(lines());
    await expect(writer.write(1 as unknown as string)).rejects.toMatchObject({ code: "reply-invalid" });
    await expect(reader.closed).rejects.toMatchObject({ code: "reply-invalid" });
  });

  it("of another kind are codec-failed, and leave nothing of their frame", async () => {
    const broken = new RangeError("no");
    const encode = (frame: string, output: Output) => {
      output.text(frame);
      if (frame === "two") throw broken;
    };
    const { reader, writer } = opened({ encoder: () => ({ encode }) });
    const read = reader.read();
    void writer.write("one");
    const refused = fate(writer.write("two"));
    expect(textOf((await read).value)).toBe("one");
    await expect(reader.read()).rejects.toMatchObject({ code: "codec-failed", cause: broken });
    expect(refused.error).toMatchObject({ code: "codec-failed", cause: broken });
  });

  it("cancel the source, and leave nothing unhandled where nobody looks", async () => {
    let cancelled: unknown;
    const source = new ReadableStream<string>({
      pull: (controller) => controller.enqueue("o\nne"),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    source.pipeThrough(encoderStream(lines()));
    await turnEnd();
    expect(cancelled).toMatchObject({ code: "reply-invalid" });
  });

  it.each([undefined, null, {}, "lines", { decoder() {} }])("a codec that is none is misuse: %s", (codec) => {
    expect(() => encoderStream(codec as unknown as typeof plain)).toThrow(TypeError);
  });
});

describe("encoderStream: cancel and abort", () => {
  const reason = new Error("enough");

  it("cancel of the readable reaches the writer, whatever it waits for", async () => {
    const { reader, writer } = opened(plain);
    const written = fate(writer.write(new Uint8Array(FULL_BYTES)));
    const closed = fate(writer.close());
    await turnEnd();
    await reader.cancel(reason);
    await turnEnd();
    expect([written.error, closed.error]).toEqual([reason, reason]);
    await expect(writer.closed).rejects.toBe(reason);
  });

  it("cancel while frames are gathered", async () => {
    const { reader, writer } = opened(lines());
    const read = fate(reader.read());
    await turnEnd();
    await writer.write("one");
    await reader.cancel(reason);
    await turnEnd();
    expect(read.now).toBe("fulfilled");
    await expect(writer.write("two")).rejects.toBe(reason);
  });

  it("abort of the writable reaches the reader at once, past a write that waits", async () => {
    const { reader, writer } = opened(plain);
    const written = fate(writer.write(new Uint8Array(FULL_BYTES)));
    const readerEnd = fate(reader.closed);
    await turnEnd();
    const aborted = fate(writer.abort(reason));
    await turnEnd();
    expect([written.error, readerEnd.error, aborted.now]).toEqual([reason, reason, "fulfilled"]);
    await expect(reader.read()).rejects.toBe(reason);
  });

  it("abort reaches a reader that waits", async () => {
    const { reader, writer } = opened(lines());
    const read = fate(reader.read());
    await turnEnd();
    await writer.abort(reason);
    expect(read.error).toBe(reason);
  });
});

describe("encoderStream to a Connection", () => {
  it("carries frames to the end, and sends FIN", async () => {
    const { near, far } = await pair();
    const frames = numbered(500);
    const sent = sourceOf(frames).pipeThrough(encoderStream(lines())).pipeTo(near.writable);
    expect(await textFrom(far.readable)).toBe(joined(frames));
    await sent;
    await Promise.all([near.close(), far.close()]);
    expect(await near.closed).toBeUndefined();
  });

  it("writes once a turn", async () => {
    const { near, far } = await pair();
    const chunks = drained(far.readable);
    const { readable, writable } = encoderStream(lines());
    const sent = readable.pipeTo(near.writable);
    const writer = writable.getWriter();
    for (let turn = 0; turn < 3; turn++) {
      for (const frame of ["a", "b", "c"]) void writer.write(frame);
      await turnEnd();
    }
    await writer.close();
    await sent;
    expect((await chunks).map(textOf)).toEqual(["a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n"]);
  });

  it("feels the other side's backpressure", async () => {
    const { near, far } = await pair(1_000);
    let pulls = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulls += 1;
          if (pulls > 1_000) controller.close();
          else controller.enqueue(new Uint8Array(1_000));
        },
      },
      { highWaterMark: 0 },
    );
    const sent = source.pipeThrough(encoderStream(plain)).pipeTo(near.writable);
    await turnEnd();
    const before = pulls;
    // The stream, the chunk that is being written, and the one that waits behind it.
    expect(before).toBeLessThanOrEqual(3 * 66);
    await turnEnd();
    expect(pulls).toBe(before);
    expect(await textFrom(far.readable)).toHaveLength(1_000_000);
    await sent;
  });

  it("errors with what broke the connection", async () => {
    const { near, far } = await pair();
    const { readable, writable } = encoderStream(lines());
    const sent = fate(readable.pipeTo(near.writable));
    const writer = writable.getWriter();
    await writer.write("one");
    await turnEnd();
    far.abort();
    await turnEnd();
    expect(sent.error).toMatchObject({ code: "connection-reset" });
    await expect(writer.closed).rejects.toBe(sent.error);
  });

  it("echoes through both streams", async () => {
    const { near, far } = await pair();
    const echoed = far.readable
      .pipeThrough(decoderStream(lines()))
      .pipeThrough(encoderStream(lines()))
      .pipeTo(far.writable);
    const frames = numbered(300);
    const sent = sourceOf(frames).pipeThrough(encoderStream(lines())).pipeTo(near.writable);
    expect(await textFrom(near.readable)).toBe(joined(frames));
    await Promise.all([sent, echoed]);
    expect(await near.closed).toBeUndefined();
  });
});

describe("encoderStream and decoderStream", () => {
  it("give back what was written, however the bytes are cut", async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    const frames = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "😀", " "), maxLength: 6 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(frames, cuts, async (written, sizes) => {
        const recut = new TransformStream<Bytes, Bytes>({
          transform: (chunk, controller) => {
            for (let at = 0, turn = 0; at < chunk.length; turn++) {
              const size = sizes[turn % sizes.length] as number;
              controller.enqueue(chunk.slice(at, at + size));
              at += size;
            }
          },
        });
        const read: string[] = [];
        const bytes = sourceOf(written).pipeThrough(encoderStream(lines())).pipeThrough(recut);
        for await (const frame of bytes.pipeThrough(decoderStream(lines()))) read.push(frame);
        expect(read).toEqual(written);
      }),
      { seed: 20_261_124, numRuns: 200 },
    );
  });
});
