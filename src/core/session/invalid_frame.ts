import type { Codec, Decoder } from "../codecs/codec.ts";

/**
 * What a frame that is too large or malformed does to its connection:
 *
 * - `"close"`: ends it with a fault frame.
 * - `"skip"`: nothing: exactly that frame is dropped, and reported to the observer.
 * - `"truncate"`: the first `maxFrameBytes` of one that is too large are handled, with `context.truncated`, and the rest is
 *   dropped. One that is malformed is dropped as with `"skip"`.
 *
 * Where a malformed frame hides where the next one begins, the connection ends whatever the policy.
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

/** A decoder for one connection, which does what the policy asks for. @throws {TypeError} it cannot */
export function decoderFor<In>(codec: Codec<In, never>, policy: InvalidFramePolicy): Decoder<In> {
  if (policy !== "truncate") return codec.decoder();
  checkTruncates(codec, policy);
  return codec.truncatingDecoder?.() as Decoder<In>;
}
