import { expect, it } from "vitest";
import { manualClock } from "../../src/testing/mod.ts";

it("a clock steps from timer to timer, and says when the next is due", async () => {
  const clock = manualClock();
  const fired: number[] = [];
  clock.setTimeout(() => fired.push(clock.now()), 20);
  clock.setTimeout(() => fired.push(clock.now()), 5);
  expect(clock.next).toBe(5);
  expect(await clock.step()).toBe(true);
  expect(fired).toEqual([5]);
  expect(clock.next).toBe(20);
  expect(await clock.step()).toBe(true);
  expect(await clock.step()).toBe(false);
  expect(fired).toEqual([5, 20]);
  expect(clock.next).toBe(Infinity);
});

it("a clock jumps, and its timers notice late, in order", async () => {
  const clock = manualClock();
  const fired: [string, number][] = [];
  clock.setTimeout(() => fired.push(["second", clock.now()]), 20);
  clock.setTimeout(() => fired.push(["first", clock.now()]), 5);
  clock.jump(100);
  expect(clock.now()).toBe(100);
  expect(fired).toEqual([]);
  await clock.advance(0);
  expect(fired).toEqual([
    ["first", 100],
    ["second", 100],
  ]);
});

it.each([-1, Number.NaN, Infinity])("a clock does not jump %s ms", (ms) => {
  expect(() => manualClock().jump(ms)).toThrow(RangeError);
});
