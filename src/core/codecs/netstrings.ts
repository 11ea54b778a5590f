import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec, Encoder, Output } from "./codec.ts";
import { DecimalHeader } from "./decimal_header.ts";
import { frameLimit } from "./frame_limit.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { PrefixedDecoder } from "./prefixed_decoder.ts";

const COLON = 0x3a;
const COMMA = 0x2c;

const OPTIONS: OptionNames<NetstringsOptions> = { maxFrameBytes: true };

/** Settings of {@link netstrings}. */
export interface NetstringsOptions {
  /** The longest payload in bytes. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
}

/**
 * Netstrings: `5:hello,`. The length has no leading zero. Any other violation of the format is `frame-invalid` too, and
 * ends the connection with any policy, because the beginning of the next frame is unknown. See
 * https://cr.yp.to/proto/netstrings.txt.
 *
 * A frame is a `Uint8Array`. A reply may also be a string, which is sent as UTF-8.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`)
 *
 * @example
 * ```ts
 * import { netstrings } from "spillway/codecs";
 *
 * const decoder = netstrings().decoder();
 * decoder.push(new TextEncoder().encode("5:hello,0:,"));
 * console.log(decoder.next()?.length, decoder.next()?.length); // 5 0
 * ```
 */
export function netstrings(options: NetstringsOptions = {}): Codec<Bytes, Payload> {
  checkOptions(options, OPTIONS);
  const max = frameLimit(options.maxFrameBytes);
  return {
    decoder: () =>
      new PrefixedDecoder({
        name: "a netstring",
        header: new DecimalHeader(COLON, 1),
        max,
        trailer: COMMA,
      }),
    encoder: () => encoder,
  };
}

const encoder: Encoder<Payload> = {
  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    output.text(`${payload.length}:`);
    output.bytes(payload);
    output.text(",");
  },
};
