import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { seededRandom } from "spillway/testing";
import { describe, expect, it } from "vitest";
import { SpillwayError } from "../../src/core/mod.ts";
import { isProxyError, parseProxyHeader, proxyHeader } from "../../src/proxy_protocol/mod.ts";
import { ascii } from "./support/header_bytes.ts";
import { INVALID, VALID } from "./support/header_table.ts";
import { headers } from "./support/headers.ts";

const seeds = [...VALID, ...INVALID].map(({ bytes }) => bytes);

const SEED = 20_261_130;
const INPUTS = 20_000;

/** Returns the outcome for bytes, of which more and more come: the length of a header, "refused", or "incomplete". */
function fateOf(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]): string {
  for (const length of [...cuts, bytes.length]) {
    try {
      const result = parseProxyHeader(bytes.subarray(0, length));
      if (result !== undefined) return JSON.stringify(result.header);
    } catch (error) {
      if (!isProxyError(error)) throw error;
      return "refused";
    }
  }
  return "incomplete";
}

describe("any bytes", () => {
  it("meet the same fate however they are cut, and no error but proxy-invalid", () => {
    const random = seededRandom(SEED);
    const fates = new Map<string, number>();
    for (let input = 0; input < INPUTS; input++) {
      const bytes = [...random.pick(seeds).subarray(0, 600)];
      for (let damages = random.below(4); damages > 0 && bytes.length > 0; damages--) {
        const at = random.below(bytes.length);
        const damage = [random.below(256), 0, 255, 13, 10, 32, 48, (bytes[at] ?? 0) ^ (1 << random.below(8))];
        bytes.splice(at, random.below(3), ...Array.from({ length: random.below(3) }, () => random.pick(damage)));
      }
      const whole = Uint8Array.from(bytes);
      const cuts = Array.from({ length: random.below(5) }, () => random.below(whole.length + 1)).toSorted(
        (a, b) => a - b,
      );
      const fate = fateOf(whole, []);
      expect(fateOf(whole, cuts), `input ${input} of seed ${SEED}: ${whole.join()}, cut at ${cuts.join()}`).toBe(fate);
      const kind = fate.startsWith("{") ? "read" : fate;
      fates.set(kind, (fates.get(kind) ?? 0) + 1);
    }
    // The inputs are worth the time: a good part of each kind.
    for (const kind of ["read", "refused", "incomplete"]) expect(fates.get(kind)).toBeGreaterThan(INPUTS / 50);
  });

  it("that are random are refused or incomplete", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(fateOf(Uint8Array.from(bytes), [])).toMatch(/^(refused|incomplete)$/);
      }),
      { seed: SEED },
    );
  });

  it("that were read can be written, and are then read as before", () => {
    fc.assert(
      fc.property(headers(), fc.nat(), fc.nat(255), (header, at, byte) => {
        const bytes = proxyHeader(header);
        bytes[at % bytes.length] = byte;
        let read: ReturnType<typeof parseProxyHeader>;
        try {
          read = parseProxyHeader(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SpillwayError);
          return;
        }
        if (read === undefined) return;
        expect(parseProxyHeader(proxyHeader(read.header), { maxHeaderBytes: Infinity })?.header).toEqual(read.header);
      }),
      { seed: SEED },
    );
  });
});

describe("an address of version 1", () => {
  const digits = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdefF:.")), maxLength: 24 });
  const groups = fc.array(fc.oneof(fc.constantFrom("", "0", "ffff", "1.2.3.4", "10000"), fc.nat(0xfff).map(String)), {
    minLength: 2,
    maxLength: 10,
  });
  const accepted = (family: string, text: string) =>
    fateOf(ascii(`PROXY ${family} ${text} ${family === "TCP4" ? "1.1.1.1" : "::1"} 1 1\r\n`), []).startsWith("{");

  // These texts have no zone, which the system accepts.
  it("of IPv6 is accepted if the system accepts it", () => {
    const texts = fc.oneof(
      digits,
      groups.map((each) => each.join(":")),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(accepted("TCP6", text)).toBe(isIPv6(text));
      }),
      { numRuns: 3_000, seed: SEED },
    );
  });

  it("of IPv4 is accepted if the system accepts it", () => {
    const texts = fc.oneof(
      digits,
      groups.map((each) => each.join(".")),
      fc.ipV4(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(accepted("TCP4", text)).toBe(isIPv4(text));
      }),
      { numRuns: 3_000, seed: SEED },
    );
  });
});

describe("the work", () => {
  it("is bounded for a header of the format's own limit", () => {
    const empty = Array.from({ length: 21_845 }, () => [0xe0, 0, 0]).flat();
    const bytes = Uint8Array.from([
      13,
      10,
      13,
      10,
      0,
      13,
      10,
      0x51,
      0x55,
      0x49,
      0x54,
      10,
      0x21,
      0,
      0xff,
      0xff,
      ...empty,
    ]);
    expect(() => parseProxyHeader(bytes, { maxHeaderBytes: Infinity })).toThrow("more than 128 TLVs");
  });

  it("for a header that comes byte by byte is a look at its beginning", () => {
    const bytes = proxyHeader({ others: [{ type: 0xe0, value: new Uint8Array(60_000) }] });
    let read = 0;
    const counted = new Proxy(bytes.subarray(0, 50_000), {
      get(target, name): unknown {
        read += 1;
        return Reflect.get(target, name, target);
      },
    });
    expect(parseProxyHeader(counted, { maxHeaderBytes: Infinity })).toBeUndefined();
    expect(read).toBeGreaterThan(12);
    expect(read).toBeLessThan(100);
  });
});
