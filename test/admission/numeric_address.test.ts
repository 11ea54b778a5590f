import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressKey } from "../../src/admission/address_key.ts";
import { partsOf } from "../../src/admission/numeric_address.ts";

describe("partsOf", () => {
  it.each([
    ["0.0.0.0", [0, 0]],
    ["255.255.255.255", [0xffff, 0xffff]],
    ["192.0.2.1", [0xc000, 0x0201]],
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["2001:DB8::a:0", [0x2001, 0xdb8, 0, 0, 0, 0, 10, 0]],
    ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["1:2:3:4:5:6:7::", [1, 2, 3, 4, 5, 6, 7, 0]],
    ["fe80::1%eth0", [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
    ["fe80::1%eth0.1", [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
    ["64:ff9b::192.0.2.1", [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0201]],
    ["::192.0.2.1", [0, 0, 0, 0, 0, 0, 0xc000, 0x0201]],
  ])("reads %s as it is", (text, parts) => {
    expect(partsOf(text)).toEqual(parts);
  });

  it.each(["::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:192.0.2.1", "::ffff:c000:201%1"])(
    "reads the mapped address %s as its IPv4 address",
    (text) => {
      expect(partsOf(text)).toEqual([0xc000, 0x0201]);
    },
  );

  it.each([
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.1000",
    "01.2.3.4",
    "1.2.3.04",
    "0x7f.0.0.1",
    "10",
    "2130706433",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4\n",
    "1.2.3.-4",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "::ffff:010.0.0.1",
    "::ffff:0x7f.0.0.1",
    "::ffff:1.2.3",
    "::1.2.3.4:5",
    "[::1]",
    "::1/64",
  ])("does not take %j for a numeric address", (text) => {
    expect(partsOf(text)).toBeUndefined();
  });

  it("reads what the same parts are written as", () => {
    const part = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    const parts = fc.tuple(part, part, part, part, part, part, part, fc.integer({ min: 1, max: 0xffff }));
    fc.assert(
      fc.property(parts, (given) => {
        fc.pre(!(given.slice(0, 5).every((one) => one === 0) && given[5] === 0xffff));
        const text = given.map((one) => one.toString(16)).join(":");
        expect(partsOf(text)).toEqual(given);
        expect(partsOf(new URL(`http://[${text}]`).hostname.slice(1, -1))).toEqual(given);
      }),
    );
  });
});

describe("addressKey", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::", "2001:db8:1:3::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["a.example", "a.example"],
    ["", undefined],
  ])("counts %s under %s", (hostname, key) => {
    expect(addressKey({ hostname, port: 1 })).toBe(key);
  });

  it("counts no Unix peer", () => {
    expect(addressKey({ path: "/run/x.sock" })).toBeUndefined();
  });
});
