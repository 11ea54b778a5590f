// @ts-check
// Whether decoding is linear: the same bytes, as one large frame and as many smaller ones, as one long stream and as many
// shorter ones. What a byte costs differs with the size of chunks, but must not grow with what they add up to.
import { CodecProcess } from "../codec_process.mjs";
import { ALL_FRAMINGS, QUICK_FRAMINGS } from "./framings.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {{ name: string, frameBytes: number, frames: number, times: number }} Size decoded `times` times */
/** @typedef {{ large: Size, small: Size, chunkBytes: number, chunks: string, rounds: number }} Growth */

const MB = 1_048_576;
const FRAME = { large: frame(64, 1), small: frame(1, 16) };
const FRAMES = { large: stream(10, 1), small: stream(1, 5) };

/** Chunks of one byte take seconds, over which disturbances even out: one round will do. @type {Growth[]} */
const GROWTHS = [
  { ...FRAME, chunkBytes: 65_536, chunks: "64 KB", rounds: 3 },
  { ...FRAME, chunkBytes: 1, chunks: "1 B", rounds: 1 },
  { ...FRAMES, chunkBytes: 65_536, chunks: "64 KB", rounds: 3 },
];
const QUICK_GROWTHS = GROWTHS.slice(0, 1);

/** @type {import("./work.mjs").Work} */
export const linear = {
  name: "linear",
  title: "the same bytes as large and as small frames, in long and in short streams: CPU per byte decoded",
  unit: "ns",
  targets: ALL_FRAMINGS.flatMap((framing) =>
    GROWTHS.map(({ large, small, chunks }) => ({
      candidate: candidate(framing, large, chunks),
      relativeTo: candidate(framing, small, chunks),
      atMost: 2,
    })),
  ),
  async measure(bench) {
    const samples = [];
    for (const framing of bench.quick ? QUICK_FRAMINGS : ALL_FRAMINGS) {
      bench.progress(framing);
      samples.push(...(await measureFraming(bench, framing)));
    }
    return samples;
  },
};

/**
 * @param {Bench} bench
 * @param {import("./framings.mjs").Framing} framing
 */
async function measureFraming({ runtime, quick, profileDir }, framing) {
  const process = await CodecProcess.start(runtime, profileDir);
  /** @type {Sample[]} */
  const samples = [];
  try {
    await process.nanosPerByte({ framing, frameBytes: 1, frames: 100_000, times: 1, chunkBytes: 1 });
    for (const { large, small, chunks, chunkBytes, rounds } of quick ? QUICK_GROWTHS : GROWTHS) {
      for (let round = 0; round < rounds; round++) {
        for (const size of [small, large]) {
          const value = await process.nanosPerByte({ framing, ...size, chunkBytes });
          samples.push({ candidate: candidate(framing, size, chunks), round, value });
        }
      }
    }
  } finally {
    await process.end();
  }
  return samples;
}

/** @param {string} framing @param {Size} size @param {string} chunks */
function candidate(framing, { name }, chunks) {
  return `${framing}: ${name} in ${chunks}`;
}

/** @param {number} megabytes @param {number} times @returns {Size} */
function frame(megabytes, times) {
  return { name: `${megabytes} MB`, frameBytes: megabytes * MB, frames: 1, times };
}

/** @param {number} millions @param {number} times @returns {Size} */
function stream(millions, times) {
  return { name: `${millions}M frames`, frameBytes: 1, frames: millions * 1_000_000, times };
}
