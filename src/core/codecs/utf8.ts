import type { Bytes } from "../transport/transport.ts";
import { viewOf } from "./views.ts";

/** The maximum number of bytes of a character. */
const LONGEST = 4;

/** Returns truncated UTF-8 without an incomplete last character, if there is one. */
export function wholeCharacters(bytes: Bytes): Bytes {
  for (let back = 1; back < LONGEST && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0x80 && byte < 0xc0) continue;
    return sequenceBytes(byte) > back ? viewOf(bytes, 0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Returns the length of the character that begins with this byte, or 1 if no character does. */
function sequenceBytes(first: number): number {
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? LONGEST : 1;
}
