/** Headers of version 2, put together by hand. */
export type Part = string | number | readonly number[] | Uint8Array;

/** Joins bytes, hexadecimal digits (blanks between them do not count) and numbers. */
export function joined(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap(bytesOf));
}

function bytesOf(part: Part): number[] {
  if (typeof part === "number") return [part];
  if (typeof part !== "string") return [...part];
  const digits = part.replaceAll(" ", "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`not hexadecimal: ${part}`);
  return (digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

const SIGNATURE = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a";

/** A header with a right length. */
export function v2(command: number, family: number, ...block: readonly Part[]): Uint8Array<ArrayBuffer> {
  const bytes = joined(...block);
  return joined(SIGNATURE, command, family, bytes.length >> 8, bytes.length & 0xff, bytes);
}

/** A TLV with a right length. */
export function tlv(type: number, ...value: readonly Part[]): Uint8Array<ArrayBuffer> {
  const bytes = joined(...value);
  return joined(type, bytes.length >> 8, bytes.length & 0xff, bytes);
}

/** ASCII as bytes. */
export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A path as in `sockaddr_un`. */
export function path(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(108);
  bytes.set(ascii(text));
  return bytes;
}

/** 192.0.2.1:56324 to 198.51.100.7:443. */
export const INET = "c0000201 c6336407 dc04 01bb";
/** [2001:db8::1]:1 to [2001:db8::2]:65535. */
export const INET6 = "20010db8000000000000000000000001 20010db8000000000000000000000002 0001 ffff";
