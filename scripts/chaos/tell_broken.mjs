// @ts-check
import { writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../commands.mjs";
import { clearProgress } from "./progress.mjs";

/**
 * Tells which promises were broken, with the log of the storm in a file, and how to repeat it.
 *
 * @param {string} name of the storm, as in a file's name
 * @param {{ brokenCount: number, broken: readonly string[], log: string }} report
 * @param {string} again the options
 */
export function tellBroken(name, { broken, brokenCount, log }, again) {
  clearProgress();
  if (brokenCount === 0) return;
  for (const promise of broken) console.log(`BROKEN: ${name}: ${promise}`);
  const file = path.join(root, "tmp", "chaos", `${name}.log`);
  writeFileSync(file, log);
  console.log(`  ${brokenCount} in all; the log: ${file}; again, more or less: npm run chaos -- ${again}`);
}
