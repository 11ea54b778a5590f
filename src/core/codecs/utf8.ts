import type { Bytes } from "../transport/transport.ts";
import { viewOf } from "./views.ts";

/** A character has at most so many bytes. */
const LONGEST = 4;

/** Text as UTF-8 that was cut anywhere, without the character that the cut has split, if it has split one. */
export function wholeCharacters(bytes: Bytes): Bytes {
  for (let back = 1; back < LONGEST && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0x80 && byte < 0xc0) continue;
    return sequenceBytes(byte) > back ? viewOf(bytes, 0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** The length of a character that begins with this byte; 1 for what begins none. */
function sequenceBytes(first: number): number {
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? LONGEST : 1;
}
