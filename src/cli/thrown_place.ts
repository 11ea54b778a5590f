/** Finds where in a program something was thrown, as far as the runtime reveals it. No function here throws. */
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { describe, type ErrorText, escapeText, isError, takeApart } from "../core/mod.ts";

/** `/srv/chat.mjs:3:7`: the file, the line, and the column if it is known. */
type Place = string;

/** The most characters shown of a line of a stack. */
const LONGEST_LINE = 1_000;

/** The folders of this package's own files, in a checkout or an installation. */
const OWN_FOLDERS = ["src/", "dist/"].map((folder) => new URL(`../../${folder}`, import.meta.url).href);

/**
 * Returns the place of a thrown value: for a syntax error, the place of the error; otherwise the first frame of the stack that is
 * the user's.
 */
export function placeOf(thrown: unknown): Place | undefined {
  const { message, stack = "" } = takeApart(thrown, 0);
  return positionOf(firstError(thrown)) ?? placeIn(plain(message)) ?? headOf(plain(stack)) ?? frameOf(plain(stack));
}

/** Returns the stacks of a thrown value and its causes, indented, with Bun's report of code that it cannot parse. */
export function stackText(thrown: unknown): string {
  const lines: string[] = [];
  const errors = propertyOf(thrown, "errors");
  for (const error of Array.isArray(errors) && errors.length > 0 ? (errors as unknown[]) : [thrown]) {
    const position = positionOf(error);
    if (position !== undefined) lines.push(`${position}: ${describe(error)}`, sourceLine(error));
  }
  let label = "";
  for (let error: ErrorText | undefined = takeApart(thrown); error !== undefined; error = error.cause) {
    if (error.stack !== undefined) lines.push(...`${label}${error.stack}`.split("\n"));
    label = "caused by: ";
  }
  return lines.map((line) => `  ${escapeText(plain(line), LONGEST_LINE)}\n`).join("");
}

function sourceLine(error: unknown): string {
  const text = propertyOf(propertyOf(error, "position"), "lineText");
  return typeof text === "string" ? `  ${text}` : "";
}

/** Removes colours, which Deno adds to messages. */
export function plain(text: string): string {
  return stripVTControlCharacters(text);
}

/** Returns the first of several errors: Bun throws all syntax errors of a file together. */
export function firstError(thrown: unknown): unknown {
  const errors = isError(thrown) ? propertyOf(thrown, "errors") : undefined;
  return Array.isArray(errors) && errors.length > 0 ? (errors[0] as unknown) : thrown;
}

/** Returns a property of any value. */
export function propertyOf(thrown: unknown, name: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** Returns Bun's position of code that it cannot parse. */
function positionOf(thrown: unknown): Place | undefined {
  const position = propertyOf(thrown, "position");
  const [file, line, column] = ["file", "line", "column"].map((name) => propertyOf(position, name));
  if (typeof file !== "string" || file === "" || typeof line !== "number") return undefined;
  return `${file}:${line}:${String(column)}`;
}

/** Returns the place at the end of Deno's message: `… at file:///srv/chat.mjs:3:7`. */
function placeIn(message: string): Place | undefined {
  const [, url, position] = / at (file:\/\/\S+?)((?::\d+){1,2})$/.exec(message) ?? [];
  return url === undefined ? undefined : pathOf(url) + position;
}

/** Node writes the place of a syntax error before the stack: `file:///srv/chat.mjs:3`, and the line of code. */
function headOf(stack: string): Place | undefined {
  const [, file, line] = /^(file:\/\/\S+|\/.+|[A-Za-z]:\\.+):(\d+)\n/.exec(stack) ?? [];
  return file === undefined ? undefined : `${pathOf(file)}:${line}`;
}

function frameOf(stack: string): Place | undefined {
  const frames = [
    ...stack.matchAll(/^\s+at (?:.*\()?(file:\/\/[^\s)]+?|\/[^)\n]+?|[A-Za-z]:\\[^)\n]+?)(:\d+:\d+)\)?$/gm),
  ];
  const [, file, position] = frames.find(([, candidate = ""]) => !isOfPackage(candidate)) ?? [];
  return file === undefined ? undefined : pathOf(file) + position;
}

function isOfPackage(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file) || OWN_FOLDERS.some((own) => pathOf(file).startsWith(pathOf(own)));
}

function pathOf(file: string): string {
  try {
    return file.startsWith("file:") ? fileURLToPath(file) : file;
  } catch {
    return file;
  }
}
