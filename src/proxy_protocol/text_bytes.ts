/** Text and bytes, in the three encodings of the specification. */
import type { Bytes } from "../core/mod.ts";

const ENCODER = new TextEncoder();
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Returns a character for each byte. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Returns a byte for each character, or `undefined` if a character is above `highest`. */
export function bytesOfCharacters(text: string, highest: number): Bytes | undefined {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > highest) return undefined;
    bytes[at] = code;
  }
  return bytes;
}

/** Returns the text of ASCII bytes, or `undefined` if a byte is above 127. */
export function asciiText(bytes: Uint8Array): string | undefined {
  return bytes.some((byte) => byte > 0x7f) ? undefined : latin1Text(bytes);
}

/** Returns the text of UTF-8, or `undefined` if the bytes are not valid. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns the text of a path. As in the runtimes, bytes that are not UTF-8 become U+FFFD. */
export function pathText(bytes: Uint8Array): string {
  return LENIENT.decode(bytes);
}

export function utf8Bytes(text: string): Bytes {
  return ENCODER.encode(text);
}
