import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

const NOT_OURS = new Set(["node_modules", "dist", ".git", "tmp"]);

export interface SourceFile {
  /** From the root, with slashes on every system. */
  readonly path: string;
  readonly text: string;
}

/** The files below a folder of the repository, built and installed ones apart. */
export function filesIn(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (NOT_OURS.has(entry.name)) continue;
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesIn(file));
    else found.push(file);
  }
  return found.toSorted();
}

export function read(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}

/** The programs below a folder. A rule over nothing proves nothing, so an empty folder is an error. */
export function sourcesIn(folder: string): SourceFile[] {
  const sources = filesIn(folder)
    .filter((file) => /\.(m?js|ts)$/.test(file))
    .map((file) => ({ path: file, text: read(file) }));
  if (sources.length === 0) throw new Error(`no sources in ${folder}`);
  return sources;
}

const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;

/** A text with its comments blanked, line by line as it was. */
function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) => (match.startsWith("/") ? blank(match) : match));
}

/** A text with comments and the insides of strings blanked: what is left is code. */
export function codeOnly(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) =>
    match.startsWith("/") ? blank(match) : `"${blank(match.slice(2))}"`,
  );
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** Returns the imports of a program: static, dynamic, or of a type. */
export function importsOf(source: SourceFile): string[] {
  const imports = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\s]+)["']/g;
  return [...withoutComments(source.text).matchAll(imports)].map((match) => match[1] as string);
}

/** The lines of a text that match, as `path:line  text`, for a readable failure. */
export function linesMatching(source: SourceFile, pattern: RegExp): string[] {
  return source.text
    .split("\n")
    .map((line, index) => ({ line, at: `${source.path}:${index + 1}` }))
    .filter(({ line }) => pattern.test(line))
    .map(({ line, at }) => `${at}  ${line.trim()}`);
}
