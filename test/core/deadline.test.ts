import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Deadline, DeadlineQueue } from "../../src/core/time/deadline.ts";
import { type ManualClock, manualClock } from "../../src/testing/mod.ts";

/** A deadline that notes when it passes. */
function noting(clock: ManualClock, passed: number[]): Deadline {
  return new Deadline({ onDeadline: () => passed.push(clock.now()) });
}

describe("DeadlineQueue", () => {
  it("calls at the instant, once, and leaves no timer", async () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const deadline = noting(clock, passed);
    deadline.at = 100;
    queue.arm(deadline);
    await clock.advance(99);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect(passed).toEqual([100]);
    expect(clock.pending).toBe(0);
    await clock.advance(1_000);
    expect(passed).toEqual([100]);
  });

  it("follows a deadline that is moved later by assignment", async () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const deadline = noting(clock, passed);
    deadline.at = 100;
    queue.arm(deadline);
    for (const at of [150, 220, 300]) {
      await clock.advance(60);
      deadline.at = at;
      expect(clock.pending).toBe(1);
    }
    await clock.advance(119);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect(passed).toEqual([300]);
  });

  it("follows a deadline that is armed for earlier", async () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const deadline = noting(clock, passed);
    for (const at of [500, 200, 50]) {
      deadline.at = at;
      queue.arm(deadline);
    }
    expect(queue.size).toBe(1);
    await clock.advance(500);
    expect(passed).toEqual([50]);
  });

  it("forgets one that is disarmed, or assigned Infinity", async () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const [one, two] = [noting(clock, passed), noting(clock, passed)];
    one.at = 10;
    two.at = 20;
    queue.arm(one);
    queue.arm(two);
    queue.disarm(one);
    two.at = Infinity;
    await clock.advance(100);
    expect(passed).toEqual([]);
    expect(queue.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("never arms for Infinity", () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    queue.arm(new Deadline({ onDeadline: () => {} }));
    expect([queue.size, clock.pending]).toEqual([0, 0]);
  });

  it("waits for longer than a timer can", async () => {
    const clock = manualClock();
    const delays: number[] = [];
    const { setTimeout } = clock;
    clock.setTimeout = (callback, delayMs) => {
      delays.push(delayMs);
      return setTimeout.call(clock, callback, delayMs);
    };
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const deadline = noting(clock, passed);
    deadline.at = 2 ** 33 + 0.5;
    queue.arm(deadline);
    await clock.advance(2 ** 33);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect(passed).toEqual([2 ** 33 + 1]);
    expect(Math.max(...delays)).toBe(2 ** 31 - 1);
  });

  it("is not early when its timer is", () => {
    const timers: (() => void)[] = [];
    let now = 0;
    const clock = {
      now: () => now,
      setTimeout: (callback: () => void) => timers.push(callback),
      clearTimeout: () => {},
    };
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const deadline = new Deadline({ onDeadline: (instant) => passed.push(instant) });
    deadline.at = 10;
    queue.arm(deadline);
    now = 9.4;
    timers.shift()?.();
    expect(passed).toEqual([]);
    now = 10.1;
    timers.shift()?.();
    // The timer was late, if only by this: a round comes first.
    timers.shift()?.();
    expect(passed).toEqual([10.1]);
  });

  it("leaves no timer when the last one armed another that is due", () => {
    const timers = new Set<() => void>();
    let now = 0;
    const clock = {
      now: () => now,
      setTimeout(callback: () => void) {
        timers.add(callback);
        return callback;
      },
      clearTimeout: (handle: unknown) => void timers.delete(handle as () => void),
    };
    const queue = new DeadlineQueue(clock);
    const passed: string[] = [];
    const second = new Deadline({ onDeadline: () => passed.push("second") });
    const first = new Deadline({
      onDeadline() {
        passed.push("first");
        second.at = now;
        queue.arm(second);
      },
    });
    first.at = 10;
    queue.arm(first);
    now = 10;
    for (const timer of timers) {
      timers.delete(timer);
      timer();
      break;
    }
    expect(passed).toEqual(["first", "second"]);
    expect(timers.size).toBe(0);
  });

  it("may be armed again from its own call", async () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    const deadline: Deadline = new Deadline({
      onDeadline(now) {
        passed.push(now);
        deadline.at = now + 10;
        queue.arm(deadline);
      },
    });
    deadline.at = 10;
    queue.arm(deadline);
    await clock.advance(35);
    expect(passed).toEqual([10, 20, 30]);
    queue.disarm(deadline);
    expect(clock.pending).toBe(0);
  });
});

