/** Files that the command line is told to load. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { firstLine, usageFailure } from "./failure.ts";
import { loadFailure } from "./load_failure.ts";

/** Where a module is. */
export function moduleUrl(path: string, cwd: string): URL {
  return pathToFileURL(resolve(cwd, path));
}

/** @throws {Failure} there is no such file; `what` says what was looked for */
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

/** The default export of a module; `undefined` if it has none. @throws {Failure} it cannot be loaded */
export async function importDefault(path: string, cwd: string): Promise<unknown> {
  try {
    const module = (await import(moduleUrl(path, cwd).href)) as { readonly default?: unknown };
    return module.default;
  } catch (cause) {
    throw await loadFailure(path, resolve(cwd, path), cause);
  }
}

function missing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
