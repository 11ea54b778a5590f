import { describe, expect, it } from "vitest";
import { internAddress, plainAddress, plainHostname } from "../../src/core/mod.ts";

describe("plainHostname", () => {
  it.each([
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:127.0.0.1", "127.0.0.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["::FfFf:C0A8:01fE", "192.168.1.254"],
    ["0:0:0:0:0:ffff:7f00:1", "127.0.0.1"],
    ["0000:0000:0000:0000:0000:ffff:192.0.2.1", "192.0.2.1"],
    ["::0:ffff:10.0.0.1", "10.0.0.1"],
    ["0::ffff:10.0.0.1", "10.0.0.1"],
    ["0:0:0::ffff:a00:1", "10.0.0.1"],
    ["::ffff:0:1", "0.0.0.1"],
    ["::ffff:0.0.0.0", "0.0.0.0"],
    ["0:0:0:0:0:ffff::", "0.0.0.0"],
    ["::ffff:255.255.255.255", "255.255.255.255"],
  ])("of %s is %s", (hostname, plain) => {
    expect(plainHostname(hostname)).toBe(plain);
  });

  it.each([
    "127.0.0.1",
    "localhost",
    "",
    "::",
    "::1",
    "fe80::1%eth0",
    "fe80::ffff:1.2.3.4%eth0",
    "::ffff:127.0.0.1%lo",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "2001:db8::ffff:7f00:1",
    "1::ffff:127.0.0.1",
    "::ffff:1:2:3",
    "::ffff:256.0.0.1",
    "::ffff:1.2.3",
    "::ffff::1",
    "::1::ffff:1.2.3.4",
    "0:0:0:0:0:0:ffff:7f00:1",
    "0:0:0:0::0:ffff:7f00:1",
    "0:0:0:0:ffff:7f00:1",
    "::ffff:12345:1",
    "::ffff:g:1",
  ])("leaves %s as it is", (hostname) => {
    expect(plainHostname(hostname)).toBe(hostname);
  });
});

describe("plainAddress", () => {
  it("changes the hostname and nothing else, and makes no object when there is nothing to change", () => {
    expect(plainAddress({ hostname: "::ffff:192.0.2.1", port: 7 })).toEqual({ hostname: "192.0.2.1", port: 7 });
    const plain = { hostname: "2001:db8::1", port: 7 };
    expect(plainAddress(plain)).toBe(plain);
    const unix = { path: "/run/::ffff:192.0.2.1" };
    expect(plainAddress(unix)).toBe(unix);
  });
});

describe("internAddress", () => {
  it("is one plain object for as long as the address is the same", () => {
    const first = internAddress("::ffff:192.0.2.1", 7);
    expect(first).toEqual({ hostname: "192.0.2.1", port: 7 });
    expect(internAddress("::ffff:192.0.2.1", 7)).toBe(first);
    expect(internAddress("::ffff:192.0.2.1", 8)).toEqual({ hostname: "192.0.2.1", port: 8 });
    expect(internAddress("192.0.2.2", 8)).toEqual({ hostname: "192.0.2.2", port: 8 });
  });
});
