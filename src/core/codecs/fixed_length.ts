import { SpillwayError } from "../errors/errors.ts";
import { checkWhole } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec, Decoder, Encoder, Output } from "./codec.ts";
import { FrameInput } from "./frame_input.ts";
import { type Payload, payloadBytes } from "./payload.ts";

const OPTIONS: OptionNames<FixedLengthOptions> = { bytes: true };

/** Settings of {@link fixedLength}. */
export interface FixedLengthOptions {
  /** The length of every frame in bytes. A whole number of at least 1. */
  readonly bytes: number;
}

/**
 * Frames of a fixed length, without delimiters. A frame is a `Uint8Array`. A reply may also be a string, which is sent
 * as UTF-8, and must have the same length (`reply-invalid`).
 *
 * @throws {RangeError} for `bytes` that is not a whole number of at least 1
 *
 * @example
 * ```ts
 * import { fixedLength } from "spillway/codecs";
 *
 * const decoder = fixedLength({ bytes: 2 }).decoder();
 * decoder.push(Uint8Array.of(1, 2, 3));
 * console.log(decoder.next(), decoder.next()); // Uint8Array(2) [ 1, 2 ] undefined
 * ```
 */
export function fixedLength(options: FixedLengthOptions): Codec<Bytes, Payload> {
  checkOptions(options, OPTIONS);
  const { bytes } = options;
  checkWhole("bytes", bytes);
  const encoder: Encoder<Payload> = {
    encode(frame: Payload, output: Output): void {
      const payload = payloadBytes(frame);
      if (payload.length !== bytes) {
        throw new SpillwayError("reply-invalid", `a frame must have ${bytes} bytes, not ${payload.length}`);
      }
      output.bytes(payload);
    },
  };
  return { decoder: () => new FixedLengthDecoder(bytes), encoder: () => encoder };
}

class FixedLengthDecoder implements Decoder<Bytes> {
  readonly #input = new FrameInput();
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get midFrame(): boolean {
    return this.#input.length > 0;
  }

  push(chunk: Bytes): void {
    this.#input.push(chunk);
  }

  next(): Bytes | undefined {
    if (this.#input.reach(this.#bytes)) return this.#input.take();
    if (!this.#input.ended || !this.midFrame) return undefined;
    this.#input.drop();
    throw new SpillwayError("unexpected-eof", `the input ended within a frame of ${this.#bytes} bytes`);
  }

  end(): void {
    this.#input.ended = true;
  }

  unread(): Bytes {
    return this.#input.unread();
  }
}
