// @ts-check
// test/chaos in plain JavaScript: storms run in Node, and their servers on every runtime.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "../build.mjs";
import { root, run, tool } from "../commands.mjs";
import { succeed } from "../script.mjs";

/** Builds the package, and test/chaos. */
export async function compile() {
  succeed(await build());
  succeed(await run(tool("typescript", ["-p", "test/chaos"], "tsc")));
}

/** Returns the path of a compiled file of test/chaos. @param {string} file */
export function compiled(file) {
  return path.join(root, "tmp", "chaos", "chaos", file);
}

/** Returns what a compiled file of test/chaos exports. @param {string} file */
export function load(file) {
  return import(pathToFileURL(compiled(file)).href);
}
