import { describe, expect, it } from "vitest";
import { afterRound, systemClock } from "../../src/core/time/clock.ts";

/** Keeps the event loop busy: each tick of it works for `ms`. Returns how to end that, which says how many ticks there were. */
function busyLoop(ms: number): () => number {
  let ticks = 0;
  let busy = true;
  const work = () => {
    if (!busy) return;
    ticks += 1;
    const end = performance.now() + ms;
    while (performance.now() < end);
    setImmediate(work);
  };
  setImmediate(work);
  return () => {
    busy = false;
    return ticks;
  };
}

describe("a round of the event loop", () => {
  it("lets timers that are due have their turn first", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      setTimeout(() => order.push("timer"), 0);
      afterRound(systemClock, () => {
        order.push("round");
        resolve();
      });
    });
    expect(order).toEqual(["timer", "round"]);
  });

  it("is over after a few ticks of a busy loop, as other connections must not make deadlines late", async () => {
    const stop = busyLoop(5);
    await new Promise<void>((resolve) => afterRound(systemClock, resolve));
    expect(stop()).toBeLessThan(40);
  });
});