/** A clock whose rounds are run by hand, and a deadline on it that notes when it passes. */
function rounds(at: number) {
  const waiting: (() => void)[] = [];
  const clock = manualClock();
  clock.afterRound = (callback) => waiting.push(callback);
  const queue = new DeadlineQueue(clock);
  const passed: number[] = [];
  const deadline = noting(clock, passed);
  deadline.at = at;
  queue.arm(deadline);
  return { clock, queue, deadline, passed, waiting, run: () => waiting.shift()?.() };
}

describe("DeadlineQueue after a stall", () => {
  it("lets what waits have its turn before a late deadline passes", async () => {
    const { clock, passed, waiting, run } = rounds(100);
    clock.jump(2_500);
    await clock.advance(0);
    expect([passed, waiting.length]).toEqual([[], 1]);
    run();
    expect([passed, waiting.length, clock.pending]).toEqual([[2_500], 0, 0]);
  });

  it("spares a deadline that was moved or disarmed in that round, and arms its timer", async () => {
    const { clock, queue, deadline, passed, run } = rounds(100);
    const other = noting(clock, passed);
    other.at = 200;
    queue.arm(other);
    clock.jump(2_500);
    await clock.advance(0);
    deadline.at = 3_000;
    queue.disarm(other);
    run();
    expect([passed, clock.pending]).toEqual([[], 1]);
    await clock.advance(500);
    expect([passed, clock.pending]).toEqual([[3_000], 0]);
  });

  it("goes on with rounds while they bring something, and passes after the first that brings nothing", async () => {
    const { clock, queue, passed, run } = rounds(100);
    clock.jump(2_500);
    await clock.advance(0);
    for (let round = 0; round < 50; round++) {
      queue.progress += 1;
      run();
    }
    expect(passed).toEqual([]);
    run();
    expect(passed).toEqual([2_500]);
  });

  it("spares nobody for longer than the stall has lasted, whatever the rounds bring", async () => {
    const { clock, queue, passed, run } = rounds(100);
    clock.jump(2_500);
    await clock.advance(0);
    for (let round = 0; round < 100 && passed.length === 0; round++) {
      queue.progress += 1;
      clock.jump(100);
      run();
    }
    expect(passed).toEqual([4_900]);
  });

  it("gives up after a few rounds when each of them is another stall", async () => {
    const { clock, queue, passed, run } = rounds(100);
    clock.jump(2_500);
    await clock.advance(0);
    for (let round = 0; round < 2; round++) {
      expect(passed).toEqual([]);
      queue.progress += 1;
      clock.jump(2_500);
      run();
    }
    expect(passed).toEqual([7_500]);
  });

  it("gives a deadline that comes due during a round one of its own", async () => {
    const { clock, queue, passed, waiting, run } = rounds(100);
    const later = noting(clock, passed);
    later.at = 2_600;
    queue.arm(later);
    clock.jump(2_500);
    await clock.advance(0);
    clock.jump(500);
    run();
    expect([passed, waiting.length]).toEqual([[3_000], 1]);
    run();
    expect(passed).toEqual([3_000, 3_000]);
  });

  it("asks a deadline for its instant when it looks at it, and goes by that", async () => {
    const clock = manualClock();
    const queue = new DeadlineQueue(clock);
    const passed: number[] = [];
    let instant = 300;
    class WorkedOutLate extends Deadline {
      override refresh(): void {
        this.at = instant;
      }
    }
    const late = new WorkedOutLate({ onDeadline: (now) => passed.push(now) });
    late.at = 100;
    queue.arm(late);
    await clock.advance(299);
    expect(passed).toEqual([]);
    instant = 400;
    await clock.advance(100);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect(passed).toEqual([400]);
  });

  it("makes no round for a deadline that passes at its instant, nor for one that was moved", async () => {
    const { clock, deadline, passed, waiting } = rounds(100);
    clock.jump(50);
    deadline.at = 400;
    clock.jump(100);
    await clock.advance(250);
    expect([passed, waiting.length]).toEqual([[400], 0]);
  });
});

