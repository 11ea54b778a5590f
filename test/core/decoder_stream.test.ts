import { describe, expect, it } from "vitest";
import { type Codec, type Decoder, decoderStream, lines } from "../../src/core/codecs/mod.ts";
import { type Bytes, SpillwayError } from "../../src/core/mod.ts";
import { turnEnd } from "../../src/testing/turn.ts";
import { frameText } from "./codecs/decode.ts";
import { TABLES } from "./codecs/tables.ts";
import { fate } from "./fate.ts";
import { pair, sendAll } from "./pair.ts";

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);
const TOO_LARGE = expect.objectContaining({ code: "frame-too-large" });

function sourceOf(chunks: readonly Bytes[]): ReadableStream<Bytes> {
  const rest = [...chunks];
  return new ReadableStream({
    pull: (controller) => {
      const chunk = rest.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

/** The frames, and at their end `!code` when the stream failed. */
async function drained(readable: ReadableStream<unknown>): Promise<string[]> {
  const given: string[] = [];
  try {
    for await (const frame of readable) given.push(frameText(frame));
  } catch (error) {
    given.push(`!${(error as SpillwayError).code}`);
  }
  return given;
}

/** Notes what a decoder is asked for: `push 6`, `next`, `end`. */
function watched<Frame>(codec: Codec<Frame>): { codec: { decoder(): Decoder<Frame> }; calls: string[] } {
  const calls: string[] = [];
  const inner = codec.decoder();
  const decoder: Decoder<Frame> = {
    push: (chunk) => {
      calls.push(`push ${chunk.length}`);
      inner.push(chunk);
    },
    next: () => {
      calls.push("next");
      return inner.next();
    },
    end: () => {
      calls.push("end");
      inner.end();
    },
    get midFrame() {
      return inner.midFrame;
    },
  };
  return { codec: { decoder: () => decoder }, calls };
}

function opened<Frame>(codec: { decoder(): Decoder<Frame> }) {
  const { readable, writable } = decoderStream(codec);
  return { readable, writable, reader: readable.getReader(), writer: writable.getWriter() };
}

// Vitest fails on a rejection that nobody handles.
const rows = TABLES.flatMap(({ name, table }) => table.map((row) => ({ ...row, title: `${name}: ${row.name}` })));

describe.each(rows)("decoderStream of $title", ({ codec, input, gives }) => {
  const fault = gives.findIndex((given) => given.startsWith("!"));
  const expected = fault < 0 ? gives : gives.slice(0, fault + 1);

  it("whole", async () => {
    expect(await drained(sourceOf([input]).pipeThrough(decoderStream(codec)))).toEqual(expected);
  });

  it("byte by byte", async () => {
    const chunks = Array.from(input, (byte) => new Uint8Array([byte]));
    expect(await drained(sourceOf(chunks).pipeThrough(decoderStream(codec)))).toEqual(expected);
  });

  it("cut in two anywhere", async () => {
    for (let at = 0; at <= input.length; at++) {
      const chunks = [input.slice(0, at), input.slice(at)];
      expect(await drained(sourceOf(chunks).pipeThrough(decoderStream(codec))), `cut at ${at}`).toEqual(expected);
    }
  });
});

describe("decoderStream: backpressure", () => {
  it("decodes a frame when it is asked for, and none ahead", async () => {
    const { codec, calls } = watched(lines());
    const { reader, writer } = opened(codec);
    const chunk = bytesOf("line\n".repeat(30_000));
    const written = fate(writer.write(chunk));
    await turnEnd();
    expect(calls).toEqual([]);
    for (let count = 1; count <= 3; count++) {
      await reader.read();
      await turnEnd();
      // The first one finds nothing, and takes the chunk.
      expect(calls.filter((call) => call === "next")).toHaveLength(count + 1);
    }
    expect(calls.filter((call) => call !== "next")).toEqual([`push ${chunk.length}`]);
    expect(written.now).toBe("pending");
  });

  it("settles a write when a frame is asked for that its chunk does not have", async () => {
    const { reader, writer } = opened(lines());
    const written = fate(writer.write(bytesOf("one\ntwo\nthr")));
    expect(writer.desiredSize).toBe(0);
    for (const frame of ["one", "two"]) {
      expect((await reader.read()).value).toBe(frame);
      await turnEnd();
      expect(written.now).toBe("pending");
    }
    const third = reader.read();
    await turnEnd();
    expect(written.now).toBe("fulfilled");
    expect(writer.desiredSize).toBe(1);
    void writer.write(bytesOf("ee\n"));
    expect((await third).value).toBe("three");
  });

  it("takes one chunk from a source while nobody reads, and the next when that is worked off", async () => {
    let pulls = 0;
    const source = new ReadableStream<Bytes>(
      {
        pull: (controller) => {
          pulls += 1;
          controller.enqueue(bytesOf("a\nb\n"));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = source.pipeThrough(decoderStream(lines())).getReader();
    for (let turn = 0; turn < 5; turn++) await turnEnd();
    expect(pulls).toBe(1);
    for (let count = 0; count < 100; count++) await reader.read();
    await turnEnd();
    expect(pulls).toBe(50);
    await reader.cancel();
  });

  it("answers several reads at once, in order", async () => {
    const { reader, writer } = opened(lines());
    const reads = Array.from({ length: 5 }, () => reader.read());
    await turnEnd();
    void writer.write(bytesOf("1\n2\n3"));
    void writer.write(bytesOf("\n4\n"));
    void writer.close();
    const results = await Promise.all(reads);
    expect(results.map(({ value }) => value)).toEqual(["1", "2", "3", "4", undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, false, true]);
  });

  it("keeps the frame of a read whose reader was released", async () => {
    const { readable, reader, writer } = opened(lines());
    const read = fate(reader.read());
    await turnEnd();
    reader.releaseLock();
    void writer.write(bytesOf("1\n2\n"));
    await turnEnd();
    expect(read.error).toBeInstanceOf(TypeError);
    const next = readable.getReader();
    expect([(await next.read()).value, (await next.read()).value]).toEqual(["1", "2"]);
  });
});

describe("decoderStream: the end of the input", () => {
  it("settles close() when the last frame was taken and the end was read", async () => {
    const { codec, calls } = watched(lines({ unterminated: "deliver" }));
    const { reader, writer } = opened(codec);
    const written = fate(writer.write(bytesOf("one\ntwo")));
    const closed = fate(writer.close());
    expect((await reader.read()).value).toBe("one");
    await turnEnd();
    expect([written.now, closed.now]).toEqual(["pending", "pending"]);
    expect((await reader.read()).value).toBe("two");
    await turnEnd();
    expect([written.now, closed.now]).toEqual(["fulfilled", "pending"]);
    expect((await reader.read()).done).toBe(true);
    await turnEnd();
    expect(closed.now).toBe("fulfilled");
    expect(calls.filter((call) => call === "end")).toHaveLength(1);
    await reader.closed;
    await writer.closed;
  });

  it("is passed on at once to who waits for a frame", async () => {
    const { reader, writer } = opened(lines());
    const read = reader.read();
    await writer.close();
    expect((await read).done).toBe(true);
  });

  it("within a frame errors both streams, behind the frames before it", async () => {
    const { reader, writer } = opened(lines());
    void writer.write(bytesOf("one\ntw"));
    const closed = fate(writer.close());
    expect((await reader.read()).value).toBe("one");
    const cutOff = fate(reader.read());
    await turnEnd();
    expect(cutOff.error).toMatchObject({ name: "SpillwayError", code: "unexpected-eof" });
    expect(closed.error).toBe(cutOff.error);
    await expect(reader.closed).rejects.toBe(cutOff.error);
  });
});

describe("decoderStream: errors", () => {
  it("are the decoder's own, on both streams, behind the frames before them", async () => {
    const { reader, writer } = opened(lines({ maxFrameBytes: 3 }));
    const written = fate(writer.write(bytesOf("one\ntoo long\ntwo\n")));
    const queued = fate(writer.write(bytesOf("three\n")));
    expect((await reader.read()).value).toBe("one");
    expect(written.now).toBe("pending");
    const error = await reader.read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toEqual(TOO_LARGE);
    await turnEnd();
    expect([written.error, queued.error]).toEqual([error, error]);
    await expect(reader.closed).rejects.toBe(error);
    await expect(writer.closed).rejects.toBe(error);
    await expect(writer.write(bytesOf("four\n"))).rejects.toBe(error);
  });

  it("cancel the source, and leave nothing unhandled where nobody looks", async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(bytesOf("too long\n")),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const reader = source.pipeThrough(decoderStream(lines({ maxFrameBytes: 3 }))).getReader();
    const read = fate(reader.read());
    await turnEnd();
    expect(cancelled).toEqual(TOO_LARGE);
    expect(cancelled).toBe(read.error);
  });

  it.each(["push", "next", "end"] as const)("of another kind, thrown by %s(), are codec-failed", async (call) => {
    const broken = new RangeError("no");
    const decoder: Decoder<string> = { push() {}, next: () => undefined, end() {}, midFrame: false };
    decoder[call] = () => {
      throw broken;
    };
    const { reader, writer } = opened({ decoder: () => decoder });
    const fates = [fate(reader.read()), fate(writer.closed), fate(reader.closed)];
    fate(writer.write(bytesOf("a")));
    fate(writer.close());
    await turnEnd();
    for (const { error } of fates) expect(error).toMatchObject({ code: "codec-failed", cause: broken });
  });

  it("of a decoder that cannot be made are thrown at the call", () => {
    const decoder = () => {
      throw new RangeError("no");
    };
    expect(() => decoderStream({ decoder })).toThrow(RangeError);
  });

  it.each([undefined, null, {}, "lines", { encoder() {} }])("a codec that is none is misuse: %s", (codec) => {
    expect(() => decoderStream(codec as unknown as Codec<string>)).toThrow(TypeError);
  });
});

describe("decoderStream: cancel and abort", () => {
  const reason = new Error("enough");

  it("cancel of the readable reaches the writer, whatever it waits for", async () => {
    const { reader, writer } = opened(lines());
    const written = fate(writer.write(bytesOf("one\ntwo\n")));
    const closed = fate(writer.close());
    expect((await reader.read()).value).toBe("one");
    await reader.cancel(reason);
    await turnEnd();
    expect([written.error, closed.error]).toEqual([reason, reason]);
    await expect(writer.closed).rejects.toBe(reason);
    expect((await reader.read()).done).toBe(true);
  });

  it("cancel while close() waits", async () => {
    const { reader, writer } = opened(lines());
    const closed = fate(writer.close());
    await turnEnd();
    await reader.cancel(reason);
    await turnEnd();
    expect(closed.error).toBe(reason);
  });

  it("cancel reaches the source of a pipe", async () => {
    let cancels = 0;
    const source = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(bytesOf("one\ntwo\n")),
      cancel: () => {
        cancels += 1;
      },
    });
    for await (const frame of source.pipeThrough(decoderStream(lines()))) {
      expect(frame).toBe("one");
      break;
    }
    await turnEnd();
    expect(cancels).toBe(1);
    expect(source.locked).toBe(false);
  });

  it("abort of the writable reaches the reader at once, past a write that waits", async () => {
    const { reader, writer } = opened(lines());
    const written = fate(writer.write(bytesOf("one\ntwo\n")));
    expect((await reader.read()).value).toBe("one");
    const readerEnd = fate(reader.closed);
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

  it("abort while close() waits errors the reader", async () => {
    const { reader, writer } = opened(lines());
    const closed = fate(writer.close());
    await turnEnd();
    const aborted = fate(writer.abort(reason));
    await turnEnd();
    expect([closed.error, aborted.error]).toEqual([reason, reason]);
    await expect(reader.read()).rejects.toBe(reason);
  });

  it("an error of the source is behind the frames that came before it", async () => {
    let fail!: () => void;
    const source = new ReadableStream<Bytes>({
      start: (controller) => {
        controller.enqueue(bytesOf("one\ntwo\n"));
        fail = () => controller.error(reason);
      },
    });
    const reader = source.pipeThrough(decoderStream(lines())).getReader();
    await turnEnd();
    fail();
    await turnEnd();
    expect([(await reader.read()).value, (await reader.read()).value]).toEqual(["one", "two"]);
    await expect(reader.read()).rejects.toBe(reason);
  });
});

describe("decoderStream: what is written", () => {
  it.each([
    ["a string", "one\n"],
    ["an ArrayBuffer", new ArrayBuffer(4)],
    ["a DataView", new DataView(new ArrayBuffer(4))],
    ["other elements", new Uint16Array(4)],
    ["an array", [1, 2]],
    ["null", null],
    ["nothing", undefined],
  ])("is refused unless it is bytes: %s", async (_name, chunk) => {
    const { reader, writer } = opened(lines());
    const error = await writer.write(chunk as unknown as Bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^a chunk of bytes must be a Uint8Array, not /);
    await expect(reader.read()).rejects.toBe(error);
  });

  it("may be in shared memory, and is copied from it", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    shared.set(bytesOf("one\ntwo\n"));
    const { reader, writer } = opened(lines({ encoding: "bytes" }));
    void writer.write(shared);
    await turnEnd();
    shared.fill(0);
    const frames = [(await reader.read()).value, (await reader.read()).value];
    expect(frames).toEqual([bytesOf("one"), bytesOf("two")]);
    expect(frames.every((frame) => frame?.buffer instanceof ArrayBuffer)).toBe(true);
  });

  it("may be a Buffer, and gives no Buffers", async () => {
    const { reader, writer } = opened(lines({ encoding: "bytes" }));
    void writer.write(Buffer.from("xone\ntwo\n").subarray(1));
    const { value } = await reader.read();
    expect(value?.constructor).toBe(Uint8Array);
    expect(value).toEqual(bytesOf("one"));
  });

  it("is otherwise the decoder's, without a copy", async () => {
    const chunk = bytesOf("one\n");
    const { reader, writer } = opened(lines({ encoding: "bytes" }));
    void writer.write(chunk);
    expect((await reader.read()).value?.buffer).toBe(chunk.buffer);
  });
});

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

  it("pushes back to the other side", async () => {
    const { near, far } = await pair(1_000);
    const reader = far.readable.pipeThrough(decoderStream(lines())).getReader();
    const writer = near.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 100; written++) await writer.write(bytesOf(`${"x".repeat(998)}\n`));
      await writer.close();
    })();
    await turnEnd();
    const before = written;
    expect(before).toBeLessThan(10);
    await turnEnd();
    expect(written).toBe(before);
    let frames = 0;
    while (!(await reader.read()).done) frames += 1;
    await writing;
    expect(frames).toBe(100);
  });

  it("errors with what broke the connection", async () => {
    const { near, far } = await pair();
    const reader = far.readable.pipeThrough(decoderStream(lines())).getReader();
    const read = fate(reader.read());
    await turnEnd();
    near.abort();
    await turnEnd();
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
