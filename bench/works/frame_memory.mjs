// @ts-check
import { CodecProcess } from "../codec_process.mjs";
import { ALL_FRAMINGS, QUICK_FRAMINGS } from "./framings.mjs";

const FRAME_BYTES = 67_108_864;
const CHUNK_BYTES = 65_536;
const ROUNDS = 3;
/** Twice the frame, and what the process itself grows by meanwhile. */
const AT_MOST = 2.1;

/** @type {import("./work.mjs").Work} */
export const frameMemory = {
  name: "frame-memory",
  title: "one frame of 64 MB in chunks of 64 KB: by how much RSS grows, at most, per byte of the frame",
  unit: "B",
  targets: ALL_FRAMINGS.map((framing) => ({ candidate: framing, atMost: AT_MOST })),
  async measure({ runtime, quick, progress, profileDir }) {
    const samples = [];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      for (const framing of quick ? QUICK_FRAMINGS : ALL_FRAMINGS) {
        progress(framing);
        // A fresh process: what another frame left behind would be used again.
        const process = await CodecProcess.start(runtime, profileDir);
        try {
          const peakBytes = await process.peakBytes({ framing, frameBytes: FRAME_BYTES, chunkBytes: CHUNK_BYTES });
          samples.push({ candidate: framing, round, value: peakBytes / FRAME_BYTES });
        } finally {
          await process.end();
        }
      }
    }
    return samples;
  },
};
