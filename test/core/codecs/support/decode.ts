import { type Bytes, type Codec, type Decoder, SpillwayError } from "../../../../src/core/mod.ts";
import { bounded } from "../../../support/bounded.ts";
import { textOf } from "./byte_strings.ts";

export const TOO_LARGE = "!frame-too-large";
export const INVALID = "!frame-invalid";
export const CUT_OFF = "!unexpected-eof";
/** Stands behind an error after which the decoder does not know where the next frame begins. */
export const LOST = "!lost";
/** Stands behind the text of a frame that is only the beginning of one. */
export const CUT = "…";

/** A source of decoders, whatever their frames are. */
export type Decodes = Pick<Codec<unknown, never>, "decoder">;

/** With the decoder for `invalidFrame: "truncate"`. */
export function truncating(codec: Codec<unknown, never>): Decodes {
  return { decoder: () => codec.truncatingDecoder?.() ?? codec.decoder() };
}

/**
 * Returns the frames that a codec's decoder makes of these chunks, as text, and errors as `!code`, in their places. Keeps to the
 * contract: a decoder that is lost is asked nothing more.
 */
export function decode(codec: Decodes, chunks: readonly Bytes[]): string[] {
  const decoder = codec.decoder();
  const given: string[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    if (!takeAll(decoder, given)) return given;
  }
  decoder.end();
  takeAll(decoder, given);
  return given;
}

/** The same, where nothing is said of a frame but the frame. */
export function unmarked(gives: readonly string[]): readonly string[] {
  return gives.map((given) => given.replace(CUT, ""));
}

/** Frames of bytes: a character a byte. */
export function frameText(frame: unknown): string {
  if (typeof frame === "string") return frame;
  return frame instanceof Uint8Array ? textOf(frame) : JSON.stringify(frame);
}

/** Asks until there is nothing, and then once more, as sessions do. Whether the decoder can go on. */
function takeAll(decoder: Decoder<unknown>, given: string[]): boolean {
  const step = bounded();
  for (let empty = 0; empty < 2 && step(); ) {
    try {
      const frame = decoder.next();
      if (frame === undefined) empty += 1;
      else given.push(decoder.truncated === true ? `${frameText(frame)}${CUT}` : frameText(frame));
    } catch (error) {
      if (!(error instanceof SpillwayError)) throw error;
      given.push(`!${error.code}`);
      if (decoder.lost !== true) continue;
      given.push(LOST);
      return false;
    }
  }
  return true;
}
