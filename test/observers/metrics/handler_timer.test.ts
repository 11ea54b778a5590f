import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context, Handler, Reply } from "../../../src/core/mod.ts";
import { HandlerTimer } from "../../../src/observers/metrics/handler_timer.ts";
import { type ManualClock, manualClock } from "../../../src/testing/mod.ts";
import { answers } from "../../core/support/answers.ts";
import { served } from "../../core/support/served.ts";

type Timed = readonly [seconds: number, weight: number];

function timing(clock: ManualClock = manualClock(), random = () => 0.5) {
  const timed: Timed[] = [];
  const timer = new HandlerTimer({ record: (seconds, weight) => timed.push([seconds, weight]) }, clock, random);
  const context = {} as Context<string>;
  let called = 0;
  const frames = (count: number) => {
    for (let sent = 0; sent < count; sent += 1) {
      void timer.middleware("", context, (frame: string): Reply<string> => {
        called += 1;
        return frame;
      });
    }
  };
  const weights = () => timed.reduce((total, [, weight]) => total + weight, 0);
  return { timer, timed, frames, weights, called: () => called };
}

describe("the timer of handlers", () => {
  it("times each of the first 32 handlers of a period", () => {
    const { timer, timed, frames } = timing();
    for (let period = 0; period < 10; period += 1) {
      frames(32);
      timer.begin();
    }
    expect(timed).toEqual(Array.from({ length: 320 }, () => [0, 1]));
  });

  it("times fewer and fewer of a busy period, each for those since the one before", () => {
    const { timed, frames, weights, called } = timing();
    frames(1 + 32 * (1 + 2 + 4 + 8));
    const gaps = [1, 2, 4, 8].flatMap((gap) => Array.from({ length: 32 }, () => gap));
    expect(timed.map(([, weight]) => weight)).toEqual([1, ...gaps]);
    expect(weights()).toBe(called());
  });

  it("keeps the sample of a steady load small, however large the load is", () => {
    const { timer, timed, frames } = timing();
    for (let period = 0; period < 20; period += 1) {
      timed.length = 0;
      frames(50_000);
      timer.begin();
    }
    expect(timed.length).toBeGreaterThanOrEqual(20);
    expect(timed.length).toBeLessThanOrEqual(100);
  });

  it("does not let a lone handler stand for a burst that is over", () => {
    const { timer, timed, frames } = timing();
    frames(40);
    timer.begin();
    timer.begin();
    frames(1);
    expect(timed.at(-1)).toEqual([0, 1]);
  });

  it("calls every handler, and never counts more frames than there were", () => {
    const numbers = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 8 }), numbers, (counts, random) => {
        const { timer, frames, weights, called } = timing(manualClock(), () => random.next().value as number);
        let total = 0;
        for (const count of counts) {
          frames(count);
          total += count;
          expect(called()).toBe(total);
          expect(weights()).toBeLessThanOrEqual(total);
          timer.begin();
        }
      }),
      { seed: 20_261_130, numRuns: 50 },
    );
  });

  it("leaves few frames uncounted, whatever the load does", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 12 }), (counts) => {
        const { timer, frames, weights, called } = timing();
        for (const count of counts) {
          frames(count);
          timer.begin();
        }
        // A gap is reached by 16 times as many frames. Only one can be open, and one lost for each time that it was reached.
        expect(weights()).toBeGreaterThanOrEqual(Math.floor((called() * 7) / 8));
      }),
      { seed: 20_261_130 },
    );
  });
});

describe("the time of a handler", () => {
  async function timedIn(handler: Handler<string, string>, options: object = {}) {
    const clock = manualClock();
    const timed: number[] = [];
    const timer = new HandlerTimer({ record: (seconds) => timed.push(seconds) }, clock, () => 0.5);
    const harness = await served({ clock, handler, middleware: [timer.middleware], ...options });
    return { harness, peer: await harness.connect(), timed };
  }

  it("is that to its reply, in seconds", async () => {
    const pending = answers();
    const { harness, peer, timed } = await timedIn(pending.handler);
    await peer.send("a\n");
    await harness.clock.advance(1_500);
    expect(timed).toEqual([]);
    pending.of("a").resolve("A");
    await harness.settle();
    expect([timed, peer.received]).toEqual([[1.5], "A\n"]);
  });

  it("is that to its return of a stream", async () => {
    const { harness, peer, timed } = await timedIn(async function* (line) {
      yield line;
      await new Promise<void>((resolve) => harness.clock.setTimeout(resolve, 70));
      yield line;
    });
    await peer.send("a\n");
    expect(timed).toEqual([0]);
    await harness.clock.advance(70);
    expect([timed, peer.received]).toEqual([[0], "a\na\n"]);
  });

  it.each<readonly [string, Handler<string, string>]>([
    [
      "a handler that throws",
      () => {
        throw new Error("no");
      },
    ],
    ["a handler that rejects", () => Promise.reject(new Error("no"))],
  ])("is taken of %s, which fails as without a timer", async (_name, handler) => {
    const { harness, peer, timed } = await timedIn(handler);
    await peer.send("a\n");
    expect([timed, harness.reasons]).toEqual([[0], ["handler-failed"]]);
  });

  it("is that to its deadline, when it never ends", async () => {
    const { harness, peer, timed } = await timedIn(answers().handler, { handlerTimeoutMs: 2_000 });
    await peer.send("a\n");
    await harness.clock.advance(3_000);
    expect(harness.reasons).toEqual(["handler-timeout"]);
    expect(timed).toHaveLength(1);
    expect(timed[0]).toBeGreaterThanOrEqual(2);
    expect(timed[0]).toBeLessThanOrEqual(2.2);
  });
});
