import type { Bytes } from "../../../../src/core/mod.ts";

/** A byte a character: "\xff" is 255. */
export function raw(text: string): Bytes {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** As `raw` takes it. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The other byte order. */
export function reversed(text: string): string {
  return textOf(raw(text).toReversed());
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** Cuts at the given places. */
export function cut(input: Bytes, places: readonly number[]): Bytes[] {
  const sorted = places.toSorted((one, other) => one - other);
  return [0, ...sorted].map((from, index) => input.subarray(from, sorted[index] ?? input.length));
}
