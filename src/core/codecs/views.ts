import type { Bytes } from "../transport/transport.ts";

export const EMPTY: Bytes = new Uint8Array(0);

/** `bytes.subarray(start, end)`, which costs V8 more than a view that is made; `bytes` themselves if that is all of them. */
export function viewOf(bytes: Bytes, start: number, end: number): Bytes {
  if (start === 0 && end === bytes.length) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** All parts in one piece; without a copy if there is only one. */
export function concat(parts: readonly Bytes[]): Bytes {
  const [first = EMPTY, ...more] = parts.filter(({ length }) => length > 0);
  if (more.length === 0) return first;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
