// Whatever processes do, in any order, the supervisor keeps its promises.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FakeWorker } from "./support/fake_workers.ts";
import { type Supervised, supervised } from "./support/supervised.ts";

type Act = readonly [what: string, which: number];

const ACTS = ["ready", "crash", "stop", "continue", "drain-itself", "drained", "reload", "second", "minute"];

const acts = fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.nat(20)), { maxLength: 60 });

async function act({ clock, supervisor, workers }: Supervised, [what, which]: Act): Promise<void> {
  const { alive } = workers;
  const chosen = alive[which % Math.max(1, alive.length)];
  switch (what) {
    case "reload":
      void supervisor.reload();
      break;
    case "second":
      return clock.advance(1_000);
    case "minute":
      return clock.advance(60_000);
    default:
      if (chosen !== undefined) actOn(chosen, what);
  }
  await clock.advance(0);
}

function actOn(worker: FakeWorker, what: string): void {
  if (what === "ready" && !worker.ready) worker.say({ type: "ready" });
  if (what === "crash") worker.exit(1);
  if (what === "stop") worker.stopped = true;
  if (what === "continue") worker.stopped = false;
  if (what === "drain-itself" && worker.ready) {
    worker.draining = true;
    worker.say({ type: "draining" });
  }
  if (what === "drained" && worker.draining && !worker.stopped) worker.exit(0);
}

/** Lets every process do what it should, for as long as something is to be done. */
async function settle({ clock, workers }: Supervised): Promise<void> {
  for (let round = 0; round < 200; round++) {
    for (const worker of workers.alive) {
      worker.stopped = false;
      if (worker.draining) worker.exit(0);
      else if (!worker.ready) worker.say({ type: "ready" });
    }
    await clock.advance(1_000);
  }
}

describe("a supervisor", () => {
  it("has all workers serving again when processes behave, and never more than it may", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), acts, async (count, script) => {
        const harness = supervised({ workers: count });
        // One that serves: the cluster does not give up.
        harness.workers.all[0]?.say({ type: "ready" });
        for (const step of script) {
          await act(harness, step);
          if (harness.supervisor.phase === "ended") return;
          const { alive } = harness.workers;
          const draining = harness.supervisor.workers.filter(({ state }) => state === "draining");
          // A worker and its successor in each slot, and those that drain.
          expect(alive.length).toBeLessThanOrEqual(2 * count + draining.length + 1);
          expect(draining.length).toBeLessThanOrEqual(4 * count);
        }
        if (harness.supervisor.phase === "draining") return;
        await settle(harness);
        expect(harness.supervisor.serving).toBe(count);
        expect(harness.workers.alive).toHaveLength(count);
        expect(new Set(harness.workers.alive.map(({ slot }) => slot)).size).toBe(count);
      }),
      { numRuns: 300 },
    );
  });

  it("never lets the last worker that serves drain in a rolling restart of workers that do not start", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom("exit", "time"), { maxLength: 8 }),
        async (count, ends) => {
          const harness = supervised({ workers: count });
          for (const worker of harness.workers.all) worker.say({ type: "ready" });
          for (const end of ends) {
            const reloaded = harness.supervisor.reload();
            if (end === "exit") harness.workers.last.exit(1);
            else await harness.clock.advance(40_000);
            expect(await reloaded).toMatchObject({ reloaded: false });
            expect(harness.supervisor.serving).toBe(count);
          }
          expect(harness.workers.all.slice(0, count).every(({ draining, over }) => !draining && !over)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("ends, whatever its processes do, and leaves none and no timer", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), acts, fc.boolean(), async (count, script, twice) => {
        const harness = supervised({ workers: count });
        for (const step of script) await act(harness, step);
        void harness.supervisor.shutdown(1_000);
        if (twice) void harness.supervisor.shutdown();
        await harness.clock.advance(60_000);
        expect(harness.workers.alive).toEqual([]);
        expect(harness.supervisor.phase).toBe("ended");
        expect(harness.clock.pending).toBe(0);
        await harness.supervisor.finished;
      }),
      { numRuns: 300 },
    );
  });
});
