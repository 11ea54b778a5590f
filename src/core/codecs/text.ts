import { SpillwayError } from "../errors/errors.ts";
import { checkBoolean, checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec } from "./codec.ts";
import { decodeLatin1, encodeLatin1 } from "./latin1.ts";
import { mapCodec } from "./map_codec.ts";
import type { Payload } from "./payload.ts";
import { wholeCharacters } from "./utf8.ts";

const OPTIONS: OptionNames<TextOptions> = { fatal: true };

/** Settings of {@link text}. */
export interface TextOptions {
  /** Whether invalid UTF-8 is `frame-invalid` (true) or becomes U+FFFD (false, the default). */
  readonly fatal?: boolean;
}

/**
 * Strings instead of bytes, over any codec of bytes. A frame that the codec below has truncated ends with a whole
 * character.
 *
 * @param encoding `"utf-8"` (default) or `"latin1"` (ISO 8859-1, byte for byte)
 * @throws {TypeError | RangeError} not a codec, an unknown encoding, or a `fatal` that is not a boolean
 *
 * @example
 * ```ts
 * import { netstrings, text } from "spillway/codecs";
 *
 * const decoder = text(netstrings()).decoder();
 * decoder.push(new TextEncoder().encode("7:größe,"));
 * console.log(decoder.next()); // größe
 * ```
 */
export function text<Header>(
  codec: Codec<Bytes, Payload, Header>,
  encoding: "utf-8" | "latin1" = "utf-8",
  options: TextOptions = {},
): Codec<string, string, Header> {
  const { fatal = false } = options;
  checkOptions(options, OPTIONS);
  checkChoice("encoding", encoding, ["utf-8", "latin1"]);
  checkBoolean("fatal", fatal);
  if (encoding === "latin1")
    return mapCodec(codec, { decode: decodeLatin1, encode: (frame: string) => encodeLatin1(checkText(frame)) });
  const decoder = new TextDecoder("utf-8", { fatal, ignoreBOM: true });
  return mapCodec(codec, {
    decode: (bytes, { truncated }) => decoder.decode(truncated ? wholeCharacters(bytes) : bytes),
    encode: checkText,
  });
}

function checkText(frame: string): string {
  if (typeof frame === "string") return frame;
  throw new SpillwayError("reply-invalid", `a frame must be a string, not ${frame === null ? "null" : typeof frame}`);
}
