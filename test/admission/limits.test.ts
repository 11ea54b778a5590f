import { describe, expect, it } from "vitest";
import { type AdmissionOptions, admission } from "../../src/admission/mod.ts";
import { SpillwayError } from "../../src/core/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { from, fromPath, type Incoming } from "./support/incoming.ts";
import { outcomeOf, refusalOf } from "./support/outcome_of.ts";

describe("maxPerAddress", () => {
  it("refuses the next connection of an address, until one of it is over", async () => {
    const step = admission({ maxPerAddress: 2 });
    const [one, two] = [from("192.0.2.1"), from("192.0.2.1")];
    expect([outcomeOf(step, one), outcomeOf(step, two)]).toEqual(["admitted", "admitted"]);
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("too-many-per-address");
    expect(outcomeOf(step, from("192.0.2.2"))).toBe("admitted");
    await one.end();
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("too-many-per-address");
    await two.end(new SpillwayError("connection-reset", "gone"));
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
  });

  it("counts IPv6 by /64, and a mapped address as its IPv4 address", () => {
    const step = admission({ maxPerAddress: 1 });
    expect(outcomeOf(step, from("2001:db8:0:1::1"))).toBe("admitted");
    expect(outcomeOf(step, from("2001:db8:0:1:ffff::2"))).toBe("too-many-per-address");
    expect(outcomeOf(step, from("2001:db8:0:2::1"))).toBe("admitted");
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
    expect(outcomeOf(step, from("::ffff:192.0.2.1"))).toBe("too-many-per-address");
  });

  it("does not count Unix peers, nor a connection whose address is forgotten", () => {
    const step = admission({ maxPerAddress: 1, connectsPerSecond: 1 });
    const peers = [fromPath(""), fromPath(""), from(""), from("")];
    expect(peers.map((peer) => outcomeOf(step, peer))).toEqual(Array(4).fill("admitted"));
    expect(step.stats()).toMatchObject({ openAddresses: 0, ratedAddresses: 0 });
  });

  it("forgets an address without connections", async () => {
    const step = admission({ maxPerAddress: 3 });
    const peers = Array.from({ length: 1_000 }, (_, index) => from(`10.0.${index >> 8}.${index & 0xff}`));
    const again = peers.map(({ remoteAddress }) => from(remoteAddress.hostname as string));
    for (const peer of [...peers, ...again]) step(peer);
    expect(step.stats()).toMatchObject({ admitted: 2_000, openAddresses: 1_000 });
    for (const peer of peers) await peer.end();
    expect(step.stats().openAddresses).toBe(1_000);
    for (const peer of again) await peer.end();
    expect(step.stats().openAddresses).toBe(0);
  });

  it("does not count what it refuses", async () => {
    const step = admission({ maxPerAddress: 1 });
    const one = from("192.0.2.1");
    const refused = from("192.0.2.1");
    step(one);
    expect(outcomeOf(step, refused)).toBe("too-many-per-address");
    await refused.end();
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("too-many-per-address");
    await one.end();
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
  });

  it("names the address and the limit", () => {
    const step = admission({ maxPerAddress: 1 });
    step(from("2001:db8::1"));
    expect(refusalOf(step, from("2001:db8::2"))).toBe("2001:db8:0:0::/64 has reached maxPerAddress: 1");
  });
});

