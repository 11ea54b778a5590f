// @ts-check
// The cost of a frame: decoded from chunks, and encoded.
import { performance } from "node:perf_hooks";
import { OutputBuffer } from "../../dist/core/output/output_buffer.js";
import { cpuMicros } from "../control_line.mjs";
import { CODECS } from "./codec_subjects.mjs";
import { concat } from "./naive/concat.mjs";
import { encoded } from "./output.mjs";

/** @typedef {{ codec: keyof typeof CODECS, naive: boolean, ms: number }} Asked */
/** @typedef {{ cpuMicros: number, seconds: number, frames: number }} Cost */

const STREAM_BYTES = 1_048_576;
/** Replies that are written together. */
const TURN_FRAMES = 256;

/** @param {Asked & { chunkBytes: number }} asked */
export function decode({ codec: name, naive, chunkBytes, ms }) {
  const { codec, naive: naiveCodec, frame } = CODECS[name]();
  const { chunks, frames } = stream(encoded(codec, frame), chunkBytes);
  return repeated(ms, frames, naive ? () => decodeNaively(naiveCodec, chunks) : () => decodeAll(codec, chunks));
}

/** @param {Asked} asked */
export function encode({ codec: name, naive, ms }) {
  const { codec, naive: naiveCodec, frame } = CODECS[name]();
  const expected = TURN_FRAMES * encoded(codec, frame).length;
  const encoder = codec.encoder();
  const run = naive ? () => encodeNaively(naiveCodec, frame) : () => encodeTurn(encoder, frame);
  return repeated(ms, TURN_FRAMES, () => (run() === expected ? TURN_FRAMES : 0));
}

/**
 * Chunks have buffers of their own, as those that are read do.
 *
 * @param {Uint8Array} frame
 * @param {number} chunkBytes
 */
function stream(frame, chunkBytes) {
  const frames = Math.floor(STREAM_BYTES / frame.length);
  const bytes = concat(Array.from({ length: frames }, () => frame));
  const chunks = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.slice(at, at + chunkBytes));
  return { chunks, frames };
}

/**
 * @param {number} ms
 * @param {number} frames
 * @param {() => number} run how many frames there were
 * @returns {Cost}
 */
function repeated(ms, frames, run) {
  const cpuBefore = cpuMicros();
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  for (; elapsed < ms; elapsed = performance.now() - start) {
    const count = run();
    if (count !== frames) throw new Error(`${count} frames where ${frames} were expected`);
    runs += 1;
  }
  return { cpuMicros: cpuMicros() - cpuBefore, seconds: elapsed / 1_000, frames: runs * frames };
}

/**
 * @param {import("../../dist/core/codecs/mod.js").Codec<any>} codec
 * @param {Uint8Array<ArrayBuffer>[]} chunks
 */
function decodeAll(codec, chunks) {
  const decoder = codec.decoder();
  let frames = 0;
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.next() !== undefined) frames += 1;
  }
  return frames;
}

/**
 * @param {import("./naive/concat.mjs").Naive} naive
 * @param {Uint8Array[]} chunks
 */
function decodeNaively(naive, chunks) {
  const push = naive.decoder();
  let frames = 0;
  const onFrame = () => {
    frames += 1;
  };
  for (const chunk of chunks) push(chunk, onFrame);
  return frames;
}

/**
 * @param {import("../../dist/core/codecs/mod.js").Encoder<any>} encoder
 * @param {unknown} frame
 */
function encodeTurn(encoder, frame) {
  const output = new OutputBuffer();
  for (let count = 0; count < TURN_FRAMES; count++) output.frame(encoder, frame);
  let bytes = 0;
  while (output.length > 0) bytes += output.take().length;
  return bytes;
}

/**
 * @param {import("./naive/concat.mjs").Naive} naive
 * @param {unknown} frame
 */
function encodeNaively(naive, frame) {
  const parts = [];
  for (let count = 0; count < TURN_FRAMES; count++) parts.push(naive.encode(frame));
  return concat(parts).length;
}
