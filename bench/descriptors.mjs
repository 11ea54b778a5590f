// @ts-check
// Connections need descriptors: as many again in the generator and in the server.
import { run } from "../scripts/commands.mjs";

/** What a process has open besides its connections, generously. */
const BESIDES = 200;

/**
 * Every runtime raises its own limit as far as it may: to the hard one.
 *
 * @param {number} connections between the generator and one server
 * @throws {Error} a process may not have so many open
 */
export async function checkDescriptors(connections) {
  const { ok, output } = await run({ command: "sh", args: ["-c", "ulimit -Hn"] });
  const limit = Number(output);
  // Neither where nothing limits them, nor where there is nobody to ask.
  if (!ok || Number.isNaN(limit) || limit >= connections + BESIDES) return;
  const needed = connections + BESIDES;
  throw new Error(
    `${connections} connections need ${needed} descriptors a process, and ${limit} are allowed: see ulimit -Hn`,
  );
}
