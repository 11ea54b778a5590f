import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { AddressRules } from "../../src/admission/address_rules.ts";
import { type AdmissionRules, admission } from "../../src/admission/mod.ts";
import { from, fromPath } from "./support/incoming.ts";
import { outcomeOf, refusalOf } from "./support/outcome_of.ts";

const outcome = (rules: AdmissionRules, hostname: string) => outcomeOf(admission(rules), from(hostname));

describe("the rules of admission", () => {
  it.each<[AdmissionRules, string, string]>([
    [{}, "192.0.2.1", "admitted"],
    [{ deny: [] }, "192.0.2.1", "admitted"],
    [{ allow: [] }, "192.0.2.1", "denied"],
    [{ deny: ["192.0.2.0/24"] }, "192.0.2.255", "denied"],
    [{ deny: ["192.0.2.0/24"] }, "192.0.3.0", "admitted"],
    [{ deny: ["192.0.2.0/24"] }, "192.0.1.255", "admitted"],
    [{ deny: ["192.0.2.1"] }, "192.0.2.1", "denied"],
    [{ deny: ["192.0.2.1"] }, "192.0.2.0", "admitted"],
    [{ allow: ["10.0.0.0/8"] }, "10.255.255.255", "admitted"],
    [{ allow: ["10.0.0.0/8"] }, "11.0.0.0", "denied"],
    [{ allow: ["10.0.0.0/8"] }, "::1", "denied"],
    [{ allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] }, "10.1.2.3", "denied"],
    [{ allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] }, "10.2.2.3", "admitted"],
    [{ allow: ["10.1.0.0/16"], deny: ["10.0.0.0/8"] }, "10.1.2.3", "admitted"],
    [{ allow: ["10.1.0.0/16"], deny: ["10.0.0.0/8"] }, "10.2.2.3", "denied"],
    [{ allow: ["10.1.0.0/16"], deny: ["10.0.0.0/8"] }, "192.0.2.1", "denied"],
    [{ allow: ["0.0.0.0/0"], deny: ["10.0.0.0/8"] }, "192.0.2.1", "admitted"],
    [{ allow: ["0.0.0.0/0"], deny: ["10.0.0.0/8"] }, "10.0.0.1", "denied"],
    [{ allow: ["10.0.0.1"], deny: ["10.0.0.1"] }, "10.0.0.1", "denied"],
    [{ allow: ["10.0.0.1"], deny: ["10.0.0.1/32"] }, "10.0.0.1", "denied"],
    [{ allow: ["0.0.0.0/0"], deny: ["0.0.0.0/0"] }, "10.0.0.1", "denied"],
    [{ deny: ["0.0.0.0/0"] }, "2001:db8::1", "admitted"],
    [{ deny: ["::/0"] }, "2001:db8::1", "denied"],
    [{ deny: ["::/0"] }, "192.0.2.1", "admitted"],
    [{ deny: ["2001:db8::/32"] }, "2001:db8:ffff::1", "denied"],
    [{ deny: ["2001:db8::/32"] }, "2001:db9::1", "admitted"],
    [{ deny: ["2001:db8::/33"] }, "2001:db8:8000::1", "admitted"],
    [{ deny: ["2001:db8::/33"] }, "2001:db8:7fff::1", "denied"],
    [{ deny: ["fe80::/10"] }, "fe80::1%eth0", "denied"],
    [{ deny: ["192.0.2.1"] }, "::ffff:192.0.2.1", "denied"],
    [{ deny: ["::ffff:192.0.2.1"] }, "192.0.2.1", "denied"],
    [{ deny: ["::ffff:192.0.2.0/120"] }, "192.0.2.200", "denied"],
    [{ deny: ["::ffff:192.0.2.0/120"] }, "192.0.3.200", "admitted"],
    [{ deny: ["::ffff:0:0/96"] }, "192.0.3.200", "denied"],
    [{ deny: ["1.2.3.4"] }, "::1.2.3.4", "admitted"],
    [{ deny: ["192.0.2.0/24"] }, "a.example", "admitted"],
    [{ allow: ["192.0.2.0/24"] }, "a.example", "denied"],
    [{ allow: ["192.0.2.0/24"] }, "", "denied"],
  ])("with %j: %s is %s", (rules, hostname, expected) => {
    expect(outcome(rules, hostname)).toBe(expected);
  });

  it.each<[AdmissionRules, string]>([
    [{}, "admitted"],
    [{ deny: ["0.0.0.0/0", "::/0"] }, "admitted"],
    [{ deny: ["unix"] }, "denied"],
    [{ allow: ["unix"] }, "admitted"],
    [{ allow: ["0.0.0.0/0", "::/0"] }, "denied"],
    [{ allow: ["unix"], deny: ["unix"] }, "denied"],
  ])("with %j: a Unix peer is %s", (rules, expected) => {
    expect(outcomeOf(admission(rules), fromPath(""))).toBe(expected);
    expect(outcomeOf(admission(rules), fromPath("/run/peer.sock"))).toBe(expected);
  });

  it("say which rule denied a peer, or that none allowed it", () => {
    const step = admission({ allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16", "10.1.2.0/24"] });
    const peer = (hostname: string) => refusalOf(step, from(hostname)).replace(/:\d+:/, ":PORT:");
    expect(peer("10.1.2.3")).toBe("10.1.2.3:PORT: denied by the rule 10.1.2.0/24");
    expect(peer("10.1.3.3")).toBe("10.1.3.3:PORT: denied by the rule 10.1.0.0/16");
    expect(peer("192.0.2.1")).toBe("192.0.2.1:PORT: no rule allows it");
    expect(refusalOf(step, fromPath("/run/\u001b[31m"))).toBe("unix:/run/\\x1b[31m: no rule allows it");
  });

  it.each([
    [
      "10.0.0.1/8",
      RangeError,
      /^deny\[1\] must have no bit set behind the first 8, as "10\.0\.0\.1\/8" has: write 10\.0\.0\.1 /,
    ],
    ["2001:db8::1/64", RangeError, /^deny\[1\] must have no bit set behind the first 64/],
    ["::ffff:0:0/95", RangeError, /^deny\[1\] must have no bit set behind the first 95/],
    ["::ffff:192.0.2.1/120", RangeError, /^deny\[1\] must have no bit set behind the first 120/],
    ["10.0.0.0/33", RangeError, /^deny\[1\] must have a prefix of at most 32 bits, not "10\.0\.0\.0\/33"/],
    ["::/129", RangeError, /^deny\[1\] must have a prefix of at most 128 bits/],
    ["::ffff:0:0/129", RangeError, /^deny\[1\] must have a prefix of at most 128 bits/],
    [
      "10.0.0.0/",
      RangeError,
      /^deny\[1\] must be a numeric address, a range such as "10\.0\.0\.0\/8", or "unix", not "10/,
    ],
    ["10.0.0.0/08", RangeError, /^deny\[1\] must be a numeric/],
    ["10.0.0.0/8/8", RangeError, /^deny\[1\] must be a numeric/],
    ["10.0.0.0/-1", RangeError, /^deny\[1\] must be a numeric/],
    ["10.0.0.0/255.0.0.0", RangeError, /^deny\[1\] must be a numeric/],
    ["10.0.0", RangeError, /^deny\[1\] must be a numeric/],
    ["010.0.0.1", RangeError, /^deny\[1\] must be a numeric/],
    ["fe80::1%eth0", RangeError, /^deny\[1\] must be a numeric/],
    ["a.example", RangeError, /^deny\[1\] must be a numeric/],
    ["Unix", RangeError, /^deny\[1\] must be a numeric/],
    ["", RangeError, /^deny\[1\] must be a numeric/],
    [167_772_160, TypeError, /^deny\[1\] must be a string, not number/],
    [undefined, TypeError, /^deny\[1\] must be a string, not undefined/],
  ])("refuse %j, and name the rule", (rule, kind, message) => {
    const make = () => admission({ deny: ["192.0.2.1", rule as string] });
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  it("refuse a string in place of the list", () => {
    expect(() => admission({ allow: "10.0.0.0/8" as unknown as string[] })).toThrow(
      new TypeError("allow must be an array of addresses, not string"),
    );
  });
});

describe("admission.replace", () => {
  it("replaces both lists, for the connections that come from then on", () => {
    const step = admission({ allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] });
    step.replace({ deny: ["192.0.2.0/24"] });
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("denied");
    expect(outcomeOf(step, from("10.1.0.1"))).toBe("admitted");
    step.replace({ allow: ["192.0.2.0/24"] });
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
    expect(outcomeOf(step, from("10.1.0.1"))).toBe("denied");
    step.replace({});
    expect(outcomeOf(step, from("10.1.0.1"))).toBe("admitted");
  });

  it("keeps the rules when a new one is invalid", () => {
    const step = admission({ deny: ["10.0.0.0/8"] });
    expect(() => step.replace({ deny: ["192.0.2.0/24", "10.0.0.0/33"] })).toThrow(/^deny\[1\]/);
    expect(() => step.replace({ allows: [] } as unknown as AdmissionRules)).toThrow(/did you mean allow\?/);
    expect(outcomeOf(step, from("10.0.0.1"))).toBe("denied");
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
  });
});

/** A range, its text and its bits as text. */
interface Given {
  readonly text: string;
  readonly bits: string;
}

const binary = (part: number, width: number) => part.toString(2).padStart(width, "0");

/** Ranges and addresses that are close to each other, so that many contain many. */
function family(bits: 32 | 128): { bitsOf: fc.Arbitrary<string>; textOf: (bits: string) => string } {
  const width = bits === 32 ? 8 : 16;
  const part = fc.oneof(fc.constantFrom(0, 1, 2 ** width - 1, 2 ** (width - 1)), fc.nat(2 ** width - 1));
  const parts = fc.array(part, { minLength: bits / width, maxLength: bits / width });
  const textOf = (text: string) => {
    const numbers = (text.match(new RegExp(`.{${width}}`, "g")) ?? []).map((one) => Number.parseInt(one, 2));
    return bits === 32 ? numbers.join(".") : numbers.map((one) => one.toString(16)).join(":");
  };
  // Not the mapped addresses, which are IPv4.
  const bitsOf = parts
    .map((all) => all.map((one) => binary(one, width)).join(""))
    .filter((all) => !all.startsWith(MAPPED));
  return { bitsOf, textOf };
}

const MAPPED = "0".repeat(80) + "1".repeat(16);

describe.each([32, 128] as const)("AddressRules with addresses of %d bits", (bits) => {
  const { bitsOf, textOf } = family(bits);
  const range: fc.Arbitrary<Given> = fc.tuple(bitsOf, fc.nat(bits)).map(([all, length]) => {
    const prefix = all.slice(0, length);
    return { text: `${textOf(prefix.padEnd(bits, "0"))}/${length}`, bits: prefix };
  });
  const ranges = fc
    .array(range, { maxLength: 12 })
    .filter((all) => all.every(({ bits: one }) => !one.startsWith(MAPPED)));

  function naive(allow: readonly Given[], deny: readonly Given[], address: string): boolean {
    const longest = (list: readonly Given[]) =>
      Math.max(
        -1,
        ...list.filter(({ bits: prefix }) => address.startsWith(prefix)).map(({ bits: { length } }) => length),
      );
    const [allowed, denied] = [longest(allow), longest(deny)];
    return allowed > denied;
  }

  it("judge as a list that is searched from end to end", () => {
    const seen = { admitted: 0, denied: 0 };
    fc.assert(
      fc.property(ranges, ranges, fc.array(bitsOf, { minLength: 1, maxLength: 20 }), (allow, deny, addresses) => {
        const rules = new AddressRules({ allow: allow.map(({ text }) => text), deny: deny.map(({ text }) => text) });
        // And an address at the edge of every range.
        const edges = [...allow, ...deny].map(({ bits: prefix }) => prefix.padEnd(bits, "1"));
        for (const address of [...addresses, ...edges.filter((edge) => !edge.startsWith(MAPPED))]) {
          const admits = rules.refusal({ hostname: textOf(address), port: 1 }) === undefined;
          seen[admits ? "admitted" : "denied"] += 1;
          expect(admits, textOf(address)).toBe(naive(allow, deny, address));
        }
      }),
    );
    expect(Math.min(seen.admitted, seen.denied)).toBeGreaterThan(100);
  });
});

describe("100,000 rules", () => {
  it("are looked up in as many steps as two", () => {
    const deny = ["10.0.0.0/24", "2001:db8::/48"];
    const few = new AddressRules({ deny });
    for (let at = 1; at < 50_000; at += 1) {
      deny.push(`10.${at >> 8}.${at & 0xff}.0/24`, `2001:db8:${at.toString(16)}::/48`);
    }
    const many = new AddressRules({ deny });
    const denied = ["10.195.79.200", "10.195.80.200", "2001:db8:c34f::1", "2001:db8:c350::1"].map((hostname) => {
      const address = { hostname, port: 1 };
      expect(stepsOf(() => many.refusal(address))).toBe(stepsOf(() => few.refusal(address)));
      return many.refusal(address) !== undefined;
    });
    expect(denied).toEqual([true, false, true, false]);
  });
});

/** The number of lookups in a Map. */
function stepsOf(run: () => void): number {
  const get = vi.spyOn(Map.prototype, "get");
  try {
    run();
    return get.mock.calls.length;
  } finally {
    get.mockRestore();
  }
}
