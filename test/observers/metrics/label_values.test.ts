import { describe, expect, it } from "vitest";
import { LabelValues } from "../../../src/observers/metrics/label_values.ts";
import { LabelledCounter } from "../../../src/observers/metrics/labelled_counter.ts";

describe("the values of a label", () => {
  it("are themselves up to the limit, and other beyond it, for ever", () => {
    const labels = new LabelValues(2);
    expect(["a", "b", "c", "a", "d", "b"].map((value) => labels.of(value))).toEqual([
      "a",
      "b",
      "other",
      "a",
      "other",
      "b",
    ]);
  });

  it("have no control characters, and a bounded length", () => {
    const labels = new LabelValues(2);
    expect(labels.of('a\n"\u001b[0m')).toBe('a\\n"\\x1b[0m');
    expect(labels.of("x".repeat(100_000)).length).toBeLessThan(200);
  });

  it("are counted, those beyond the limit together, and known ones from 0", () => {
    const counter = new LabelledCounter(3, ["z"]);
    for (const value of ["a", "b", "c", "a", "d"]) counter.add(value);
    expect([...counter]).toEqual([
      ["z", 0],
      ["a", 2],
      ["b", 1],
      ["other", 2],
    ]);
  });
});
