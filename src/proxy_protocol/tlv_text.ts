/** Texts as the values of TLVs. */
import type { ProxyTlv } from "../core/mod.ts";
import { invalidHeader } from "./errors.ts";
import { asciiText, bytesOfCharacters, latin1Text, utf8Bytes, utf8Text } from "./text_bytes.ts";
import { hexadecimal, MAX_VALUE_BYTES, type Tlv } from "./tlv.ts";

/** The encoding of a value. `"bytes"` are arbitrary ones, with a character for each. */
export type TextEncoding = "ASCII" | "UTF-8" | "bytes";

/** Returns the text of a value. @throws {SpillwayError} `proxy-invalid` */
export function textOf({ type, value }: ProxyTlv, encoding: TextEncoding): string {
  const text = encoding === "ASCII" ? asciiText(value) : encoding === "UTF-8" ? utf8Text(value) : latin1Text(value);
  if (text === undefined) throw invalidHeader(`the value of the TLV ${hexadecimal(type)} is not ${encoding}`);
  return text;
}

/** Returns a vector for the option `name`. @throws {TypeError | RangeError} the text does not fit */
export function textTlv(name: string, type: number, text: string, encoding: TextEncoding): Tlv {
  if (typeof text !== "string") throw new TypeError(`${name} must be a string, not ${typeof text}`);
  const value = encoding === "UTF-8" ? utf8Bytes(text) : bytesOfCharacters(text, encoding === "ASCII" ? 0x7f : 0xff);
  if (value === undefined) {
    const allowed = encoding === "ASCII" ? "ASCII" : "characters up to U+00FF, one for each byte";
    throw new TypeError(`${name} must contain only ${allowed}`);
  }
  return bytesTlv(name, type, value);
}

/** Returns a vector for the option `name`. @throws {TypeError | RangeError} not bytes, or too many */
export function bytesTlv(name: string, type: number, value: Uint8Array, most: number = MAX_VALUE_BYTES): Tlv {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array, not ${typeof value}`);
  if (value.length > most) throw new RangeError(`${name} must have at most ${most} bytes, not ${value.length}`);
  return { type, value };
}
