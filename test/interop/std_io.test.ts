// Connections and our streams as the Readers and Writers of @std/io, in both directions.
import { describe, expect, it } from "vitest";
import { decoderStream, encoderStream, lines } from "../../src/core/codecs/mod.ts";
import type { Connection } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { fate } from "../core/support/fate.ts";
import { pair, sendAll } from "../core/support/pair.ts";
import { optionalPeer } from "./support/optional_peer.ts";

interface Reader {
  read(into: Uint8Array): Promise<number | null>;
}

interface Writer {
  write(bytes: Uint8Array): Promise<number>;
}

interface StdIo {
  readonly Buffer: new () => Reader & Writer & { bytes(): Uint8Array; readonly length: number };
  copy(from: Reader, to: Writer, options?: { bufSize?: number }): Promise<number>;
  readAll(reader: Reader): Promise<Uint8Array>;
  readerFromStreamReader(reader: ReadableStreamDefaultReader<Uint8Array>): Reader;
  toReadableStream(reader: Reader): ReadableStream<Uint8Array<ArrayBuffer>>;
  toWritableStream(writer: Writer): WritableStream<Uint8Array>;
}

const { missing, std } = await optionalPeer<StdIo>("@std/io");

const TEXT = "one\ntwo\nthree €\n";
const FRAMES = ["one", "two", "three €"];
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Many times what copy reads at once: it would show a chunk that is changed on its way. */
const LARGE = new Uint8Array(1_000_000).map((_, at) => (at * 7) % 251);

/** Where bytes first differ from `LARGE`; -1 when nowhere. */
function difference(bytes: Uint8Array): number {
  if (bytes.length !== LARGE.length) return Math.min(bytes.length, LARGE.length);
  return LARGE.findIndex((byte, at) => bytes[at] !== byte);
}

function readerOf(connection: Connection): Reader {
  return std.readerFromStreamReader(connection.readable.getReader());
}

/** A stream's writer as a Writer. The bytes may be reused, as by `copy`, when `write` has settled. */
function writerOf({ writable }: Connection): Writer & { close(): Promise<void> } {
  const writer = writable.getWriter();
  return {
    write: async (bytes) => {
      await writer.write(bytes);
      return bytes.length;
    },
    close: () => writer.close(),
  };
}

async function bufferOf(bytes: Uint8Array): Promise<InstanceType<StdIo["Buffer"]>> {
  const buffer = new std.Buffer();
  await buffer.write(bytes);
  return buffer;
}

async function drained<Chunk>(readable: ReadableStream<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return chunks;
}

// The reason is printed by optionalPeer.
describe.skipIf(missing)("@std/io reads from a Connection", () => {
  it("readAll takes everything", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    expect(textOf(await std.readAll(readerOf(far)))).toBe(TEXT);
  });

  it("copy fills a Buffer", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    const buffer = new std.Buffer();
    const bytes = new TextEncoder().encode(TEXT);
    expect(await std.copy(readerOf(far), buffer)).toBe(bytes.length);
    expect(buffer.bytes()).toEqual(bytes);
  });

  it("a Reader becomes frames", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    const frames = std.toReadableStream(readerOf(far)).pipeThrough(decoderStream(lines()));
    expect(await drained(frames)).toEqual(FRAMES);
  });

  it("a Reader rejects with what broke the connection", async () => {
    const { near, far } = await pair();
    const read = fate(std.readAll(readerOf(far)));
    await tickEnd();
    near.abort();
    await tickEnd();
    expect(read.error).toMatchObject({ name: "SpillwayError", code: "connection-reset" });
  });
});

// The reason is printed by optionalPeer.
describe.skipIf(missing)("@std/io writes to a Connection", () => {
  it("copy empties a Buffer into it, against backpressure", async () => {
    const { near, far } = await pair(1_000);
    const writer = writerOf(near);
    const read = std.readAll(readerOf(far));
    expect(await std.copy(await bufferOf(LARGE), writer)).toBe(LARGE.length);
    await writer.close();
    expect(difference(await read)).toBe(-1);
  });

  it("a Buffer is piped to it", async () => {
    const { near, far } = await pair();
    const sent = std.toReadableStream(await bufferOf(LARGE)).pipeTo(near.writable);
    expect(difference(await std.readAll(readerOf(far)))).toBe(-1);
    await sent;
  });

  it("a Buffer becomes frames, and frames a Buffer", async () => {
    const buffer = new std.Buffer();
    const frames = std
      .toReadableStream(await bufferOf(new TextEncoder().encode(TEXT)))
      .pipeThrough(decoderStream(lines()));
    await frames.pipeThrough(encoderStream(lines())).pipeTo(std.toWritableStream(buffer));
    expect(textOf(buffer.bytes())).toBe(TEXT);
  });

  it("readAll takes what encoderStream gives", async () => {
    const { readable, writable } = encoderStream(lines());
    const writer = writable.getWriter();
    for (const frame of FRAMES) void writer.write(frame);
    void writer.close();
    expect(textOf(await std.readAll(std.readerFromStreamReader(readable.getReader())))).toBe(TEXT);
  });

  it("a Writer feeds decoderStream", async () => {
    const { readable, writable } = decoderStream(lines());
    const writer = writable.getWriter();
    const frames = drained(readable);
    const copies: Writer = {
      write: async (bytes) => {
        // The decoder keeps what it is given, and copy does not let it.
        await writer.write(bytes.slice());
        return bytes.length;
      },
    };
    await std.copy(await bufferOf(new TextEncoder().encode(TEXT)), copies, { bufSize: 5 });
    await writer.close();
    expect(await frames).toEqual(FRAMES);
  });
});

// The reason is printed by optionalPeer.
it.skipIf(missing)("@std/io copies from one Connection to another", async () => {
  const [front, back] = [await pair(1_000), await pair(1_000)];
  const writer = writerOf(back.near);
  const relayed = std.copy(readerOf(front.far), writer).then(() => writer.close());
  const sent = std.toReadableStream(await bufferOf(LARGE)).pipeTo(front.near.writable);
  expect(difference(await std.readAll(readerOf(back.far)))).toBe(-1);
  await Promise.all([sent, relayed]);
});
