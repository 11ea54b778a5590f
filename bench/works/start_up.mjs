// @ts-check
import { fileURLToPath } from "node:url";
import { firstLineMs } from "../process.mjs";
import { commandOf } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */

const FULL_ROUNDS = 15;
const QUICK_ROUNDS = 3;

/** @type {Candidate[]} */
const SERVERS = ["spillway", "raw"];
const CLI = "spillway serve echo";
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** @type {import("./work.mjs").Work} */
export const startUp = {
  name: "start-up",
  title: "from the start of the process until it says that it listens",
  unit: "ms",
  targets: [],
  async measure(bench) {
    const commands = await startCommands(bench);
    const rounds = bench.quick ? QUICK_ROUNDS : FULL_ROUNDS;
    const samples = [];
    // Round −1 brings the files into memory, and does not count.
    for (let round = -1; round < rounds; round++) {
      bench.progress(`round ${round + 1} of ${rounds}`);
      for (const { candidate, command } of commands) {
        const value = await firstLineMs(candidate, command);
        if (round >= 0) samples.push({ candidate, round, value });
      }
    }
    return samples;
  },
};

/** @param {Bench} bench */
async function startCommands({ runtime }) {
  const commands = [{ candidate: CLI, command: runtime.command(MAIN, ["serve", "echo", "--port", "0"]) }];
  for (const candidate of SERVERS) {
    const command = await commandOf(runtime, candidate);
    if (command !== undefined) commands.push({ candidate, command });
  }
  return commands;
}
