// @ts-check
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {typeof WAYS[number]} Way */

const WAYS = /** @type {const} */ (["send", "broadcast"]);
const FRAMES = 10_000;
const FRAME_BYTES = 64;
/** Enough that what the process grows by meanwhile does not count. */
const CONNECTIONS = 20;
const ROUNDS = 3;

/** @type {import("./work.mjs").Work} */
export const queued = {
  name: "queued",
  title: `${FRAMES.toLocaleString("en")} frames of 64 bytes that wait for a slow reader: RSS per frame, beyond its bytes`,
  unit: "B",
  targets: WAYS.map((way) => ({ candidate: way, atMost: 100 })),
  async measure(bench) {
    const samples = [];
    for (let round = 0; round < (bench.quick ? 1 : ROUNDS); round++) {
      for (const way of WAYS) {
        bench.progress(`round ${round + 1}: ${way}`);
        samples.push({
          candidate: way,
          round,
          value: (await growth(bench, way)) / (CONNECTIONS * FRAMES) - FRAME_BYTES,
        });
      }
    }
    return samples;
  },
};

/**
 * Bytes by which a fresh server grows.
 *
 * @param {Bench} bench
 * @param {Way} way
 */
async function growth({ runtime, generator, profileDir }, way) {
  const server = await Server.start(runtime, "spillway-queue", profileDir);
  const shape = { connections: CONNECTIONS, depth: 1, lineBytes: FRAME_BYTES, paused: true };
  const load = await generator.open(server.port, shape);
  try {
    await server.controlled.ask({ do: "stall", connections: CONNECTIONS });
    // Code is compiled by then.
    await server.controlled.ask({ do: "queue", way, frames: FRAMES / 10, frameBytes: FRAME_BYTES });
    const before = await server.rssBytes();
    await server.controlled.ask({ do: "queue", way, frames: FRAMES, frameBytes: FRAME_BYTES });
    return (await server.rssBytes()) - before;
  } finally {
    await generator.close(load);
    await server.end();
  }
}
