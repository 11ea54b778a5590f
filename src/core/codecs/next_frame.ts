import type { Decoder } from "./codec.ts";

/** The source of a decoder's input. */
export interface DecoderInput {
  /** Called when the decoder has no frame. Gives it a chunk or the end of the input, or returns false. */
  feed(): boolean;
}

/**
 * Returns the next frame of `decoder`, which gets input only when it has no frame. Returns `undefined` when there is no
 * further input.
 *
 * @throws what the decoder throws
 */
export function nextFrame<Frame>(decoder: Decoder<Frame>, input: DecoderInput): Frame | undefined {
  for (;;) {
    const frame = decoder.next();
    if (frame !== undefined || !input.feed()) return frame;
  }
}
