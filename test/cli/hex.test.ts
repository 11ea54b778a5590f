import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexText, parseHex } from "../../src/cli/hex.ts";

describe("hexadecimal digits", () => {
  it("give back the bytes that they were written for, with blanks anywhere between bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom("", " ", "\t", "  "), (bytes, blank) => {
        const spaced = hexText(bytes).replace(/../g, `$&${blank}`);
        expect(parseHex(spaced)).toEqual(Uint8Array.from(bytes));
        expect(parseHex(spaced.toUpperCase())).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it.each(["0", "0g", "0 0", "00 0", "0x00", "é0"])("are refused when they are no whole bytes: %s", (text) => {
    expect(parseHex(text)).toBeUndefined();
  });
});
