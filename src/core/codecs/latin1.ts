import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";

/** The length up to which a string of character codes costs less than a call of a decoder. */
const SHORT = 64;
const decoder = new TextDecoder("windows-1252");
/** The characters above U+00FF to which windows-1252 decodes bytes from 0x80 to 0x9f. */
const WINDOWS = /[\u0100-\uffff]/g;
let latin1OfWindows: ReadonlyMap<string, string> | undefined;

/**
 * Decodes ISO 8859-1: byte n is code point n. The `latin1` label of WHATWG's TextDecoder means windows-1252, another
 * encoding that maps 27 of the bytes 0x80 to 0x9f to other characters. Those are mapped back.
 */
export function decodeLatin1(bytes: Bytes): string {
  // Spread syntax would iterate, at ten times the cost.
  if (bytes.length <= SHORT) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  const text = decoder.decode(bytes);
  return text.replace(WINDOWS, (character) => latin1Of(character));
}

function latin1Of(character: string): string {
  latin1OfWindows ??= controls();
  return latin1OfWindows.get(character) as string;
}

function controls(): Map<string, string> {
  const codes = Array.from({ length: 32 }, (_, index) => 0x80 + index);
  return new Map(codes.map((code) => [decoder.decode(Uint8Array.of(code)), String.fromCharCode(code)]));
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
