// A small zone: names and their records.

/** A record of the zone. Its name is its key in the zone. */
export interface ResourceRecord {
  readonly type: number;
  /** In seconds. */
  readonly ttl: number;
  readonly data: readonly number[];
}

/** The class of the internet. */
export const IN = 1;

export const Type = { a: 1, txt: 16, aaaa: 28, ixfr: 251, axfr: 252, any: 255 } as const;

const TTL = 300;

/** The name of the zone. All other names end in it. */
export const ORIGIN = "example.test";

export const ZONE: ReadonlyMap<string, readonly ResourceRecord[]> = new Map([
  [ORIGIN, [a("192.0.2.1"), aaaa("2001:db8::1"), txt("v=spf1 -all")]],
  [`www.${ORIGIN}`, [a("192.0.2.1"), a("192.0.2.2"), aaaa("2001:db8:0:1::80")]],
  [`notes.${ORIGIN}`, [txt("one text", "and another")]],
]);

function a(address: string): ResourceRecord {
  return { type: Type.a, ttl: TTL, data: address.split(".").map(Number) };
}

function aaaa(address: string): ResourceRecord {
  const given = address.split(":").filter((group) => group !== "");
  const whole = address.replace("::", `:${"0:".repeat(8 - given.length)}`);
  const groups = whole.split(":").map((group) => parseInt(group, 16));
  return { type: Type.aaaa, ttl: TTL, data: groups.flatMap((group) => [group >> 8, group & 0xff]) };
}

/** Each text is at most 255 bytes long. */
function txt(...texts: string[]): ResourceRecord {
  const data = texts.flatMap((text) => {
    const bytes = new TextEncoder().encode(text);
    return [bytes.length, ...bytes];
  });
  return { type: Type.txt, ttl: TTL, data };
}
