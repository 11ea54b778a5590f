import { describe, expect, it } from "vitest";
import { ageText, bytesText, rateText, timeText, wholeText } from "../../../src/cli/top/quantities.ts";

describe("quantities", () => {
  it.each([
    [undefined, "-"],
    [0, "0"],
    [0.04, "0.0"],
    [0.44, "0.4"],
    [9.96, "10"],
    [999.4, "999"],
    [999.6, "1k"],
    [12_345, "12.3k"],
    [999_600, "1M"],
    [4_560_000, "4.56M"],
    [2e9, "2G"],
  ])("of %s per second are %s", (value, text) => {
    expect(rateText(value)).toBe(text);
  });

  it.each([
    [undefined, "-"],
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_024, "1 KiB"],
    [1_536, "1.5 KiB"],
    [1_048_575, "1 MiB"],
    [3.2 * 1_048_576, "3.2 MiB"],
    [2 ** 50, "1 PiB"],
    [2 ** 70, "1048576 PiB"],
  ])("of %s bytes are %s", (value, text) => {
    expect(bytesText(value)).toBe(text);
  });

  it.each([
    [undefined, "-"],
    [0, "0 ms"],
    [0.123, "0.12 ms"],
    [1.26, "1.3 ms"],
    [12.4, "12 ms"],
    [999.7, "1 s"],
    [1_500, "1.5 s"],
  ])("of %s ms are %s", (value, text) => {
    expect(timeText(value)).toBe(text);
  });

  it.each([
    [-1, "0s"],
    [0, "0s"],
    [59_999, "59s"],
    [60_000, "1m00s"],
    [184_000, "3m04s"],
    [3_600_000 * 5 + 60_000 * 2, "5h02m"],
    [3_600_000 * 76, "3d04h"],
  ])("of an age of %d ms are %s", (value, text) => {
    expect(ageText(value)).toBe(text);
  });

  it("of a count have commas", () => {
    expect(wholeText(1_234_567)).toBe("1,234,567");
  });
});
