// @ts-check
// Each connection takes a descriptor in the generator and one in the server.
import { run } from "../scripts/commands.mjs";

/** More descriptors than a process has open besides its connections. */
const BESIDES = 200;

/**
 * Every runtime raises its own limit to the hard limit.
 *
 * @param {number} connections between the generator and one server
 * @throws {Error} the hard limit is lower
 */
export async function checkDescriptors(connections) {
  const { ok, output } = await run({ command: "sh", args: ["-c", "ulimit -Hn"] });
  const limit = Number(output);
  // No limit, or no shell that knows it.
  if (!ok || Number.isNaN(limit) || limit >= connections + BESIDES) return;
  const needed = connections + BESIDES;
  throw new Error(
    `${connections} connections need ${needed} descriptors a process, and ${limit} are allowed: see ulimit -Hn`,
  );
}
