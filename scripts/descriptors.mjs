// @ts-check
import { run } from "./commands.mjs";

/** Returns the number of descriptors that a process may have: `Infinity` without a limit, or without a shell that knows it. */
export async function descriptorLimit() {
  const { ok, output } = await run({ command: "sh", args: ["-c", "ulimit -Hn"] });
  const limit = Number(output);
  return ok && !Number.isNaN(limit) ? limit : Infinity;
}
