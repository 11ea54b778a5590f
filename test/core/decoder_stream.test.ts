import { describe, expect, it } from "vitest";
import { type Codec, type Decoder, lines } from "../../src/core/codecs/mod.ts";
import type { Bytes } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { unmarked } from "./codecs/support/decode.ts";
import { TABLES } from "./codecs/support/tables.ts";
import { sourceOf } from "./source_of.ts";
import { bytesOf, decoderStream, drained, opened } from "./support/decoding.ts";
import { fate } from "./support/fate.ts";

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

// Vitest fails on a rejection that nobody handles.
const rows = TABLES.flatMap(({ name, table }) => table.map((row) => ({ ...row, title: `${name}: ${row.name}` })));

describe.each(rows)("decoderStream of $title", ({ codec, input, gives }) => {
  const fault = gives.findIndex((given) => given.startsWith("!"));
  const expected = unmarked(fault < 0 ? gives : gives.slice(0, fault + 1));

  it("gives the frames of a whole input", async () => {
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
    await tickEnd();
    expect(calls).toEqual([]);
    for (let count = 1; count <= 3; count++) {
      await reader.read();
      await tickEnd();
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
      await tickEnd();
      expect(written.now).toBe("pending");
    }
    const third = reader.read();
    await tickEnd();
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
    for (let tick = 0; tick < 5; tick++) await tickEnd();
    expect(pulls).toBe(1);
    for (let count = 0; count < 100; count++) await reader.read();
    await tickEnd();
    expect(pulls).toBe(50);
    await reader.cancel();
  });

  it("answers several reads at once, in order", async () => {
    const { reader, writer } = opened(lines());
    const reads = Array.from({ length: 5 }, () => reader.read());
    await tickEnd();
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
    await tickEnd();
    reader.releaseLock();
    void writer.write(bytesOf("1\n2\n"));
    await tickEnd();
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
    await tickEnd();
    expect([written.now, closed.now]).toEqual(["pending", "pending"]);
    expect((await reader.read()).value).toBe("two");
    await tickEnd();
    expect([written.now, closed.now]).toEqual(["fulfilled", "pending"]);
    expect((await reader.read()).done).toBe(true);
    await tickEnd();
    expect(closed.now).toBe("fulfilled");
    expect(calls.filter((call) => call === "end")).toHaveLength(1);
    await reader.closed;
    await writer.closed;
  });

  it("is passed on at once to a reader that waits for a frame", async () => {
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
    await tickEnd();
    expect(cutOff.error).toMatchObject({ name: "SpillwayError", code: "unexpected-eof" });
    expect(closed.error).toBe(cutOff.error);
    await expect(reader.closed).rejects.toBe(cutOff.error);
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
    await tickEnd();
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
