import type { Command } from "commander";
import { BASH_SCRIPT } from "./completion/bash_script.ts";
import { completions, scriptOf } from "./completion/completions.ts";
import { SHELLS } from "./completion/known_values.ts";
import type { Environment } from "./environment.ts";
import { usageFailure } from "./failure.ts";

/**
 * Runs `spillway complete`: prints the script for a shell, or, for `words`, what the last of them may become.
 *
 * @throws {Failure} there is no script for the shell
 */
export async function runComplete(
  shell: string | undefined,
  words: readonly string[] | undefined,
  program: Command,
  { stdio }: Environment,
): Promise<number> {
  if (words !== undefined) {
    await stdio.out(completions(program, words));
    return 0;
  }
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    const asked = shell === undefined ? "which shell?" : `no completion for '${shell}':`;
    throw usageFailure(`${asked} write spillway complete ${SHELLS.slice(0, -1).join(", ")} or ${SHELLS.at(-1)}`);
  }
  await stdio.out(known === "bash" ? BASH_SCRIPT : scriptOf(known));
  return 0;
}
