// @ts-check
// Whether decoding is linear: the same bytes, as one large frame and as many smaller ones, as one long stream and as many
// shorter ones. What a byte costs differs with the size of chunks, but must not grow with what they add up to.
import { CodecProcess } from "../codec_process.mjs";
import { ALL_FRAMINGS, QUICK_FRAMINGS } from "./framings.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {{ name: string, frameBytes: number, frames: number }} Size */
/** @typedef {{ large: Size, small: Size, chunkBytes: number, chunks: string }} Growth */

const MB = 1_048_576;
const FRAME = { large: frame(64), small: frame(1) };
const FRAMES = { large: stream(10), small: stream(1) };

/** @type {Growth[]} */
const GROWTHS = [
  { ...FRAME, chunkBytes: 65_536, chunks: "64 KB" },
  { ...FRAME, chunkBytes: 1, chunks: "1 B" },
  { ...FRAMES, chunkBytes: 65_536, chunks: "64 KB" },
];
/** Chunks of one byte take seconds. */
const QUICK_GROWTHS = GROWTHS.filter(({ chunkBytes }) => chunkBytes > 1);
const ROUNDS = 3;

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
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      for (const { large, small, chunks, chunkBytes } of quick ? QUICK_GROWTHS : GROWTHS) {
        for (const size of [small, large]) {
          const times = (large.frameBytes * large.frames) / (size.frameBytes * size.frames);
          const value = await process.nanosPerByte({ framing, ...size, times, chunkBytes });
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

/** @param {number} megabytes @returns {Size} */
function frame(megabytes) {
  return { name: `${megabytes} MB`, frameBytes: megabytes * MB, frames: 1 };
}

/** @param {number} millions @returns {Size} */
function stream(millions) {
  return { name: `${millions}M frames`, frameBytes: 1, frames: millions * 1_000_000 };
}
