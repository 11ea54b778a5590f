// @ts-check
// The requests of the runner to every server.

import { collectedMemory } from "../collected_memory.mjs";
import { answerControl, cpuMicros, say } from "../control_line.mjs";

/** @type {Record<string, import("../control_line.mjs").Command>} */
export const COMMANDS = { usage: () => ({ cpuMicros: cpuMicros() }), collect: collectedMemory };

/**
 * @param {number} port where it listens
 * @param {Record<string, import("../control_line.mjs").Command>} [commands] what it can do besides
 */
export function controlServer(port, commands = {}) {
  say({ port });
  return answerControl({ ...COMMANDS, ...commands });
}