describe("connectsPerSecond", () => {
  const limited = (options: AdmissionOptions) => {
    const clock = manualClock();
    return { clock, step: admission({ ...options, clock }) };
  };
  const count = (step: ReturnType<typeof admission>, hostname: string, tries: number) =>
    Array.from({ length: tries }, () => outcomeOf(step, from(hostname))).filter((one) => one === "admitted").length;

  it("admits a burst, and then so many a second", async () => {
    const { clock, step } = limited({ connectsPerSecond: 10, connectsBurst: 3 });
    expect(count(step, "192.0.2.1", 5)).toBe(3);
    await clock.advance(99);
    expect(count(step, "192.0.2.1", 5)).toBe(0);
    await clock.advance(1);
    expect(count(step, "192.0.2.1", 5)).toBe(1);
    await clock.advance(250);
    expect(count(step, "192.0.2.1", 5)).toBe(2);
    await clock.advance(50);
    expect(count(step, "192.0.2.1", 5)).toBe(1);
    await clock.advance(3_600_000);
    expect(count(step, "192.0.2.1", 5)).toBe(3);
  });

  it.each([
    [3, 3],
    [2.5, 3],
    [0.1, 1],
    [7, 7],
    [1_000, 1_000],
  ])("with %d a second has a burst of %d by default", (connectsPerSecond, burst) => {
    const { step } = limited({ connectsPerSecond });
    expect(count(step, "192.0.2.1", burst + 5)).toBe(burst);
  });

  it("counts each address for itself, and IPv6 by /64", () => {
    const { step } = limited({ connectsPerSecond: 1 });
    expect(["192.0.2.1", "192.0.2.2", "2001:db8::1"].map((hostname) => count(step, hostname, 2))).toEqual([1, 1, 1]);
    expect(count(step, "2001:db8::2", 1)).toBe(0);
    expect(refusalOf(step, from("192.0.2.1"))).toBe("192.0.2.1 connects more often than connectsPerSecond allows");
  });

  it("takes nothing for a connection that is refused for another reason", async () => {
    const { step } = limited({ deny: ["10.0.0.0/8"], maxPerAddress: 1, connectsPerSecond: 2 });
    expect(outcomeOf(step, from("10.0.0.1"))).toBe("denied");
    const one = from("192.0.2.1");
    step(one);
    const outcomes = Array.from({ length: 3 }, () => outcomeOf(step, from("192.0.2.1")));
    expect(outcomes).toEqual(Array(3).fill("too-many-per-address"));
    await one.end();
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
    expect(step.stats().ratedAddresses).toBe(1);
  });

  it("costs no timer", () => {
    const { clock, step } = limited({ connectsPerSecond: 1, maxPerAddress: 1 });
    count(step, "192.0.2.1", 3);
    expect(clock.pending).toBe(0);
  });
});

describe("admission by a key", () => {
  it("counts what the function returns, and nothing for undefined", () => {
    const step = admission({
      maxPerAddress: 1,
      by: ({ remoteAddress: { hostname = "" } }) => (hostname === "10.0.0.1" ? undefined : hostname.split(".")[0]),
    });
    expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
    expect(outcomeOf(step, from("192.9.9.9"))).toBe("too-many-per-address");
    expect(outcomeOf(step, from("10.0.0.1"))).toBe("admitted");
    expect(outcomeOf(step, from("10.0.0.1"))).toBe("admitted");
  });

  it("counts Unix peers by a key of theirs", () => {
    const step = admission({ maxPerAddress: 1, by: ({ remoteAddress: { path } }) => path });
    expect(outcomeOf(step, fromPath("/run/a"))).toBe("admitted");
    expect(outcomeOf(step, fromPath("/run/a"))).toBe("too-many-per-address");
  });

  it("escapes and cuts a key in the text of an error", () => {
    const step = admission({ maxPerAddress: 1, by: () => `\n${"x".repeat(1_000)}` });
    step(from("192.0.2.1"));
    const text = refusalOf(step, from("192.0.2.1"));
    expect(text).toMatch(/^\\nx+… \(901 more\) has reached maxPerAddress: 1$/);
  });

  it("passes on what the function throws, and refuses what is no key", () => {
    const failing = admission({
      maxPerAddress: 1,
      by: () => {
        throw new Error("no key today");
      },
    });
    expect(() => failing(from("192.0.2.1"))).toThrow("no key today");
    const wrong = admission({ maxPerAddress: 1, by: (() => 7) as unknown as () => string });
    expect(() => wrong(from("192.0.2.1"))).toThrow(new TypeError("by must return a string or undefined, not number"));
  });
});

describe("a refused connection", () => {
  const ended = (options: AdmissionOptions): Incoming => {
    const peer = from("192.0.2.1");
    expect(outcomeOf(admission({ deny: ["192.0.2.1"], ...options }), peer)).toBe("denied");
    return peer;
  };

  it("is left to the establish stage, which resets it", () => {
    expect(ended({}).calls).toEqual([]);
    expect(ended({ refuse: "reset" }).calls).toEqual([]);
  });

  it("is closed in order with `refuse: close`", () => {
    expect(ended({ refuse: "close" }).calls).toEqual(["close"]);
  });
});

