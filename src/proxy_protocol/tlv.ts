/** Type-length-value vectors: a byte of type, two of length, and the value. */
import type { Bytes, ProxyTlv } from "../core/mod.ts";
import { invalidHeader } from "./errors.ts";

/** A vector to write. */
export interface Tlv {
  /** The type, 0 to 255. */
  readonly type: number;
  /** The value: at most 65535 bytes, less what the rest of the header takes. */
  readonly value: Uint8Array;
}

/** The number of vectors in a header, and in the SSL vector. */
const MAX_TLVS = 128;
/** The most bytes of a value: its length has 16 bits. */
export const MAX_VALUE_BYTES = 0xffff;

const PREFIX_BYTES = 3;

/** Reads vectors. Their values are views of `bytes`. @throws {SpillwayError} `proxy-invalid` */
export function readTlvs(bytes: Bytes): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (tlvs.length === MAX_TLVS) throw invalidHeader(`more than ${MAX_TLVS} TLVs`);
    const [type, high, low] = bytes.subarray(at, at + PREFIX_BYTES);
    const start = at + PREFIX_BYTES;
    if (type === undefined || high === undefined || low === undefined || start + ((high << 8) | low) > bytes.length) {
      throw invalidHeader(`the TLV ${hexadecimal(type ?? 0)} ends behind the header`);
    }
    at = start + ((high << 8) | low);
    tlvs.push({ type, value: bytes.subarray(start, at) });
  }
  return tlvs;
}

/** Refuses a second vector of one type, which a sender and a receiver could read differently. */
export function refuseRepeated(tlvs: readonly ProxyTlv[], types: readonly number[]): void {
  const seen = new Set<number>();
  for (const { type } of tlvs) {
    if (!types.includes(type)) continue;
    if (seen.has(type)) throw invalidHeader(`the TLV ${hexadecimal(type)} comes twice`);
    seen.add(type);
  }
}

/** Returns the bytes of vectors. The caller has checked their lengths. @throws {RangeError} too many of them */
export function tlvBytes(tlvs: readonly Tlv[]): Bytes {
  if (tlvs.length > MAX_TLVS) throw new RangeError(`at most ${MAX_TLVS} TLVs, not ${tlvs.length}`);
  const bytes = new Uint8Array(tlvs.reduce((sum, { value }) => sum + PREFIX_BYTES + value.length, 0));
  let at = 0;
  for (const { type, value } of tlvs) {
    bytes.set([type, value.length >> 8, value.length & 0xff], at);
    bytes.set(value, at + PREFIX_BYTES);
    at += PREFIX_BYTES + value.length;
  }
  return bytes;
}

/** Copies a vector, so that it does not keep the chunk in memory that it came in. */
export function copied({ type, value }: ProxyTlv): ProxyTlv {
  return { type, value: value.slice() };
}

/** Returns a type as the specification writes it. */
export function hexadecimal(type: number): string {
  return `0x${type.toString(16).padStart(2, "0")}`;
}
