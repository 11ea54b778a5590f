import type { Bytes } from "./transport.ts";

/**
 * Returns the same bytes in a form that every decoder and stream takes: bytes in shared memory are copied, and a
 * subclass, such as Node's Buffer, whose `slice` does not copy, becomes a plain `Uint8Array`.
 *
 * @throws {TypeError} not a `Uint8Array`
 */
export function plainBytes(chunk: Uint8Array): Bytes {
  if (!(chunk instanceof Uint8Array)) throw new TypeError(`a chunk of bytes must be a Uint8Array, not ${kind(chunk)}`);
  const { buffer, byteOffset, length } = chunk;
  if (!(buffer instanceof ArrayBuffer)) return new Uint8Array(chunk);
  return chunk.constructor === Uint8Array ? (chunk as Bytes) : new Uint8Array(buffer, byteOffset, length);
}

function kind(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? `a ${Object.prototype.toString.call(value).slice(8, -1)}` : typeof value;
}
