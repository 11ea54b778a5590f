import { describe, expect, it } from "vitest";
import { FlushWaiters } from "../../src/core/output/flush_waiters.ts";

/** Waiters, and what they were told. */
function waiting(...places: readonly number[]) {
  const waiters = new FlushWaiters();
  const told: [number, boolean][] = [];
  for (const at of places) void waiters.at(at).then((written) => told.push([at, written]));
  return { waiters, told };
}

describe("FlushWaiters", () => {
  it("tells each when its bytes are written, in order, and not before", async () => {
    const { waiters, told } = waiting(1, 5, 5, 9);
    waiters.reach(0);
    await Promise.resolve();
    expect(told).toEqual([]);
    waiters.reach(5);
    await Promise.resolve();
    expect(told).toEqual([
      [1, true],
      [5, true],
      [5, true],
    ]);
    waiters.reach(100);
    await Promise.resolve();
    expect(told.slice(3)).toEqual([[9, true]]);
  });

  it("waits for less when something is dropped, but only where it was waited for", async () => {
    const { waiters, told } = waiting(10, 20, 30);
    waiters.shorten(10, 5);
    waiters.reach(14);
    await Promise.resolve();
    expect(told).toEqual([[10, true]]);
    waiters.reach(15);
    await Promise.resolve();
    expect(told).toEqual([
      [10, true],
      [20, true],
    ]);
    waiters.reach(25);
    await Promise.resolve();
    expect(told.at(-1)).toEqual([30, true]);
  });

  it("tells all of the end, once", async () => {
    const { waiters, told } = waiting(1, 2);
    waiters.reach(1);
    waiters.end();
    waiters.end();
    waiters.reach(2);
    await Promise.resolve();
    expect(told).toEqual([
      [1, true],
      [2, false],
    ]);
  });
});
