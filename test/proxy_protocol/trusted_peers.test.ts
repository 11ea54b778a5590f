import { describe, expect, it } from "vitest";
import { TrustedPeers } from "../../src/proxy_protocol/trusted_peers.ts";

const named = (rules: string | string[], hostname: string) =>
  new TrustedPeers("from", rules).has({ hostname, port: 1 });

describe("the named peers", () => {
  it.each([
    ["10.0.0.0/8", "10.255.0.1", "11.0.0.1"],
    ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
    ["192.0.2.128/25", "192.0.2.255", "192.0.2.127"],
    ["192.0.2.0/31", "192.0.2.1", "192.0.2.2"],
    ["0.0.0.0/0", "255.255.255.255", "::1"],
    ["10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"],
    ["10.0.0.0/8", "::FFFF:a00:1", "::ffff:b00:1"],
    ["::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"],
    ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"],
    ["2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"],
    ["2001:db8::1", "2001:0db8:0::0:1", "2001:db8::2"],
    ["fe80::/10", "fe80::1%eth0", "fec0::1%eth0"],
    ["::/0", "::", "0.0.0.0"],
    ["::/1", "7fff::", "8000::"],
  ])("of %s hold %s and not %s", (rule, inside, outside) => {
    expect(named(rule, inside)).toBe(true);
    expect(named(rule, outside)).toBe(false);
    expect(named(["198.51.100.1", rule, "2001:db8:9::"], inside)).toBe(true);
  });

  it("hold no text that is not an address", () => {
    for (const hostname of ["", "localhost", "010.0.0.1", "10.1", "10.0.0.1 ", "::1::", "10.0.0.1/8"]) {
      expect(named(["0.0.0.0/0", "::/0", "unix"], hostname), hostname).toBe(false);
    }
  });

  it("hold Unix domain sockets if they name them, whatever their path", () => {
    expect(new TrustedPeers("from", ["10.0.0.0/8", "unix"]).has({ path: "" })).toBe(true);
    expect(new TrustedPeers("from", "unix").has({ path: "/run/proxy.sock" })).toBe(true);
    expect(new TrustedPeers("from", "unix").has({ hostname: "::1", port: 1 })).toBe(false);
    expect(new TrustedPeers("from", ["0.0.0.0/0", "::/0"]).has({ path: "" })).toBe(false);
  });

  it.each([
    [[], RangeError, "from must name at least one address"],
    [undefined, TypeError, `from must be an address, a range, "unix", or an array of these`],
    [8, TypeError, "or an array of these"],
    ["", RangeError, `a range such as "10.0.0.0/8", or "unix", not ""`],
    ["localhost", RangeError, `not "localhost"`],
    ["*", RangeError, `not "*"`],
    ["10/8", RangeError, `not "10/8"`],
    ["010.0.0.0/8", RangeError, `not "010.0.0.0/8"`],
    ["10.0.0.0/08", RangeError, "must be a numeric address"],
    ["10.0.0.0/", RangeError, "must be a numeric address"],
    ["10.0.0.0/255.0.0.0", RangeError, "must be a numeric address"],
    ["fe80::1%eth0", RangeError, "must be a numeric address"],
    ["[::1]", RangeError, "must be a numeric address"],
    ["10.0.0.0/33", RangeError, "a prefix of at most 32 bits"],
    ["::/129", RangeError, "a prefix of at most 128 bits"],
    ["::ffff:10.0.0.0/129", RangeError, "a prefix of at most 128 bits"],
    [
      "10.0.0.1/8",
      RangeError,
      `no bit set behind the first 8, as "10.0.0.1/8" has: write 10.0.0.1 for that address alone`,
    ],
    ["::ffff:10.0.0.0/8", RangeError, "no bit set behind the first 8"],
    ["::ffff:0.0.0.0/95", RangeError, "no bit set behind the first 95"],
    ["2001:db8::1/64", RangeError, "no bit set behind the first 64"],
    [["10.0.0.0/8", 8], RangeError, "not 8"],
  ])("cannot be %j", (rules, kind, message) => {
    const make = () => new TrustedPeers("from", rules as string);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
