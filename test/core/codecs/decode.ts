import { type Bytes, type Decoder, type LinesOptions, lines, SpillwayError } from "../../../src/core/mod.ts";

/** What the decoder gives for these chunks: frames, and errors as `!code`, in their places. Keeps to its contract. */
export function decodeLines(options: LinesOptions, chunks: readonly Bytes[]): string[] {
  const decoder = lines(options as LinesOptions & { encoding: "bytes" }).decoder() as Decoder<string | Bytes>;
  const given: string[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    takeAll(decoder, given);
  }
  decoder.end();
  takeAll(decoder, given);
  return given;
}

function takeAll(decoder: Decoder<string | Bytes>, given: string[]): void {
  for (;;) {
    try {
      const frame = decoder.next();
      if (frame === undefined) return;
      given.push(typeof frame === "string" ? frame : String.fromCharCode(...frame));
    } catch (error) {
      if (!(error instanceof SpillwayError)) throw error;
      given.push(`!${error.code}`);
    }
  }
}
