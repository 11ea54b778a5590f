import type { Bytes, LinesOptions } from "../../../src/core/mod.ts";

/** What a decoder must give, computed from the whole input in the most obvious way. */
export function splitLines(input: Bytes, options: LinesOptions): string[] {
  const { maxFrameBytes: max = 65_536, unterminated = "reject" } = options;
  const given: string[] = [];
  let start = 0;
  for (let lf = input.indexOf(10); lf >= 0; lf = input.indexOf(10, start)) {
    const end = lf > start && input[lf - 1] === 13 ? lf - 1 : lf;
    given.push(end - start > max ? "!frame-too-large" : textOf(input.subarray(start, end), options));
    start = lf + 1;
  }
  const rest = input.subarray(start);
  if (rest.length === 0) return given;
  if (unterminated === "deliver") return [...given, rest.length > max ? "!frame-too-large" : textOf(rest, options)];
  const certainlyTooLarge = rest.length > max + 1 || (rest.length === max + 1 && rest.at(-1) !== 13);
  return [...given, ...(certainlyTooLarge ? ["!frame-too-large"] : []), "!unexpected-eof"];
}

function textOf(payload: Bytes, { encoding = "utf-8", fatal = false }: LinesOptions): string {
  if (encoding !== "utf-8") return String.fromCharCode(...payload);
  try {
    return new TextDecoder("utf-8", { fatal, ignoreBOM: true }).decode(payload);
  } catch {
    return "!frame-invalid";
  }
}
