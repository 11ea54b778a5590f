/** A value in DER, the encoding of certificates. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * Returns the values that follow each other in `bytes`.
 *
 * @throws {RangeError} a value is cut off
 */
export function derValues(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] as number;
    let length = bytes[at + 1] ?? Infinity;
    at += 2;
    if (length >= 0x80) {
      const end = at + (length & 0x7f);
      length = 0;
      for (; at < end; at++) length = length * 256 + (bytes[at] ?? Infinity);
    }
    if (!(at + length <= bytes.length)) throw new RangeError("a DER value is cut off");
    values.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return values;
}

/** Returns an object identifier with dots. */
export function dottedOid(content: Uint8Array): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of content) {
    part = part * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(part);
      part = 0;
    }
  }
  const first = parts.shift() ?? 0;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - 40 * root, ...parts].join(".");
}

const UTC_TIME = 23;

/** Returns a UTCTime or GeneralizedTime, in ms since 1970. */
export function derTime({ tag, content }: DerValue): number {
  const digits = String.fromCharCode(...content);
  const year =
    tag === UTC_TIME ? Number(digits.slice(0, 2)) + (digits < "50" ? 2000 : 1900) : Number(digits.slice(0, 4));
  const [month = 0, day, hour, minute, second] = (digits.slice(tag === UTC_TIME ? 2 : 4).match(/\d\d/g) ?? []).map(
    Number,
  );
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const decoders: Readonly<Record<number, string>> = {
  12: "utf-8", // UTF8String
  18: "latin1", // NumericString
  19: "latin1", // PrintableString
  20: "latin1", // TeletexString
  22: "latin1", // IA5String
  26: "latin1", // VisibleString
  30: "utf-16be", // BMPString
};

/** Returns the text of a string type, or `undefined` for any other value. */
export function derText({ tag, content }: DerValue): string | undefined {
  const label = decoders[tag];
  return label === undefined ? undefined : new TextDecoder(label).decode(content);
}

/** Returns bytes as pairs of hexadecimal digits in upper case. */
export function hexPairs(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase());
}
