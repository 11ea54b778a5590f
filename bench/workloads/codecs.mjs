// @ts-check
// The cost of a frame with a codec, beside common hand-written framing. Each codec has a process of its own: an engine compiles code
// that has run several codecs to slower code, and a server runs one.
import { CodecProcess } from "../codec_process.mjs";
import { extentOf } from "../extent.mjs";

/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {keyof typeof import("../codecs/codec_subjects.mjs").CODECS} Codec */
/** @typedef {{ what: string, ask: Pick<import("../codec_process.mjs").PerFrame, "do" | "chunkBytes"> }} Shape */

/** @type {Codec[]} */
const CODECS = [
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
/** No slower than the naive way, within what can be measured. */
const AT_MOST = 1.1;
const FULL = { rounds: 5, roundMs: 100, warmUpMs: 200 };
const QUICK = { rounds: 3, roundMs: 30, warmUpMs: 60 };

/** @typedef {import("./workload.mjs").Row & { codec: Codec, ask: Shape["ask"] }} CodecRow */

/** @type {import("./workload.mjs").Workload<CodecRow>} */
export const codecs = {
  name: "codecs",
  title: "frames of 64 bytes from chunks of 64 KB and of 1,500 bytes, and to writes of 256: CPU per frame",
  unit: "ns",
  counted: "frames",
  rows: CODECS.flatMap((codec) =>
    SHAPES.map(({ what, ask }) => ({
      name: `${codec}: ${what}`,
      subjects: ["codec", "naive"],
      reference: "naive",
      targets: { codec: AT_MOST },
      codec,
      ask,
    })),
  ),
  async measure(bench, rows) {
    const samples = [];
    for (const codec of new Set(rows.map((row) => row.codec))) {
      bench.progress(codec);
      const ofCodec = rows.filter((row) => row.codec === codec);
      samples.push(...(await measureCodec(bench, ofCodec)));
    }
    return samples;
  },
};

/** @param {import("./workload.mjs").Bench} bench @param {CodecRow[]} rows of one codec */
async function measureCodec(bench, rows) {
  const { rounds, roundMs, warmUpMs } = extentOf(bench, FULL, QUICK);
  const lanes = rows.flatMap(({ name: row, subjects, codec, ask }) =>
    subjects.map((subject) => ({ row, subject, ask: { ...ask, codec, naive: subject === "naive" } })),
  );
  const process = await CodecProcess.start(bench.runtime, bench.profileDir);
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const { ask } of lanes) await process.perFrame({ ...ask, ms: warmUpMs });
    for (let round = 0; round < rounds; round++) {
      for (const { row, subject, ask } of lanes) {
        const { cpuMicros, seconds, frames } = await process.perFrame({ ...ask, ms: roundMs });
        const value = (cpuMicros * 1_000) / frames;
        samples.push({ row, subject, round, value, perSecond: frames / seconds, busy: cpuMicros / 1e6 / seconds });
      }
    }
  } finally {
    await process.end();
  }
  return samples;
}
