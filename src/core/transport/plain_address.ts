import type { Address, TcpAddress } from "./transport.ts";

/** The words of an IPv6 address before the IPv4 address that it carries. */
const MAPPED_WORDS = [0, 0, 0, 0, 0, 0xffff] as const;

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const WORD = /^[0-9a-f]{1,4}$/i;

/**
 * Returns the address for rules, lists and logs. A dual-stack listener on `::` reports an IPv4 peer as
 * `::ffff:192.0.2.1`, so that a check for `192.0.2.1` would miss it. Such an address becomes the plain IPv4 address, in
 * any spelling. Other addresses, including those with a zone and paths, are returned unchanged: the same object.
 */
export function plainAddress(address: TcpAddress): TcpAddress;
/** As above, for an address of any kind. */
export function plainAddress(address: Address): Address;
export function plainAddress(address: Address): Address {
  if (address.path !== undefined) return address;
  const hostname = plainHostname(address.hostname);
  return hostname === address.hostname ? address : { hostname, port: address.port };
}

/** Returns the plain form of a hostname, as {@link plainAddress} does. */
export function plainHostname(hostname: string): string {
  if (!/:ffff:/i.test(hostname)) return hostname;
  const words = wordsOf(hostname);
  if (words === undefined || MAPPED_WORDS.some((word, at) => words[at] !== word)) return hostname;
  return words
    .slice(-2)
    .flatMap((word) => [word >> 8, word & 0xff])
    .join(".");
}

/** Returns the eight words of a numeric IPv6 address, or `undefined` if it is not one or has a zone. */
function wordsOf(hostname: string): number[] | undefined {
  const [head = "", tail, more] = hostname.split("::");
  const before = wordsIn(head);
  const after = wordsIn(tail ?? "");
  if (more !== undefined || before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...Array<number>(missing).fill(0), ...after];
}

/** Returns the words between colons. An IPv4 address stands for two. */
function wordsIn(text: string): number[] | undefined {
  const words: number[] = [];
  for (const part of text === "" ? [] : text.split(":")) {
    const [, ...bytes] = (DOTTED.exec(part) ?? []).map(Number) as [number, number, number, number, number];
    if (bytes.length > 0 && bytes.every((byte) => byte <= 255)) {
      words.push((bytes[0] << 8) | bytes[1], (bytes[2] << 8) | bytes[3]);
    } else if (WORD.test(part)) words.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return words;
}
