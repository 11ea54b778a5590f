/** Explains why a module does not load, and where the fault is. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { isError, takeApart } from "../core/mod.ts";
import { type Failure, firstLine, usageFailure } from "./failure.ts";
import { placeOf, propertyOf } from "./thrown_place.ts";

/** The most files checked for a syntax error, and the time limit for each. */
const MOST_FILES = 64;
const CHECK_TIMEOUT_MS = 10_000;

/** Explains a failure to load a module. `path` is the path that the user gave; `file` is its location. */
export async function loadFailure(path: string, file: string, cause: unknown): Promise<Failure> {
  const reason = firstLine(cause);
  if (propertyOf(cause, "code") === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[cm]?ts\b/.test(reason)) {
    return usageFailure(`cannot load ${path}: ${typeScriptAdvice(path)}`, { cause });
  }
  const found = (isUnplacedSyntaxError(cause) ? await checkFiles(file) : undefined) ?? cause;
  return usageFailure(`cannot load ${path}: ${reasonAndPlace(found)}`, { cause: found });
}

/** Returns the first line of a thrown value, and the place where it was thrown. */
export function reasonAndPlace(thrown: unknown): string {
  const place = placeOf(thrown);
  const reason = firstLine(thrown).replace(/ at file:\/\/\S+$/, "");
  return place === undefined ? reason : `${reason} (${place})`;
}

function typeScriptAdvice(path: string): string {
  return (
    `Node ${process.versions.node} does not load TypeScript; use Node 22.18 or later, or ` +
    `'deno run -A npm:spillway serve ${path}', or 'bunx --bun spillway serve ${path}', or compile it to JavaScript with tsc`
  );
}

/** Reports whether the place of a syntax error is unknown: Node does not name it for an ES module. */
function isUnplacedSyntaxError(cause: unknown): boolean {
  if ("deno" in process.versions || "bun" in process.versions) return false;
  return isError(cause) && takeApart(cause, 0).name === "SyntaxError" && placeOf(cause) === undefined;
}

/** Asks Node which of a file and its imports it cannot parse; none of these files is run. */
async function checkFiles(entry: string): Promise<Error | undefined> {
  const files = new Set([entry]);
  for (const file of files) {
    const output = await checkSyntax(file);
    if (output !== undefined) {
      const error = new SyntaxError(/^SyntaxError.*?: (.*)$/m.exec(output)?.[1]);
      error.stack = output.trimEnd();
      return error;
    }
    for (const imported of await importsOf(file)) if (files.size < MOST_FILES) files.add(imported);
  }
  return undefined;
}

/** Returns Node's message about a file that it cannot parse. */
function checkSyntax(file: string): Promise<string | undefined> {
  return new Promise((done) => {
    let output = "";
    const child = spawn(process.execPath, ["--check", file], { stdio: ["ignore", "ignore", "pipe"] });
    const timer = setTimeout(() => child.kill(), CHECK_TIMEOUT_MS);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", () => done(undefined));
    child.on("close", (code) => {
      clearTimeout(timer);
      done(code !== 0 && output.includes("SyntaxError") ? output : undefined);
    });
  });
}

/** Returns the files of the same program that a file seems to import. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const imports = text.matchAll(/\b(?:from|import)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]+)\1/g);
  return [...imports].map(([, , specifier = ""]) => resolve(dirname(file), specifier));
}
