// @ts-check
// src → dist. Files whose source is gone are removed from dist, rather than all of it first: programs that
// run from dist meanwhile keep working.
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, tool } from "./commands.mjs";

/** The folders of src whose files a browser gets as they are. */
const COPIED = [path.join("admin", "page")];

/** @returns {Promise<import("./commands.mjs").Outcome>} */
export async function build() {
  removeOrphans();
  for (const folder of COPIED) copy(folder);
  const outcome = await run(tool("typescript", ["-p", "tsconfig.build.json"], "tsc"));
  // `npx spillway` in a checkout starts it as it lies there.
  if (outcome.ok) chmodSync(path.join(root, "dist", "main.js"), 0o755);
  return outcome;
}

/** @param {string} file */
function isCopied(file) {
  const copied = COPIED.some((folder) => file.startsWith(`${folder}${path.sep}`));
  return copied && existsSync(path.join(root, "src", file));
}

/** @param {string} folder */
function copy(folder) {
  cpSync(path.join(root, "src", folder), path.join(root, "dist", folder), { recursive: true, filter: isForBrowsers });
}

/** @param {string} file */
function isForBrowsers(file) {
  return !/(^|[\\/])tsconfig\.json$|\.d\.ts$/.test(file);
}

function removeOrphans() {
  const dist = path.join(root, "dist");
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const source = path.join(root, "src", file.replace(/\.(d\.ts|js)(\.map)?$/, ".ts"));
    if (!existsSync(source) && !isCopied(file)) rmSync(path.join(dist, file), { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { ok, output } = await build();
  process.stdout.write(output);
  if (!ok) process.exitCode = 1;
}
