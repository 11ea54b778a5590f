import { expect, it } from "vitest";
import { whenOrphaned } from "../../src/cluster/when_orphaned.ts";
import { manualClock } from "../../src/testing/mod.ts";

it("a process is orphaned when another process is its parent, which is told once", async () => {
  const clock = manualClock();
  const host = { ppid: 7 };
  let told = 0;
  whenOrphaned(host, clock, () => void (told += 1));
  await clock.advance(10_000);
  expect(told).toBe(0);
  host.ppid = 1;
  await clock.advance(10_000);
  expect({ told, pending: clock.pending }).toEqual({ told: 1, pending: 0 });
});

it("the watch of a parent ends with nothing left", async () => {
  const clock = manualClock();
  const end = whenOrphaned({ ppid: 7 }, clock, () => undefined);
  await clock.advance(2_000);
  end();
  expect(clock.pending).toBe(0);
});
