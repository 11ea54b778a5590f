import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/mod.ts";
import { EndOfTurn } from "../../src/core/time/end_of_turn.ts";
import { MOST_UNITS, schedulerOf } from "../../src/core/time/scheduler.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { turnEnd } from "../../src/testing/turn.ts";

/** A clock on which every look takes a millisecond. */
function slowClock() {
  let looks = 0;
  const now = () => {
    looks += 1;
    return looks;
  };
  return { now, setTimeout: () => undefined, clearTimeout: () => {} };
}

function endOfTurnOf(clock: Clock): EndOfTurn {
  return new EndOfTurn(clock, schedulerOf(manualClock()));
}

describe("the end of a turn", () => {
  it("is told to each once, in order, with a time that few others have", async () => {
    const endOfTurn = endOfTurnOf(slowClock());
    const told: { owner: number; now: number }[] = [];
    for (let owner = 0; owner < 1_000; owner++) endOfTurn.add({ onTurnEnd: (now) => told.push({ owner, now }) });
    expect(told).toEqual([]);
    await turnEnd();
    expect(told.map(({ owner }) => owner)).toEqual(Array.from({ length: 1_000 }, (_, owner) => owner));
    const sharing = told.filter(({ now }) => now === told[500]?.now).length;
    expect(sharing).toBeGreaterThan(1);
    expect(sharing).toBeLessThanOrEqual(100);
  });

  it("has a time of its own in every turn", async () => {
    const endOfTurn = endOfTurnOf(slowClock());
    const told: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      endOfTurn.add({ onTurnEnd: (now) => told.push(now) });
      await turnEnd();
    }
    expect(told).toEqual([1, 2, 3]);
  });

  it("goes on behind a round of I/O when a slice is used up", async () => {
    const clock = manualClock();
    const endOfTurn = new EndOfTurn(clock, schedulerOf(clock));
    const told: number[] = [];
    for (let owner = 0; owner < 20_000; owner++) endOfTurn.add({ onTurnEnd: () => told.push(owner) });
    await turnEnd();
    expect(told.length).toBeGreaterThanOrEqual(MOST_UNITS);
    expect(told.length).toBeLessThan(MOST_UNITS + 100);
    await clock.step();
    expect(told.length).toBeLessThan(2 * (MOST_UNITS + 100));
    await clock.advance(0);
    expect(told).toEqual(Array.from({ length: 20_000 }, (_, owner) => owner));
  });

  it("comes again for who is added in it", async () => {
    const endOfTurn = endOfTurnOf(slowClock());
    let told = 0;
    const owner = { onTurnEnd: () => (told += 1) < 3 && endOfTurn.add(owner) };
    endOfTurn.add(owner);
    await turnEnd();
    expect(told).toBe(3);
  });
});
