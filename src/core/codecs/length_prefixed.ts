import { SpillwayError } from "../errors/errors.ts";
import { checkBoolean, checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec, Encoder, Output } from "./codec.ts";
import type { FrameInput } from "./frame_input.ts";
import { frameLimit } from "./frame_limit.ts";
import type { Endian } from "./integers.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { type Header, PrefixedDecoder } from "./prefixed_decoder.ts";
import { cutPiece } from "./slab.ts";

const WIDTHS: readonly number[] = [1, 2, 3, 4, 6, 8];
/** The maximum of `lengthOffset`: those bytes are a header, not a payload. */
const LONGEST_OFFSET = 1_024;

const OPTIONS: OptionNames<LengthPrefixedOptions> = {
  width: true,
  endian: true,
  lengthOffset: true,
  lengthAdjustment: true,
  includesHeader: true,
  stripHeader: true,
  maxFrameBytes: true,
};

/** Settings of {@link lengthPrefixed}. */
export interface LengthPrefixedOptions {
  /** The size of the length field in bytes. */
  readonly width: 1 | 2 | 3 | 4 | 6 | 8;
  /** The byte order of the length field. Default `"big"`. */
  readonly endian?: Endian;
  /**
   * The number of bytes before the length field. 0 to 1024; default 0. The *header* is these bytes and the length
   * field.
   */
  readonly lengthOffset?: number;
  /** The number to add to the length to get the number of bytes after the header. A whole number; default 0. */
  readonly lengthAdjustment?: number;
  /** Whether the length includes the header. Default false. */
  readonly includesHeader?: boolean;
  /** Whether frames are delivered without their header. Default true. */
  readonly stripHeader?: boolean;
  /** The maximum number of bytes after the header. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
}

/**
 * Frames preceded by their length in binary, as in most binary protocols.
 *
 * A length above `maxFrameBytes` is `frame-too-large`. A length above 2^53 − 1, or negative after the adjustment, is
 * `frame-invalid`, and ends the connection even with `invalidFrame: "skip"`, because the beginning of the next frame is
 * unknown. Both are reported before any of the payload is kept.
 *
 * A frame is a `Uint8Array`. A reply may also be a string, which is sent as UTF-8. The length of a reply is filled in.
 * With `stripHeader: false`, a reply begins with its header, whose length field is overwritten. With `stripHeader` and
 * a `lengthOffset`, the bytes before the length field are sent as zeros. A reply whose length does not fit the length
 * field, or is above 2^53 − 1, is `reply-invalid`.
 *
 * @throws {TypeError | RangeError} for a setting of another type, or out of its range
 *
 * @example
 * ```ts
 * import { lengthPrefixed } from "spillway/codecs";
 *
 * const decoder = lengthPrefixed({ width: 2 }).decoder();
 * decoder.push(Uint8Array.of(0, 3, 97, 98, 99, 0));
 * console.log(new TextDecoder().decode(decoder.next()), decoder.next()); // abc undefined
 * ```
 */
export function lengthPrefixed(options: LengthPrefixedOptions): Codec<Bytes, Payload> {
  checkOptions(options, OPTIONS);
  const layout = new Layout(options);
  const max = frameLimit(options.maxFrameBytes);
  const { stripHeader = true } = options;
  checkBoolean("stripHeader", stripHeader);
  const keepHeader = !stripHeader;
  const encoder = keepHeader ? new HeaderEncoder(layout) : new PayloadEncoder(layout);
  return {
    decoder: () =>
      new PrefixedDecoder({
        name: "a frame",
        header: new LengthHeader(layout),
        max,
        keepHeader,
      }),
    encoder: () => encoder,
  };
}

/** The position of the length field, and the bytes that it counts. */
class Layout {
  readonly width: number;
  readonly bigEndian: boolean;
  readonly offset: number;
  readonly headerBytes: number;
  /** The number to add to the length to get the number of bytes after the header. */
  readonly adjustment: number;

