// @ts-check
// src → dist. What no source stands behind any more is removed from dist, rather than all of it first: programs that
// run from dist meanwhile keep working.
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, tool } from "./commands.mjs";

/** @returns {Promise<import("./commands.mjs").Outcome>} */
export async function build() {
  removeOrphans();
  const outcome = await run(tool("typescript", ["-p", "tsconfig.build.json"], "tsc"));
  // `npx spillway` in a checkout starts it as it lies there.
  if (outcome.ok) chmodSync(path.join(root, "dist", "main.js"), 0o755);
  return outcome;
}

function removeOrphans() {
  const dist = path.join(root, "dist");
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const source = path.join(root, "src", file.replace(/\.(d\.ts|js)(\.map)?$/, ".ts"));
    if (!existsSync(source)) rmSync(path.join(dist, file), { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { ok, output } = await build();
  process.stdout.write(output);
  if (!ok) process.exitCode = 1;
}