/** An act on one of a few deadlines, between two steps of time. */
const step = fc.oneof(
  fc.record({ act: fc.constant("arm" as const), which: fc.nat(23), inMs: fc.nat(40) }),
  fc.record({ act: fc.constant("later" as const), which: fc.nat(23), inMs: fc.nat(40) }),
  fc.record({ act: fc.constant("disarm" as const), which: fc.nat(23), inMs: fc.constant(0) }),
  fc.record({ act: fc.constant("advance" as const), which: fc.constant(0), inMs: fc.nat(25) }),
);

describe("DeadlineQueue against a list of instants", () => {
  it("passes the same deadlines at the same instants, on one timer at most", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 200 }), async (steps) => {
        const clock = manualClock();
        const queue = new DeadlineQueue(clock);
        const passed: string[] = [];
        const expected: string[] = [];
        const instants = new Map<number, number>();
        const deadlines = Array.from(
          { length: 24 },
          (_, which) => new Deadline({ onDeadline: (now) => passed.push(`${which}@${now}`) }),
        );
        for (const { act, which, inMs } of steps) {
          const deadline = deadlines[which] as Deadline;
          const at = clock.now() + inMs;
          if (act === "arm" || (act === "later" && (instants.get(which) ?? Infinity) <= at)) {
            deadline.at = at;
            instants.set(which, at);
            // An instant that only moves later needs no call.
            if (act === "arm") queue.arm(deadline);
          } else if (act === "disarm") {
            queue.disarm(deadline);
            instants.delete(which);
          } else if (act === "advance") {
            await clock.advance(inMs);
            for (const [due, instant] of instants) {
              if (instant > at) continue;
              expected.push(`${due}@${instant}`);
              instants.delete(due);
            }
          }
          expect(passed.toSorted()).toEqual(expected.toSorted());
          expect(clock.pending).toBeLessThanOrEqual(1);
          if (queue.size === 0) expect(clock.pending).toBe(0);
          expect(queue.size).toBeGreaterThanOrEqual(instants.size);
        }
      }),
      { seed: 20_261_103, numRuns: 120 },
    );
  });

  it("passes each at its own instant when any others are disarmed", async () => {
    const instants = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 8, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(instants, fc.array(fc.nat(39), { maxLength: 20 }), async (armed, disarmed) => {
        const clock = manualClock();
        const queue = new DeadlineQueue(clock);
        const passed: string[] = [];
        const deadlines = armed.map((at, which) => {
          const deadline = new Deadline({ onDeadline: (now) => passed.push(`${which}@${now}`) });
          deadline.at = at;
          queue.arm(deadline);
          return deadline;
        });
        for (const which of disarmed) if (which < armed.length) queue.disarm(deadlines[which] as Deadline);
        await clock.advance(100);
        const expected = armed.flatMap((at, which) => (disarmed.includes(which) ? [] : [`${which}@${at}`]));
        expect(passed.toSorted()).toEqual(expected.toSorted());
        expect([queue.size, clock.pending]).toEqual([0, 0]);
      }),
      { seed: 20_261_105, numRuns: 300 },
    );
  });
});
