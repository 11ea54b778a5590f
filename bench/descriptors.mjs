// @ts-check
// Each connection takes a descriptor in the generator and one in the server.
import { descriptorLimit } from "../scripts/descriptors.mjs";

/** More descriptors than a process has open besides its connections. */
const BESIDES = 200;

/**
 * Every runtime raises its own limit to the hard limit.
 *
 * @param {number} connections between the generator and one server
 * @throws {Error} the hard limit is lower
 */
export async function checkDescriptors(connections) {
  const limit = await descriptorLimit();
  const needed = connections + BESIDES;
  if (limit >= needed) return;
  throw new Error(
    `${connections} connections need ${needed} descriptors a process, and ${limit} are allowed: see ulimit -Hn`,
  );
}
