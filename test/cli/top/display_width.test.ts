import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutToWidth, displayWidth, fitToWidth } from "../../../src/cli/top/display_width.ts";

describe("the width of text", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["äöü€…▼", 6],
    ["e\u0301", 1],
    ["日本", 4],
    ["한글", 4],
    ["ａ", 2],
    ["😀", 2],
  ])("of %j is %d columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it.each([
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd…"],
    ["abcdef", 1, "…"],
    ["abcdef", 0, ""],
    ["日本語", 6, "日本語"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["日本語", 1, "…"],
    ["ae\u0301", 2, "ae\u0301"],
  ])("cuts %j to %d columns: %j", (text, columns, expected) => {
    expect(cutToWidth(text, columns)).toBe(expected);
  });

  it("is never exceeded by a cut, and reached by a fit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, columns) => {
        expect(displayWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns);
        expect(displayWidth(fitToWidth(text, columns, "right"))).toBe(columns);
        if (displayWidth(text) <= columns) expect(cutToWidth(text, columns)).toBe(text);
      }),
    );
  });
});
