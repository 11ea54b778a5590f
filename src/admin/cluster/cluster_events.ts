import type { Clock } from "../../core/mod.ts";
import type { EventStream } from "../event_stream.ts";
import { type AnyClusterEvent, clusterEventRecord } from "./cluster_watch.ts";
import { connectionId } from "./connection_id.ts";
import type { EventsAnswer } from "./question.ts";
import type { SupervisedWorker } from "./supervised_cluster.ts";
import type { WorkerQuestions } from "./worker_questions.ts";

/** A worker answers after 2 s at the latest. */
const TIMEOUT_MS = 5_000;
/** The pause before a worker is asked again that has not answered. */
const PAUSE_MS = 500;

/** Gathers the events of all workers while somebody watches, and those of the cluster itself. */
export class ClusterEvents {
  readonly #stream: EventStream;
  readonly #questions: WorkerQuestions;
  readonly #clock: Clock;
  /** The ids of the workers that are being asked. */
  readonly #followed = new Set<number>();

  constructor(stream: EventStream, questions: WorkerQuestions, clock: Clock) {
    this.#stream = stream;
    this.#questions = questions;
    this.#clock = clock;
    stream.onWatched = () => this.#followAll();
  }

  observe(event: AnyClusterEvent): void {
    if (this.#stream.size === 0) return;
    this.#stream.publish(clusterEventRecord(event), false);
    if (event.type === "worker-ready") this.#followAll();
  }

  #followAll(): void {
    for (const worker of this.#questions.workers) void this.#follow(worker);
  }

  async #follow(worker: SupervisedWorker): Promise<void> {
    if (this.#followed.has(worker.id)) return;
    this.#followed.add(worker.id);
    while (this.#stream.size > 0 && this.#questions.workers.some(({ id }) => id === worker.id)) {
      const outcome = await this.#questions.ask(worker, { kind: "events" }, TIMEOUT_MS);
      if ("value" in outcome) this.#publish(worker, outcome.value);
      else await new Promise((resolve) => this.#clock.setTimeout(() => resolve(undefined), PAUSE_MS));
    }
    this.#followed.delete(worker.id);
  }

  #publish({ pid, slot }: SupervisedWorker, { events, missed }: EventsAnswer): void {
    for (const { ofConnection, record } of events) {
      const { id } = record;
      const named = typeof id === "number" ? { id: connectionId(pid, id) } : {};
      this.#stream.publish({ ...record, ...named, worker: slot }, ofConnection);
    }
    this.#stream.miss(missed);
  }
}
