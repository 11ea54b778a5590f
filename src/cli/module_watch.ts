import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Clock, systemClock } from "../core/mod.ts";

const POLL_MS = 300;
/** More files are not looked at: a service that has as many is not developed in one directory. */
const MOST_FILES = 2_000;
const WATCHED = /\.([cm]?[jt]sx?|json|wasm)$/;
const PASSED_OVER = /^(node_modules|\..*)$/;

/**
 * Calls back when a file in the directory of a module has changed: what the module imports, and data. Directories of
 * packages and hidden ones are left out. Files are polled, because notifications of the file system differ between
 * runtimes and do not reach through mounts. A change counts when nothing has changed for one poll, since an editor or a
 * compiler writes several files.
 */
export function watchModule(module: string, onChange: () => void, clock: Clock = systemClock): () => void {
  const directory = path.dirname(module);
  let seen: string | undefined;
  let before = "";
  let ended = false;
  let timer: unknown;
  const poll = async (): Promise<void> => {
    const now = await look(directory);
    if (ended) return;
    seen ??= now;
    if (now !== seen && now === before) {
      seen = now;
      onChange();
    }
    before = now;
    timer = clock.setTimeout(() => void poll(), POLL_MS);
  };
  void poll();
  return () => {
    ended = true;
    clock.clearTimeout(timer);
  };
}

/** Returns a text that differs when a file has changed, has come, or is gone. */
async function look(directory: string): Promise<string> {
  const looks: string[] = [];
  const directories = [directory];
  for (let next = directories.pop(); next !== undefined && looks.length < MOST_FILES; next = directories.pop()) {
    for (const entry of await entriesOf(next)) {
      if (PASSED_OVER.test(entry.name)) continue;
      const file = path.join(next, entry.name);
      if (entry.isDirectory()) directories.push(file);
      else if (WATCHED.test(entry.name)) looks.push(await lookAt(file));
    }
  }
  return looks.join("\n");
}

async function entriesOf(directory: string): Promise<{ readonly name: string; isDirectory(): boolean }[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch {
    // It is gone meanwhile.
    return [];
  }
}

async function lookAt(file: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${file} ${ino} ${size} ${mtimeMs}`;
  } catch {
    return file;
  }
}
