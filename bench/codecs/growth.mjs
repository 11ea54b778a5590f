// @ts-check
// Whether a byte of a large frame costs what one of a small frame does, and what is held meanwhile.
import process from "node:process";
import { cpuMicros } from "../control.mjs";
import { collectedRssBytes } from "../garbage.mjs";
import { concat } from "./naive/concat.mjs";
import { encoded } from "./output.mjs";
import { FRAMINGS } from "./subjects.mjs";

/** @typedef {import("../../dist/core/codecs/mod.js").Decoder<Uint8Array>} Decoder */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const X = 0x78;
/** Frames are joined to blocks of about this size before they are cut to chunks. */
const BLOCK_BYTES = 65_536;
/** Chunks between two looks at the memory. */
const LOOK_AFTER = 16;

const ONE_BYTE_CHUNKS = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));

/**
 * Decodes `frames` frames of `frameBytes` bytes with one decoder, and that `times` times.
 *
 * @param {{ framing: keyof typeof FRAMINGS, frameBytes: number, frames: number, times: number, chunkBytes: number }} asked
 */
export function costPerByte({ framing, frameBytes, frames, times, chunkBytes }) {
  const codec = FRAMINGS[framing](frameBytes);
  const frame = encoded(codec, new Uint8Array(frameBytes).fill(X));
  const perBlock = Math.max(1, Math.min(frames, Math.floor(BLOCK_BYTES / frame.length)));
  const block = concat(Array.from({ length: perBlock }, () => frame));
  const blocks = Math.ceil(frames / perBlock);
  const cpuBefore = cpuMicros();
  for (let time = 0; time < times; time++) {
    const decoder = codec.decoder();
    let decoded = 0;
    for (let count = 0; count < blocks; count++) decoded += decodeBlock(decoder, block, chunkBytes);
    if (decoded !== blocks * perBlock) throw new Error(`${decoded} frames where there were ${blocks * perBlock}`);
  }
  const bytes = times * blocks * block.length;
  return { nanosPerByte: ((cpuMicros() - cpuBefore) * 1_000) / bytes };
}

/**
 * By how much the process grew at most while one frame was decoded. No time to collect garbage in between: what the
 * decoder leaves behind counts.
 *
 * @param {{ framing: keyof typeof FRAMINGS, frameBytes: number, chunkBytes: number }} asked
 */
export async function peakMemory({ framing, frameBytes, chunkBytes }) {
  const codec = FRAMINGS[framing](frameBytes);
  const bytes = encoded(codec, new Uint8Array(frameBytes).fill(X));
  const decoder = codec.decoder();
  const before = await collectedRssBytes();
  let peak = before;
  /** @type {Uint8Array | undefined} */
  let frame;
  for (let at = 0, count = 1; frame === undefined && at < bytes.length; at += chunkBytes, count++) {
    decoder.push(bytes.subarray(at, at + chunkBytes));
    frame = decoder.next();
    if (frame !== undefined || count % LOOK_AFTER === 0) peak = Math.max(peak, process.memoryUsage().rss);
  }
  if (frame?.length !== frameBytes) throw new Error(`no frame of ${frameBytes} bytes`);
  return { peakBytes: peak - before };
}

/**
 * @param {Decoder} decoder
 * @param {Bytes} block
 * @param {number} chunkBytes
 */
function decodeBlock(decoder, block, chunkBytes) {
  let frames = 0;
  for (let at = 0; at < block.length; at += chunkBytes) {
    const chunk = chunkBytes === 1 ? ONE_BYTE_CHUNKS[block[at] ?? 0] : block.subarray(at, at + chunkBytes);
    decoder.push(/** @type {Bytes} */ (chunk));
    while (decoder.next() !== undefined) frames += 1;
  }
  return frames;
}
