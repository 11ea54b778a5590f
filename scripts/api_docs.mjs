// @ts-check
// npm run docs:api: the documentation of every export as HTML, one page a symbol, in tmp/api. Deno makes it of the types and
// the doc comments. Fails when `deno doc --lint` finds a fault, but for two kinds: a property that must be absent
// (`path?: undefined`), and a method of a class that an interface describes.
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, run } from "./commands.mjs";
import { findRuntime } from "./runtimes.mjs";
import { refuse, script, succeed } from "./script.mjs";

script("docs:api", "Writes the documentation of every export into tmp/api, as HTML.").parse();

const { exports } = /** @type {{ exports: Record<string, string> }} */ (
  JSON.parse(readFileSync(path.join(root, "deno.json"), "utf8"))
);
const folder = path.join(root, "tmp", "api");
rmSync(folder, { recursive: true, force: true });
const { program } = await findRuntime("deno");
const args = ["doc", "--html", "--name=Spillway", `--output=${folder}`, ...Object.values(exports)];
succeed(await run({ command: program, args }, { env: { NO_COLOR: "1" } }));

const faults = await lint(program, Object.values(exports));
if (faults.length > 0)
  refuse(`what is exported lacks doc comments, or names what is not exported:\n  ${faults.join("\n  ")}`);

const missing = Object.keys(exports).filter(
  (name) => !existsSync(path.join(folder, name === "." ? "" : name, "index.html")),
);
if (missing.length > 0) refuse(`tmp/api has no pages of ${missing.join(", ")}`);
console.log(`Open ${pathToFileURL(path.join(folder, "index.html")).href}`);

/**
 * Returns the findings of `deno doc --lint`, with their places.
 *
 * @param {string} deno
 * @param {string[]} files
 */
async function lint(deno, files) {
  const { output } = await run({ command: deno, args: ["doc", "--lint", ...files] }, { env: { NO_COLOR: "1" } });
  const found = [...output.matchAll(/^error\[([\w-]+)\]: (.*)\n\s+--> (.+?):(\d+):\d+$/gm)];
  const counted = Number(/Found (\d+) documentation lint error/.exec(output)?.[1] ?? 0);
  if (found.length !== counted) refuse(`the output of deno doc --lint is not understood:\n${output}`);
  return found.flatMap(([, kind, message, file = "", line]) => {
    const at = Number(line) - 1;
    const lines = readFileSync(file, "utf8").split("\n");
    if (kind === "missing-jsdoc" && (lines[at]?.endsWith("?: undefined;") || isDescribed(lines, at))) return [];
    return [`${path.relative(root, file)}:${line}: ${message}`];
  });
}

/** Whether a line is in a class that implements an interface. @param {string[]} lines @param {number} at */
function isDescribed(lines, at) {
  const before = lines.slice(0, at);
  const opened = before.findLastIndex((line) => /^export class .* implements /.test(line));
  return opened > before.lastIndexOf("}");
}
