import { SpillwayError } from "../errors/errors.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec, Encoder, Output } from "./codec.ts";
import type { FrameInput } from "./frame_input.ts";
import { frameLimit } from "./frame_limit.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { type Header, PrefixedDecoder } from "./prefixed_decoder.ts";
import { cutPiece } from "./slab.ts";

/** The weight of the lowest bit of a sixth byte. Five bytes of seven bits each hold 32 bits. */
const TOO_HEAVY = 128 ** 5;
const MAX_LENGTH = 2 ** 32 - 1;

const OPTIONS: OptionNames<VarintPrefixedOptions> = { maxFrameBytes: true };

/** Settings of {@link varintPrefixed}. */
export interface VarintPrefixedOptions {
  /** The longest payload in bytes. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
}

/**
 * Frames preceded by their length as a base-128 varint: the size-delimited messages of protobuf (`writeDelimitedTo`,
 * `sizeDelimitedEncode`). A length has at most five bytes, and is at most 2^32 − 1. Any other length is
 * `frame-invalid`, and ends the connection even with `invalidFrame: "skip"`, because the beginning of the next message
 * is unknown.
 *
 * A frame is a `Uint8Array`. A reply may also be a string, which is sent as UTF-8.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`)
 *
 * @example
 * ```ts
 * import { varintPrefixed } from "spillway/codecs";
 *
 * const decoder = varintPrefixed().decoder();
 * decoder.push(Uint8Array.of(3, 97, 98, 99));
 * console.log(new TextDecoder().decode(decoder.next())); // abc
 * ```
 */
export function varintPrefixed(options: VarintPrefixedOptions = {}): Codec<Bytes, Payload> {
  checkOptions(options, OPTIONS);
  const max = frameLimit(options.maxFrameBytes);
  return {
    decoder: () => new PrefixedDecoder({ name: "a message", header: new Varint(), max }),
    encoder: () => encoder,
  };
}

class Varint implements Header {
  #length = 0;
  /** The weight of the next byte. */
  #weight = 1;

  read(input: FrameInput): number | undefined {
    for (let byte = input.byte(); byte >= 0; byte = input.byte()) {
      this.#length += (byte & 0x7f) * this.#weight;
      this.#weight *= 128;
      if (byte <= 0x7f) return this.#take();
      if (this.#weight === TOO_HEAVY) throw tooLong();
    }
    return undefined;
  }

  #take(): number {
    const length = this.#length;
    if (length > MAX_LENGTH) throw tooLong();
    this.#length = 0;
    this.#weight = 1;
    return length;
  }
}

function tooLong(): SpillwayError {
  return new SpillwayError("frame-invalid", "a length of more than 32 bits");
}

const encoder: Encoder<Payload> = {
  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    output.bytes(varint(payload.length));
    output.bytes(payload);
  },
};

function varint(length: number): Bytes {
  if (length > MAX_LENGTH) throw new SpillwayError("reply-invalid", "a message of more than 2^32 - 1 bytes");
  let count = 1;
  while (length >= 128 ** count) count += 1;
  const bytes = cutPiece(count);
  for (let index = 0; index < count; index++) {
    bytes[index] = (Math.floor(length / 128 ** index) % 128) + (index < count - 1 ? 0x80 : 0);
  }
  return bytes;
}
