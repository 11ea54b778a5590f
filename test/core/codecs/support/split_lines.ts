import type { Bytes, LinesOptions } from "../../../../src/core/mod.ts";
import { textOf as byteText } from "./byte_strings.ts";

/** Returns the frames that a decoder must give, computed from the whole input in the most obvious way. */
export function splitLines(input: Bytes, options: LinesOptions, truncates: boolean = false): string[] {
  const { maxFrameBytes: max = 65_536, unterminated = "reject" } = options;
  const tooLarge = (line: Bytes) => (truncates ? beginningOf(line.subarray(0, max), options) : "!frame-too-large");
  const given: string[] = [];
  let start = 0;
  for (let lf = input.indexOf(10); lf >= 0; lf = input.indexOf(10, start)) {
    const end = lf > start && input[lf - 1] === 13 ? lf - 1 : lf;
    given.push(end - start > max ? tooLarge(input.subarray(start, end)) : textOf(input.subarray(start, end), options));
    start = lf + 1;
  }
  const rest = input.subarray(start);
  if (rest.length === 0) return given;
  if (unterminated === "deliver") return [...given, rest.length > max ? tooLarge(rest) : textOf(rest, options)];
  const certainlyTooLarge = rest.length > max + 1 || (rest.length === max + 1 && rest.at(-1) !== 13);
  return [...given, ...(certainlyTooLarge ? [tooLarge(rest)] : []), "!unexpected-eof"];
}

/** A character that the cut has split is left out: without it, what was cut is longer by replacement characters. */
function beginningOf(payload: Bytes, options: LinesOptions): string {
  if (options.encoding === undefined || options.encoding === "utf-8") {
    for (let length = payload.length - 1; length >= Math.max(0, payload.length - 3); length--) {
      const split = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      try {
        // Nothing comes out of a stream while a character is not whole.
        if (split.decode(payload.subarray(length), { stream: true }) !== "") continue;
        return withCut(textOf(payload.subarray(0, length), options));
      } catch {
        // Not the beginning of a character.
      }
    }
  }
  return withCut(textOf(payload, options));
}

function withCut(text: string): string {
  return text.startsWith("!") ? text : `${text}…`;
}

function textOf(payload: Bytes, { encoding = "utf-8", fatal = false }: LinesOptions): string {
  if (encoding !== "utf-8") return byteText(payload);
  try {
    return new TextDecoder("utf-8", { fatal, ignoreBOM: true }).decode(payload);
  } catch {
    return "!frame-invalid";
  }
}
