// @ts-check
// npm run docs:reference: writes docs/reference.md, from the doc comments of what the package exports, the table of settings
// of the command line, and the default limits (of dist: build first).
//
//   node scripts/reference.mjs            writes it
//   node scripts/reference.mjs --check    says whether it is what would be written
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./commands.mjs";
import { Declarations } from "./reference/declarations.mjs";
import { Page } from "./reference/page.mjs";
import { refuse, script } from "./script.mjs";

const program = script("docs:reference", "Writes docs/reference.md, from the doc comments of the sources.")
  .option("--check", "write nothing, and fail if it is not up to date")
  .parse();
const { check = false } = /** @type {{ check?: boolean }} */ (program.opts());

const FILE = path.join(root, "docs", "reference.md");

/** @param {string} file in dist */
async function built(file) {
  const url = pathToFileURL(path.join(root, "dist", file)).href;
  return /** @type {Record<string, unknown>} */ (await import(url));
}

const { SETTINGS } = /** @type {{ SETTINGS: import("./reference/page.mjs").Setting[] }} */ (
  /** @type {unknown} */ (await built("cli/settings.js"))
);
const { resolveLimits } = /** @type {{ resolveLimits: (given: object) => Record<string, number> }} */ (
  /** @type {unknown} */ (await built("core/mod.js"))
);

const page = new Page({ declarations: new Declarations(), settings: SETTINGS, limits: resolveLimits({}) });
const text = page.text();
if (page.problems.length > 0) {
  refuse(`the doc comments lack what docs/reference.md shows:\n  ${[...new Set(page.problems)].join("\n  ")}`);
}
if (!check) {
  writeFileSync(FILE, text);
} else if (readOr(FILE) !== text) {
  refuse("docs/reference.md is not what the sources say: run npm run docs:reference, and commit it");
}

/** @param {string} file */
function readOr(file) {
  try {
    return readFileSync(file, "utf8").replaceAll("\r\n", "\n");
  } catch {
    return undefined;
  }
}
