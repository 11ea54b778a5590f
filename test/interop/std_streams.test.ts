// Our streams and those of @std/streams, in both directions.
import { describe, expect, it } from "vitest";
import { decoderStream, encoderStream, lines } from "../../src/core/codecs/mod.ts";
import { type Bytes, SpillwayError } from "../../src/core/mod.ts";
import { pair, sendAll } from "../core/support/pair.ts";
import { optionalPeer } from "./support/optional_peer.ts";

interface StdStreams {
  readonly DelimiterStream: new (
    delimiter: Uint8Array,
    options?: { disposition?: "suffix" | "prefix" | "discard" },
  ) => TransformStream<Uint8Array, Uint8Array>;
  readonly TextLineStream: new (options?: { allowCR?: boolean }) => TransformStream<string, string>;
  mergeReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  toText(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<string>;
}

const { missing, std } = await optionalPeer<StdStreams>("@std/streams");

// mergeReadableStreams needs `Promise.withResolvers`, which Node 20 does not have.
(Promise as { withResolvers?: unknown }).withResolvers ??= () => {
  const settlers: { resolve?: unknown; reject?: unknown } = {};
  const promise = new Promise((resolve, reject) => Object.assign(settlers, { resolve, reject }));
  return Object.assign(settlers, { promise });
};

const TEXT = "one\r\ntwo\n\nfour €\r\nfive\n";
const FRAMES = ["one", "two", "", "four €", "five"];
const LF = new Uint8Array([10]);

const chunksOf = (...texts: string[]): ReadableStream<Bytes> => {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start: (controller) => {
      for (const text of texts) controller.enqueue(encoder.encode(text));
      controller.close();
    },
  });
};

async function drained<Chunk>(readable: ReadableStream<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return chunks;
}

// The reason is printed by optionalPeer.
describe.skipIf(missing)("@std/streams reads from a Connection", () => {
  it("toText takes its bytes", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    expect(await std.toText(far.readable)).toBe(TEXT);
  });

  it("toText takes its frames", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    expect(await std.toText(far.readable.pipeThrough(decoderStream(lines())))).toBe(FRAMES.join(""));
  });

  it("toText rejects with the decoder's error", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    const text = std.toText(far.readable.pipeThrough(decoderStream(lines({ maxFrameBytes: 4 }))));
    await expect(text).rejects.toBeInstanceOf(SpillwayError);
    await expect(text).rejects.toMatchObject({ code: "frame-too-large" });
  });

  it("mergeReadableStreams takes the frames of several", async () => {
    const texts = ["a1\na2\na3\n", "b1\nb2\n", ""];
    const pairs = await Promise.all(texts.map(() => pair()));
    for (const [index, { near }] of pairs.entries()) void sendAll(near, texts[index] as string);
    const merged = std.mergeReadableStreams(
      ...pairs.map(({ far }) => far.readable.pipeThrough(decoderStream(lines()))),
    );
    const frames = await drained(merged);
    expect(frames.toSorted()).toEqual(["a1", "a2", "a3", "b1", "b2"]);
    expect(frames.filter((frame) => frame.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  });

  it("TextLineStream makes the same lines of it as lines()", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    const text = far.readable.pipeThrough(new TextDecoderStream());
    expect(await drained(text.pipeThrough(new std.TextLineStream()))).toEqual(FRAMES);
  });

  it("DelimiterStream cuts it", async () => {
    const { near, far } = await pair();
    void sendAll(near, "one;two;three");
    const parts = await drained(far.readable.pipeThrough(new std.DelimiterStream(new TextEncoder().encode(";"))));
    expect(parts.map((part) => new TextDecoder().decode(part))).toEqual(["one", "two", "three"]);
  });

  it("DelimiterStream that keeps the delimiter feeds decoderStream", async () => {
    const { near, far } = await pair();
    void sendAll(near, TEXT);
    const cut = far.readable.pipeThrough(new std.DelimiterStream(LF, { disposition: "suffix" }));
    expect(await drained(cut.pipeThrough(decoderStream(lines())))).toEqual(FRAMES);
  });
});

// The reason is printed by optionalPeer.
describe.skipIf(missing)("@std/streams writes to a Connection", () => {
  it("TextLineStream feeds encoderStream", async () => {
    const { near, far } = await pair();
    const sent = chunksOf("one\r\ntw", "o\n\nfour €\r", "\nfive\n")
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new std.TextLineStream())
      .pipeThrough(encoderStream(lines()))
      .pipeTo(near.writable);
    expect(await std.toText(far.readable)).toBe(TEXT.replaceAll("\r", ""));
    await sent;
  });

  it("DelimiterStream feeds encoderStream", async () => {
    const { near, far } = await pair();
    const sent = chunksOf("one;tw", "o;three")
      .pipeThrough(new std.DelimiterStream(new TextEncoder().encode(";")))
      .pipeThrough(encoderStream(lines({ encoding: "bytes" })))
      .pipeTo(near.writable);
    expect(await std.toText(far.readable)).toBe("one\ntwo\nthree\n");
    await sent;
  });

  it("mergeReadableStreams feeds encoderStream", async () => {
    const { near, far } = await pair();
    const sources = [chunksOf("a1\na2\n"), chunksOf("b1\n")].map((bytes) => bytes.pipeThrough(decoderStream(lines())));
    const merged = std.mergeReadableStreams(...sources);
    const sent = merged.pipeThrough(encoderStream(lines())).pipeTo(near.writable);
    const text = await std.toText(far.readable);
    expect(text.split("\n").toSorted()).toEqual(["", "a1", "a2", "b1"]);
    await sent;
  });

  it("toText takes what encoderStream gives", async () => {
    const frames = chunksOf(TEXT).pipeThrough(decoderStream(lines()));
    const text = await std.toText(frames.pipeThrough(encoderStream(lines())));
    expect(text).toBe(TEXT.replaceAll("\r", ""));
  });

  it("TextLineStream reads what encoderStream gives", async () => {
    const bytes = chunksOf(TEXT).pipeThrough(decoderStream(lines())).pipeThrough(encoderStream(lines()));
    const text = bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new std.TextLineStream());
    expect(await drained(text)).toEqual(FRAMES);
  });
});
