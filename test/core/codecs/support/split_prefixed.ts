import type { Bytes } from "../../../../src/core/mod.ts";
import { textOf } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";

/** Where a payload begins, and how long it is; or why there is none. */
export type Prefix = { readonly start: number; readonly length: number } | "cut off" | "invalid";

/** How a format is read off the whole input, as a byte string. */
export interface PrefixedFormat {
  readonly max: number;
  readonly trailer?: string;
  readonly keepHeader?: boolean;
  prefixAt(input: string, at: number): Prefix;
}

/** Returns the frames that a decoder of frames behind their lengths must give, computed from the whole input in the most obvious way. */
export function splitPrefixed(bytes: Bytes, format: PrefixedFormat): string[] {
  const { max, trailer = "", keepHeader = false } = format;
  const input = textOf(bytes);
  const given: string[] = [];
  for (let at = 0; at < input.length; ) {
    const prefix = format.prefixAt(input, at);
    if (prefix === "invalid") return [...given, INVALID, LOST];
    if (prefix === "cut off") return [...given, CUT_OFF];
    const end = prefix.start + prefix.length;
    const next = end + trailer.length;
    const tooLarge = prefix.length > max;
    if (tooLarge) given.push(TOO_LARGE);
    if (next > input.length) return [...given, CUT_OFF];
    if (!tooLarge && input.slice(end, next) !== trailer) return [...given, INVALID, LOST];
    if (!tooLarge) given.push(input.slice(keepHeader ? at : prefix.start, end));
    at = next;
  }
  return given;
}

/** Digits, without a leading zero, and then `mark`. */
export function decimalPrefix(input: string, at: number, mark: string): Prefix {
  const digits = /^\d*/.exec(input.slice(at))?.[0] ?? "";
  if (/^0\d/.test(digits) || Number(digits) >= Number.MAX_SAFE_INTEGER) return "invalid";
  const start = at + digits.length + 1;
  if (start > input.length) return "cut off";
  return digits === "" || input[start - 1] !== mark ? "invalid" : { start, length: Number(digits) };
}
