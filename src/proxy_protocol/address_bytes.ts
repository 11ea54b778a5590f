/** Numeric addresses: strict text to bytes, and bytes to canonical text. */
import ipaddr from "ipaddr.js";
import type { Bytes } from "../core/mod.ts";

const DECIMAL = /^(?:0|[1-9]\d{0,4})$/;
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;

/** The first 12 bytes of an IPv6 address that carries an IPv4 address. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/** Returns a decimal number without leading zeros, or `undefined` if the text is none or the number is too large. */
export function decimal(text: string, highest: number): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return value <= highest ? value : undefined;
}

/** Returns the 4 bytes of an IPv4 address, or `undefined` if the text is not exactly four decimal numbers. */
export function ipv4Bytes(text: string): Bytes | undefined {
  const numbers = text.length > 15 ? [] : text.split(".").map((part) => decimal(part, 0xff));
  return numbers.length === 4 && numbers.every((number) => number !== undefined) ? Uint8Array.from(numbers) : undefined;
}

/** Returns the 16 bytes of an IPv6 address, or `undefined` if the text is none or has a zone. */
export function ipv6Bytes(text: string): Bytes | undefined {
  if (!IPV6_CHARACTERS.test(text)) return undefined;
  const plain = text.includes(".") ? withoutDots(text) : text;
  if (plain === undefined || !ipaddr.IPv6.isValid(plain)) return undefined;
  return Uint8Array.from(ipaddr.IPv6.parse(plain).toByteArray());
}

/**
 * Writes the IPv4 address at the end of an IPv6 address in hexadecimal. ipaddr.js would take numbers that begin with 0 for
 * octal ones, and `::192.0.2.1` for an IPv4-mapped address.
 */
function withoutDots(text: string): string | undefined {
  const at = text.lastIndexOf(":") + 1;
  const bytes = ipv4Bytes(text.slice(at));
  return bytes && `${text.slice(0, at)}${wordsOf(bytes).join(":")}`;
}

/** Returns the IPv6 address that carries an IPv4 address. */
export function mappedBytes(ipv4: Uint8Array): Bytes {
  return Uint8Array.from([...MAPPED, ...ipv4]);
}

/** Returns the text of the 4 bytes of an IPv4 address. */
export function ipv4Text(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** Returns the text of the 16 bytes of an IPv6 address, as RFC 5952 writes it. */
export function ipv6Text(bytes: Uint8Array): string {
  return ipaddr.IPv6.parse(wordsOf(bytes).join(":")).toRFC5952String();
}

/** Returns each two bytes in hexadecimal. */
function wordsOf(bytes: Uint8Array): string[] {
  return Array.from({ length: bytes.length / 2 }, (_, at) =>
    (((bytes[2 * at] as number) << 8) | (bytes[2 * at + 1] as number)).toString(16),
  );
}
