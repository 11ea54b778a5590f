import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/core/mod.ts";
import { Periods } from "../../../src/observers/metrics/periods.ts";
import { manualClock } from "../../../src/testing/mod.ts";

describe("periods", () => {
  it("end ten times a second, and tell how late they do", async () => {
    const clock = manualClock();
    const delays: number[] = [];
    const periods = new Periods(clock, (delayMs) => delays.push(delayMs));
    periods.start();
    await clock.advance(200);
    clock.jump(350);
    await clock.advance(0);
    await clock.advance(100);
    expect(delays).toEqual([0, 0, 250, 0]);
    periods.stop();
    expect(clock.pending).toBe(0);
  });

  it("are one sequence, however often they are started, and can be started again", async () => {
    const clock = manualClock();
    let ended = 0;
    const periods = new Periods(clock, () => {
      ended += 1;
    });
    periods.start();
    periods.start();
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    periods.stop();
    periods.stop();
    await clock.advance(1_000);
    expect([ended, clock.pending]).toEqual([1, 0]);
    periods.start();
    await clock.advance(100);
    expect(ended).toBe(2);
    periods.stop();
  });

  it("use a timer that does not keep the process alive", () => {
    const unrefed: unknown[] = [];
    const timer = { unref: () => unrefed.push(timer) };
    const clock = { ...systemClock, setTimeout: () => timer, clearTimeout: () => {} };
    const periods = new Periods(clock, () => {});
    periods.start();
    expect(unrefed).toEqual([timer]);
    periods.stop();
  });
});
