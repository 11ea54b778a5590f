import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/mod.ts";
import { EndOfTick } from "../../src/core/time/end_of_tick.ts";
import { MOST_UNITS, schedulerOf } from "../../src/core/time/scheduler.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";

/** A clock on which every look takes a millisecond. */
function slowClock() {
  let looks = 0;
  const now = () => {
    looks += 1;
    return looks;
  };
  return { now, setTimeout: () => undefined, clearTimeout: () => {} };
}

function endOfTickOf(clock: Clock): EndOfTick {
  return new EndOfTick(clock, schedulerOf(manualClock()));
}

describe("the end of a tick", () => {
  it("is told to each once, in order, with a time that few others have", async () => {
    const endOfTick = endOfTickOf(slowClock());
    const told: { owner: number; now: number }[] = [];
    for (let owner = 0; owner < 1_000; owner++) endOfTick.add({ onTickEnd: (now) => told.push({ owner, now }) });
    expect(told).toEqual([]);
    await tickEnd();
    expect(told.map(({ owner }) => owner)).toEqual(Array.from({ length: 1_000 }, (_, owner) => owner));
    const sharing = told.filter(({ now }) => now === told[500]?.now).length;
    expect(sharing).toBeGreaterThan(1);
    expect(sharing).toBeLessThanOrEqual(100);
  });

  it("has a time of its own in every tick", async () => {
    const endOfTick = endOfTickOf(slowClock());
    const told: number[] = [];
    for (let tick = 0; tick < 3; tick++) {
      endOfTick.add({ onTickEnd: (now) => told.push(now) });
      await tickEnd();
    }
    expect(told).toEqual([1, 2, 3]);
  });

  it("goes on behind a round of I/O when a slice is used up", async () => {
    const clock = manualClock();
    const endOfTick = new EndOfTick(clock, schedulerOf(clock));
    const told: number[] = [];
    for (let owner = 0; owner < 20_000; owner++) endOfTick.add({ onTickEnd: () => told.push(owner) });
    await tickEnd();
    expect(told.length).toBeGreaterThanOrEqual(MOST_UNITS);
    expect(told.length).toBeLessThan(MOST_UNITS + 100);
    await clock.step();
    expect(told.length).toBeLessThan(2 * (MOST_UNITS + 100));
    await clock.advance(0);
    expect(told).toEqual(Array.from({ length: 20_000 }, (_, owner) => owner));
  });

  it("comes again for an owner that is added in it", async () => {
    const endOfTick = endOfTickOf(slowClock());
    let told = 0;
    const owner = { onTickEnd: () => (told += 1) < 3 && endOfTick.add(owner) };
    endOfTick.add(owner);
    await tickEnd();
    expect(told).toBe(3);
  });
});
