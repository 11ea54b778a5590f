/** Loads files that the user names. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { firstLine, usageFailure } from "./failure.ts";
import { loadFailure } from "./load_failure.ts";

/** Returns the URL of a module. */
export function moduleUrl(path: string, cwd: string): URL {
  return pathToFileURL(resolve(cwd, path));
}

/** Checks that a file exists. @throws {Failure} it does not; `what` describes the file in the message */
export async function checkFile(what: string, path: string, cwd: string): Promise<void> {
  const absolute = resolve(cwd, path);
  try {
    if ((await stat(absolute)).isFile()) return;
  } catch (cause) {
    throw usageFailure(
      `cannot load the ${what} ${path}: ${missing(cause) ? `the file ${absolute} does not exist` : firstLine(cause)}`,
    );
  }
  throw usageFailure(`cannot load the ${what} ${path}: ${absolute} is not a file`);
}

/** Returns the default export of a module, or `undefined` if it has none. @throws {Failure} the module cannot be loaded */
export async function importDefault(path: string, cwd: string): Promise<unknown> {
  return (await importModule(path, cwd)).default;
}

/**
 * Returns the exports of a module. With `copy`, a number, the module is evaluated anew for that number, with variables of its own; the
 * modules that it imports are not.
 *
 * @throws {Failure} the module cannot be loaded
 */
export async function importModule(
  path: string,
  cwd: string,
  copy?: number,
): Promise<Readonly<Record<string, unknown>>> {
  const url = moduleUrl(path, cwd);
  // Bun takes the query off a URL, but not off a path.
  const base = process.versions["bun"] !== undefined && copy !== undefined ? fileURLToPath(url) : url.href;
  try {
    return (await import(copy === undefined ? base : `${base}?copy=${copy}`)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw await loadFailure(path, resolve(cwd, path), cause);
  }
}

function missing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
