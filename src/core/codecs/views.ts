import type { Bytes } from "../transport/transport.ts";

export const EMPTY: Bytes = new Uint8Array(0);

/**
 * Returns the same as `bytes.subarray(start, end)`, or `bytes` itself if the view covers all of it. `subarray` costs V8
 * more than a new view.
 */
export function viewOf(bytes: Bytes, start: number, end: number): Bytes {
  if (start === 0 && end === bytes.length) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** Returns all parts in one array; without a copy if there is only one part that is not empty. */
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
