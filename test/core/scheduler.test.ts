import { describe, expect, it } from "vitest";
import { MOST_UNITS, Scheduler, schedulerOf, type Task } from "../../src/core/time/scheduler.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";

/** A scheduler whose clock and I/O are the test's. */
function scheduled(sliceMs?: number) {
  const io: (() => void)[] = [];
  const log: string[] = [];
  const clock = { ms: 0, now: () => clock.ms, setTimeout: () => undefined, clearTimeout: () => {} };
  const scheduler = new Scheduler(clock, (callback) => io.push(callback), sliceMs);
  /** The runtime polls for I/O. */
  const round = () => {
    for (const callback of io.splice(0)) callback();
  };
  /** Units of work of so many milliseconds, until the budget is used up. */
  const work = (ms: number, most = 100_000): number => {
    let units = 0;
    for (; units < most && !scheduler.exhausted; units++) {
      clock.ms += ms;
      scheduler.spend();
    }
    return units;
  };
  /** A task with so many units to do; it says when it begins a slice. */
  const task = (name: string, units: number, ms: number): Task => {
    let left = units;
    const made: Task = {
      onSlice: () => {
        log.push(name);
        left -= work(ms, left);
        if (left > 0) scheduler.wait(made, true);
      },
    };
    return made;
  };
  return { clock, scheduler, io, log, round, work, task };
}

describe("a slice of the event loop", () => {
  it.each([
    [20, 2],
    [1, 4],
    [0.02, 400],
    [0.001, 8_192],
  ])("of units of %d ms ends after at most %d of them", (ms, most) => {
    const { scheduler, round, work } = scheduled();
    // The first one finds out what units cost.
    work(ms);
    scheduler.wait({ onSlice: () => {} }, true);
    round();
    const units = work(ms);
    expect(units).toBeGreaterThan(0);
    expect(units).toBeLessThanOrEqual(most);
  });

  it("ends soon when units that were cheap become dear", () => {
    const { clock, work } = scheduled();
    work(0.001, 1_000);
    const before = clock.ms;
    work(1);
    expect(clock.ms - before).toBeLessThan(150);
  });

  it("ends after so many units on a clock that stands still, as well", () => {
    const { round, scheduler, work } = scheduled(Infinity);
    expect(work(0)).toBe(MOST_UNITS);
    scheduler.wait({ onSlice: () => {} }, true);
    round();
    expect(work(0)).toBe(MOST_UNITS);
  });

  it("is not used up by time in which nothing was done", async () => {
    const { clock, scheduler, work } = scheduled();
    for (let tick = 0; tick < 1_000; tick++) {
      expect(work(0.001, 10)).toBe(10);
      if (tick % 10 === 0) await tickEnd();
      if (tick % 10 === 0) clock.ms += 50;
    }
    expect([scheduler.exhausted, scheduler.rounds]).toEqual([false, 0]);
  });

  it("looks at the clock less often than every tenth unit, when they are cheap", () => {
    const { clock, work } = scheduled();
    let looks = 0;
    clock.now = () => {
      looks += 1;
      return clock.ms;
    };
    expect(work(0.0002)).toBe(MOST_UNITS);
    expect(looks).toBeLessThan(MOST_UNITS / 50);
  });
});

describe("work that waits", () => {
  it("goes on behind a round of I/O, round robin", () => {
    const { scheduler, log, round, work, task } = scheduled();
    work(1);
    for (const name of ["a", "b"]) scheduler.wait(task(name, 5, 1), true);
    expect(log).toEqual([]);
    for (let count = 0; count < 10; count++) round();
    expect(log).toEqual(["a", "b", "a", "b", "a", "b"]);
    expect(scheduler.exhausted).toBe(false);
  });

  it("comes first when it has had no slice: it does not queue behind work that has had one", () => {
    const { scheduler, log, round, work, task } = scheduled();
    work(1);
    for (let flood = 0; flood < 100; flood++) scheduler.wait(task("flood", 1_000, 1), true);
    scheduler.wait(task("ping", 1, 0.01), false);
    round();
    expect(log.slice(0, 2)).toEqual(["ping", "flood"]);
  });

  it("has a slice in each round, however many come that had none", () => {
    const { scheduler, log, round, work, task } = scheduled();
    work(1);
    scheduler.wait(task("flood", 5, 1), true);
    for (let count = 0; count < 2; count++) {
      for (let ping = 0; ping < 100; ping++) scheduler.wait(task("ping", 1, 1), false);
      round();
      expect(log.at(-1)).toBe("flood");
    }
  });

  it("waits for flushes: what was pushed is offered to the kernel before more is pushed", () => {
    const { scheduler, log, round, work, task } = scheduled();
    work(1);
    scheduler.wait(task("pusher", 1, 1), true);
    let left = 3;
    const flushes: Task = {
      onSlice: () => {
        log.push("flushes");
        left -= 1;
        work(1);
        if (left > 0) scheduler.waitToFlush(flushes);
      },
    };
    scheduler.waitToFlush(flushes);
    for (let count = 0; count < 4; count++) round();
    expect(log).toEqual(["flushes", "flushes", "flushes", "pusher"]);
  });

  it("does not come when it was forgotten", () => {
    const { scheduler, log, round, work, task } = scheduled();
    work(1);
    const [worked, fresh] = [task("worked", 1, 1), task("fresh", 1, 1)];
    scheduler.wait(worked, true);
    scheduler.wait(fresh, false);
    scheduler.forget(worked);
    scheduler.forget(fresh);
    round();
    expect(log).toEqual([]);
  });

  it("gives way once more when that is asked for, however little was done", () => {
    const { scheduler, io, round } = scheduled();
    scheduler.yield();
    expect([scheduler.exhausted, io.length]).toEqual([true, 1]);
    round();
    expect([scheduler.exhausted, scheduler.rounds]).toEqual([false, 1]);
  });
});

describe("the scheduler of a clock", () => {
  it("is one for all that go by it, and waits on the clock that a test owns", async () => {
    const clock = manualClock();
    const scheduler = schedulerOf(clock);
    expect(schedulerOf(clock)).toBe(scheduler);
    let slices = 0;
    scheduler.yield();
    scheduler.wait({ onSlice: () => void (slices += 1) }, false);
    await tickEnd();
    expect(slices).toBe(0);
    await clock.advance(0);
    expect(slices).toBe(1);
  });
});