  constructor(options: LengthPrefixedOptions) {
    const { width, endian = "big", lengthOffset = 0, lengthAdjustment = 0, includesHeader = false } = options;
    if (!WIDTHS.includes(width)) throw new RangeError(`width must be 1, 2, 3, 4, 6 or 8, not ${width}`);
    checkChoice("endian", endian, ["big", "little"]);
    checkBoolean("includesHeader", includesHeader);
    if (!(Number.isInteger(lengthOffset) && lengthOffset >= 0 && lengthOffset <= LONGEST_OFFSET)) {
      throw new RangeError(`lengthOffset must be a whole number from 0 to ${LONGEST_OFFSET}, not ${lengthOffset}`);
    }
    if (!Number.isSafeInteger(lengthAdjustment)) {
      throw new RangeError(`lengthAdjustment must be a whole number, not ${lengthAdjustment}`);
    }
    this.width = width;
    this.bigEndian = endian === "big";
    this.offset = lengthOffset;
    this.headerBytes = lengthOffset + width;
    this.adjustment = lengthAdjustment - (includesHeader ? this.headerBytes : 0);
  }

  /**
   * Writes the length of a body into `header`.
   *
   * @throws {SpillwayError} `reply-invalid` if the length does not fit
   */
  write(header: Uint8Array, bodyBytes: number): void {
    const length = bodyBytes - this.adjustment;
    if (length > Number.MAX_SAFE_INTEGER) throw new SpillwayError("reply-invalid", "a length above 2^53 - 1");
    if (length < 0 || length >= 256 ** this.width) {
      throw new SpillwayError("reply-invalid", `a length of ${length} does not fit ${this.width} bytes`);
    }
    let left = length;
    for (let index = 0; index < this.width; index++) {
      header[this.bigEndian ? this.headerBytes - 1 - index : this.offset + index] = left % 256;
      left = Math.floor(left / 256);
    }
  }
}

class LengthHeader implements Header {
  readonly #layout: Layout;
  #count = 0;
  #length = 0;
  /** The weight of the next byte, little-endian. */
  #weight = 1;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  read(input: FrameInput): number | undefined {
    const { bigEndian, headerBytes, offset } = this.#layout;
    for (; this.#count < headerBytes; this.#count += 1) {
      const byte = input.byte();
      if (byte < 0) return undefined;
      if (this.#count >= offset) this.#addDigit(byte, bigEndian);
    }
    const length = this.#length;
    this.#count = this.#length = 0;
    this.#weight = 1;
    return this.#bodyBytes(length);
  }

  #addDigit(byte: number, bigEndian: boolean): void {
    if (bigEndian) this.#length = this.#length * 256 + byte;
    else {
      this.#length += byte * this.#weight;
      this.#weight *= 256;
    }
  }

  #bodyBytes(length: number): number {
    // Above 2^53 a double is not exact, but a growing length never becomes small again.
    if (length > Number.MAX_SAFE_INTEGER) throw new SpillwayError("frame-invalid", "a length above 2^53 - 1");
    const bodyBytes = length + this.#layout.adjustment;
    if (bodyBytes >= 0) return bodyBytes;
    throw new SpillwayError("frame-invalid", `a length of ${length} that leaves ${bodyBytes} bytes for the frame`);
  }
}

/** Encodes frames without a header, which it adds. */
class PayloadEncoder implements Encoder<Payload> {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    const header = cutPiece(this.#layout.headerBytes).fill(0);
    this.#layout.write(header, payload.length);
    output.bytes(header);
    output.bytes(payload);
  }
}

/** Encodes frames that begin with their header. */
class HeaderEncoder implements Encoder<Payload> {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  encode(frame: Payload, output: Output): void {
    const bytes = payloadBytes(frame);
    const { headerBytes } = this.#layout;
    if (bytes.length < headerBytes) {
      throw new SpillwayError("reply-invalid", `a frame begins with its header of ${headerBytes} bytes`);
    }
    const header = cutPiece(headerBytes);
    header.set(bytes.subarray(0, headerBytes));
    this.#layout.write(header, bytes.length - headerBytes);
    output.bytes(header);
    output.bytes(bytes.subarray(headerBytes));
  }
}
