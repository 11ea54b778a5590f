import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SentTimes } from "../../../src/cli/connect/sent_times.ts";

describe("the instants of unanswered frames", () => {
  it("come back in order, as a plain queue gives them, and none comes from nowhere", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(), fc.constant("take" as const)), { maxLength: 5_000 }), (steps) => {
        const times = new SentTimes();
        const model: number[] = [];
        for (const step of steps) {
          if (step === "take") expect(times.take()).toBe(model.shift());
          else {
            times.add(step);
            model.push(step);
          }
        }
      }),
    );
  });

  it("are bounded: beyond a million nothing is timed any more, rather than wrongly", () => {
    const times = new SentTimes();
    for (let at = 0; at <= 1_048_576; at++) times.add(at);
    expect(times.take()).toBeUndefined();
    times.add(1);
    expect(times.take()).toBeUndefined();
  });
});
