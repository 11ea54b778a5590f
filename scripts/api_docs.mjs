// @ts-check
// npm run docs:api: the documentation of every export as HTML, one page a symbol, in tmp/api. Deno makes it of the types and
// the doc comments.
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
const output = path.join(root, "tmp", "api");
rmSync(output, { recursive: true, force: true });
const { program } = await findRuntime("deno");
const args = ["doc", "--html", "--name=Spillway", `--output=${output}`, ...Object.values(exports)];
succeed(await run({ command: program, args }, { env: { NO_COLOR: "1" } }));

const missing = Object.keys(exports).filter(
  (name) => !existsSync(path.join(output, name === "." ? "" : name, "index.html")),
);
if (missing.length > 0) refuse(`tmp/api has no pages of ${missing.join(", ")}`);
console.log(`Open ${pathToFileURL(path.join(output, "index.html")).href}`);
