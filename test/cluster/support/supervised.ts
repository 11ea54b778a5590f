import type { ClusterEvent } from "../../../src/cluster/cluster_event.ts";
import { type SupervisorSettings, WorkerSupervisor } from "../../../src/cluster/supervisor.ts";
import { type ManualClock, manualClock } from "../../../src/testing/mod.ts";
import { FakeWorkers } from "./fake_workers.ts";

/** A supervisor of processes that a test plays, on a clock that it moves. */
export interface Supervised {
  readonly clock: ManualClock;
  readonly workers: FakeWorkers;
  readonly supervisor: WorkerSupervisor;
  readonly events: ClusterEvent[];
  /** The types of all events so far. */
  readonly types: () => string[];
}

export function supervised(settings: Partial<SupervisorSettings> = {}): Supervised {
  const clock = manualClock();
  const workers = new FakeWorkers();
  const events: ClusterEvent[] = [];
  const supervisor = new WorkerSupervisor({
    workers: 2,
    clock,
    beatMs: 1_000,
    patience: { starting: 30, silent: 10, draining: 15, forced: 5 },
    graceMs: 5_000,
    start: workers.start,
    refusal: () => undefined,
    observe: (event) => events.push(event),
    ...settings,
  });
  return { clock, workers, supervisor, events, types: () => events.map(({ type }) => type) };
}

/** A supervisor whose first workers are ready. */
export function running(settings: Partial<SupervisorSettings> = {}): Supervised {
  const harness = supervised(settings);
  for (const worker of harness.workers.all) worker.say({ type: "ready" });
  harness.events.length = 0;
  return harness;
}
