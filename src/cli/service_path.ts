/** Suggestions for an unknown service name. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { nearest } from "../core/mod.ts";
import { type Failure, usageFailure } from "./failure.ts";

const MODULE = /(?<!\.d)\.[cm]?[jt]s$/;
/** The most modules of a folder that a message names. */
const MOST_NAMED = 3;

/** Writes the path of a module in the form that the command line accepts. */
const asPath = (folder: string, file: string) => {
  const path = join(folder, file).replaceAll("\\", "/");
  return /^(\/|\.\.?\/|[A-Za-z]:)/.test(path) ? path : `./${path}`;
};

/** Explains why `name` is not a service, and suggests a fix. `known`: the names of the built-in services. */
export async function unknownService(name: string, cwd: string, known: readonly string[]): Promise<Failure> {
  const folder = await folderFailure(name, cwd);
  if (folder !== undefined) return folder;
  const meant = (await similarModule(name, cwd)) ?? nearest(name, known);
  // A name with a dot already has an extension: `package.json` is no beginning of a module's name.
  const example = name.includes(".") ? "./service.js" : `./${name}.js`;
  const advice =
    meant === undefined
      ? `use ${known.join(", ")}, or the path of a module such as ${example}`
      : `did you mean ${meant}?`;
  return usageFailure(`unknown service '${name}': ${advice}`);
}

/** Explains that a path is a folder; returns `undefined` if it is not one. */
export async function folderFailure(path: string, cwd: string): Promise<Failure | undefined> {
  if (path === "" || !(await isFolder(resolve(cwd, path)))) return undefined;
  const modules = (await filesOf(resolve(cwd, path)))
    .filter((file) => MODULE.test(file))
    .map((file) => asPath(path, file));
  const named = modules.slice(0, MOST_NAMED).join(", ");
  const advice =
    modules.length === 0
      ? "a service is a module with `export default { codec, handler }`, such as ./service.mjs"
      : `serve a module in it, such as ${named}`;
  return usageFailure(`'${path}' is a folder: ${advice}`);
}

/** Finds a module with a similar name: `./chat.ts` for `chat` and `./chat`, and for a misspelt `./chta.ts`. */
export async function similarModule(path: string, cwd: string): Promise<string | undefined> {
  const files = (await filesOf(dirname(resolve(cwd, path)))).filter((file) => MODULE.test(file));
  const name = basename(path);
  if (name === "") return undefined;
  const file =
    files.find((candidate) => candidate.replace(MODULE, "") === name) ??
    (MODULE.test(name) ? nearest(name, files) : undefined);
  return file === undefined ? undefined : asPath(dirname(path), file);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch {
    return [];
  }
}