describe("admission.stats", () => {
  it("counts what was admitted, and what was refused by reason", () => {
    const step = admission({ deny: ["10.0.0.0/8"], maxPerAddress: 2, connectsPerSecond: 3, clock: manualClock() });
    const hostnames = ["10.0.0.1", "10.0.0.2", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"];
    for (const hostname of hostnames) outcomeOf(step, from(hostname));
    expect(step.stats()).toEqual({
      admitted: 3,
      refused: { denied: 2, "too-many-per-address": 1, "connects-too-fast": 0 },
      openAddresses: 2,
      ratedAddresses: 2,
      forgottenAddresses: 0,
    });
  });

  it("counts the addresses whose rate was forgotten for want of room, and no others", async () => {
    const clock = manualClock();
    const step = admission({ connectsPerSecond: 1, maxAddresses: 4, clock });
    const forgotten = (...hostnames: string[]) => {
      for (const hostname of hostnames) outcomeOf(step, from(hostname));
      return step.stats().forgottenAddresses;
    };
    expect(forgotten("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")).toBe(0);
    // The third half begins. The first address is in use again, and only the second one is lost.
    expect(forgotten("192.0.2.1")).toBe(1);
    expect(forgotten("192.0.2.5")).toBe(1);
    expect(forgotten("192.0.2.6")).toBe(3);
    await clock.advance(5_000);
    expect(forgotten("192.0.2.7", "192.0.2.8")).toBe(3);
  });

  it("is a copy that does not change", () => {
    const step = admission({ deny: ["10.0.0.0/8"] });
    const before = step.stats();
    outcomeOf(step, from("10.0.0.1"));
    outcomeOf(step, from("192.0.2.1"));
    expect(before).toMatchObject({ admitted: 0, refused: { denied: 0 } });
  });
});

describe("the options of admission", () => {
  it.each<[unknown, ErrorConstructor, string]>([
    [undefined, TypeError, "options must be an object, not undefined"],
    [{ maxPerAdress: 1 }, TypeError, "unknown option maxPerAdress; did you mean maxPerAddress?"],
    [{ maxPerAddress: 0 }, RangeError, "maxPerAddress must be a whole number of at least 1"],
    [{ maxPerAddress: "5" }, TypeError, "maxPerAddress must be a number, not string"],
    [{ connectsPerSecond: 0 }, RangeError, "connectsPerSecond must be a finite number above 0, not 0"],
    [{ connectsPerSecond: Number.NaN }, RangeError, "connectsPerSecond must be a finite number above 0, not NaN"],
    [{ connectsPerSecond: 1, connectsBurst: 0 }, RangeError, "connectsBurst must be a whole number of at least 1"],
    [{ connectsPerSecond: Infinity, connectsBurst: 0 }, RangeError, "connectsBurst must be a whole number"],
    [{ connectsBurst: 5 }, TypeError, "connectsBurst has no effect without connectsPerSecond"],
    [{ maxAddresses: 5 }, TypeError, "maxAddresses has no effect without connectsPerSecond"],
    [{ connectsPerSecond: 1, maxAddresses: 1 }, RangeError, "maxAddresses must be a whole number of at least 2"],
    [{ connectsPerSecond: 1, maxAddresses: Infinity }, RangeError, "maxAddresses must be a whole number"],
    [{ connectsPerSecond: 1, maxAddresses: 2 ** 24 + 1 }, RangeError, "maxAddresses must be at most 16777216"],
    [{ by: () => "x" }, TypeError, "by has no effect without maxPerAddress or connectsPerSecond"],
    [{ by: "address", maxPerAddress: 1 }, TypeError, "by must be a function, not string"],
    [{ refuse: "drop" }, RangeError, 'refuse must be "reset" or "close", not "drop"'],
  ])("%j are refused at the call", (options, kind, message) => {
    const make = () => admission(options as AdmissionOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  it("may be turned off with Infinity", () => {
    const step = admission({ maxPerAddress: Infinity, connectsPerSecond: Infinity, connectsBurst: 2 });
    for (let tries = 0; tries < 10; tries += 1) expect(outcomeOf(step, from("192.0.2.1"))).toBe("admitted");
    expect(step.stats()).toMatchObject({ openAddresses: 0, ratedAddresses: 0 });
  });
});
