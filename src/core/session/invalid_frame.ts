import type { Codec, Decoder } from "../codecs/codec.ts";

/**
 * The policy for frames that are too large or malformed:
 *
 * - `"close"`: the connection ends with a fault frame.
 * - `"skip"`: exactly that frame is dropped, and reported to the observer.
 * - `"truncate"`: the first `maxFrameBytes` of a frame that is too large are handled, with `context.truncated`, and the
 *   rest is dropped. A malformed frame is dropped, as with `"skip"`.
 *
 * If a malformed frame hides where the next one begins, the connection ends with any policy.
 */
export type InvalidFramePolicy = "close" | "skip" | "truncate";

export const INVALID_FRAME_POLICIES: readonly InvalidFramePolicy[] = ["close", "skip", "truncate"];

/** @throws {TypeError} the codec cannot do what the policy asks for */
export function checkTruncates(codec: Codec<unknown, never>, policy: InvalidFramePolicy): void {
  if (policy !== "truncate" || codec.truncatingDecoder !== undefined) return;
  throw new TypeError(
    'invalidFrame "truncate" needs a codec that can give the beginning of a frame: lines(), delimited(), octetCounted(), bytes(), or text() or mapCodec() around one',
  );
}

/** Returns a decoder for one connection that follows the policy. @throws {TypeError} the codec has none */
export function decoderFor<In>(codec: Codec<In, never>, policy: InvalidFramePolicy): Decoder<In> {
  if (policy !== "truncate") return codec.decoder();
  checkTruncates(codec, policy);
  return codec.truncatingDecoder?.() as Decoder<In>;
}
