import { SpillwayError } from "../errors.ts";
import type { Bytes } from "../transport.ts";

/** Arguments that every engine takes in one call. */
const BLOCK = 8192;

/**
 * ISO 8859-1: byte n is code point n. (The `latin1` label of WHATWG's TextDecoder means windows-1252, which is another
 * encoding: it maps 27 of the bytes 0x80 to 0x9f elsewhere.)
 */
export function decodeLatin1(bytes: Bytes): string {
  if (bytes.length <= BLOCK) return blockText(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += BLOCK) text += blockText(bytes.subarray(at, at + BLOCK));
  return text;
}

/** Spreading a typed array would iterate: ten times the cost. */
function blockText(bytes: Bytes): string {
  return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
}

/** @throws {SpillwayError} `reply-invalid` when a character is above U+00FF */
export function encodeLatin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff) throw new SpillwayError("reply-invalid", `U+${code.toString(16)} does not exist in latin1`);
    bytes[at] = code;
  }
  return bytes;
}
