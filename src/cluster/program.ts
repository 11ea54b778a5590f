import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Returns what runs a program on the runtime of this process: a `file:` URL or a path. On Deno with all permissions, because a
 * process cannot tell which ones it has been given.
 */
export function programCommand(script: URL | string): readonly [string, ...string[]] {
  const program = script instanceof URL ? (script.protocol === "file:" ? fileURLToPath(script) : script.href) : script;
  if ("deno" in process.versions) return [process.execPath, "run", "-A", "--quiet", program];
  if ("bun" in process.versions) return [process.execPath, program];
  return [process.execPath, ...process.execArgv, program];
}
