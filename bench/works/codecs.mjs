// @ts-check
// What a frame costs, beside the way without a codec. Each codec has a process of its own: code that has seen all of them
// is slower than code that knows one, which is what a server knows.
import { CodecProcess } from "../codec_process.mjs";

/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {keyof typeof import("../codecs/subjects.mjs").SUBJECTS} Subject */
/** @typedef {{ what: string, ask: Pick<import("../codec_process.mjs").PerFrame, "do" | "chunkBytes"> }} Shape */

/** @type {Subject[]} */
const SUBJECTS = [
  "lines",
  "lines of bytes",
  "delimited, LF",
  "delimited, CRLF.CRLF",
  "fixedLength",
  "lengthPrefixed",
  "varintPrefixed",
  "netstrings",
  "octetCounted",
  "contentLength",
  "int16",
  "int32",
  "json over lines",
  "json over contentLength",
  "text over lengthPrefixed",
];
/** @type {Shape[]} */
const SHAPES = [
  { what: "decode", ask: { do: "decode", chunkBytes: 65_536 } },
  { what: "decode 1500", ask: { do: "decode", chunkBytes: 1_500 } },
  { what: "encode", ask: { do: "encode" } },
];
/** One of each kind. @type {Subject[]} */
const QUICK_SUBJECTS = ["lines", "delimited, LF", "lengthPrefixed"];
/** No slower than the naive way, as far as can be told. */
const AT_MOST = 1.1;
const FULL = { rounds: 5, roundMs: 100, warmUpMs: 200 };
const QUICK = { rounds: 3, roundMs: 30, warmUpMs: 60 };

/** @type {import("./work.mjs").Work} */
export const codecs = {
  name: "codecs",
  title: "frames of 64 bytes from chunks of 64 KB and of 1,500 bytes, and to writes of 256: CPU per frame",
  unit: "ns",
  counted: "frames",
  targets: SUBJECTS.flatMap((subject) =>
    SHAPES.map(({ what }) => ({
      candidate: `${subject}: ${what}`,
      relativeTo: `${subject}: ${what}, naive`,
      atMost: AT_MOST,
    })),
  ),
  async measure(bench) {
    const samples = [];
    for (const subject of bench.quick ? QUICK_SUBJECTS : SUBJECTS) {
      bench.progress(subject);
      samples.push(...(await measureSubject(bench, subject)));
    }
    return samples;
  },
};

/**
 * @param {import("./work.mjs").Bench} bench
 * @param {Subject} subject
 */
async function measureSubject({ runtime, quick, profileDir }, subject) {
  const { rounds, roundMs, warmUpMs } = quick ? QUICK : FULL;
  const shapes = quick ? SHAPES.slice(0, 1) : SHAPES;
  const lanes = shapes.flatMap(({ what, ask }) => [
    { candidate: `${subject}: ${what}`, ask: { ...ask, subject, naive: false } },
    { candidate: `${subject}: ${what}, naive`, ask: { ...ask, subject, naive: true } },
  ]);
  const process = await CodecProcess.start(runtime, profileDir);
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const { ask } of lanes) await process.perFrame({ ...ask, ms: warmUpMs });
    for (let round = 0; round < rounds; round++) {
      for (const { candidate, ask } of lanes) {
        const { cpuMicros, seconds, frames } = await process.perFrame({ ...ask, ms: roundMs });
        const value = (cpuMicros * 1_000) / frames;
        samples.push({ candidate, round, value, perSecond: frames / seconds, busy: cpuMicros / 1e6 / seconds });
      }
    }
  } finally {
    await process.end();
  }
  return samples;
}
