import { SpillwayError } from "../errors/errors.ts";
import { checkBoolean, checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec } from "./codec.ts";
import { fixedLength } from "./fixed_length.ts";
import { mapCodec } from "./map_codec.ts";
import { cutPiece } from "./slab.ts";

/**
 * The byte order: `"big"`, most significant byte first (network order), or `"little"`, least significant byte first.
 */
export type Endian = "big" | "little";

const OPTIONS: OptionNames<IntegerOptions> = { endian: true, signed: true };

/** Settings of {@link int16} and {@link int32}. */
export interface IntegerOptions {
  /** The order of the bytes. Default `"big"`, that of networks. */
  readonly endian?: Endian;
  /** Whether numbers may be negative (two's complement). Default true. */
  readonly signed?: boolean;
}

/**
 * Numbers of two bytes: −32768 to 32767, or 0 to 65535 with `signed: false`. A reply that is not a whole number in that
 * range is `reply-invalid`.
 *
 * @throws {TypeError | RangeError} for an unknown `endian`, or a `signed` that is no boolean
 *
 * @example
 * ```ts
 * import { int16 } from "spillway/codecs";
 *
 * const decoder = int16({ endian: "little" }).decoder();
 * decoder.push(Uint8Array.of(0xfe, 0xff, 0x2a));
 * console.log(decoder.next(), decoder.next()); // -2 undefined
 * ```
 */
export function int16(options: IntegerOptions = {}): Codec<number> {
  return integers(2, options);
}

/**
 * Numbers of four bytes: −2147483648 to 2147483647, or 0 to 4294967295 with `signed: false`. A reply that is not a
 * whole number in that range is `reply-invalid`.
 *
 * @throws {TypeError | RangeError} for an unknown `endian`, or a `signed` that is no boolean
 *
 * @example
 * ```ts
 * import { int32 } from "spillway/codecs";
 *
 * const decoder = int32().decoder();
 * decoder.push(Uint8Array.of(0, 0, 1, 0));
 * console.log(decoder.next()); // 256
 * ```
 */
export function int32(options: IntegerOptions = {}): Codec<number> {
  return integers(4, options);
}

function integers(width: 2 | 4, options: IntegerOptions): Codec<number> {
  checkOptions(options, OPTIONS);
  const { endian = "big", signed = true } = options;
  checkChoice("endian", endian, ["big", "little"]);
  checkBoolean("signed", signed);
  const unused = 32 - 8 * width;
  const most = signed ? 2 ** (8 * width - 1) - 1 : 2 ** (8 * width) - 1;
  const least = signed ? -most - 1 : 0;
  return mapCodec(fixedLength({ bytes: width }), {
    decode: (bytes) => {
      const bits = bitsOf(bytes, endian) << unused;
      return signed ? bits >> unused : bits >>> unused;
    },
    encode: (number: number) => {
      if (Number.isInteger(number) && number >= least && number <= most) return bytesOf(number, width, endian);
      throw new SpillwayError("reply-invalid", `not a whole number from ${least} to ${most}: ${String(number)}`);
    },
  });
}

function bitsOf(bytes: Bytes, endian: Endian): number {
  let bits = 0;
  for (let index = 0; index < bytes.length; index++) {
    bits = (bits << 8) | (bytes[endian === "big" ? index : bytes.length - 1 - index] as number);
  }
  return bits;
}

function bytesOf(number: number, width: number, endian: Endian): Bytes {
  const bytes = cutPiece(width);
  for (let index = 0; index < width; index++) {
    bytes[endian === "big" ? width - 1 - index : index] = number >> (8 * index);
  }
  return bytes;
}
