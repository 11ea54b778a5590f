import { type Clock, describe } from "../../core/mod.ts";
import { Refusal } from "../refusal.ts";
import { type Answers, QUESTION, type Question, type Reply } from "./question.ts";
import type { SupervisedCluster, SupervisedWorker } from "./supervised_cluster.ts";

/** The time for a worker to say that it answers again. */
const HELLO_MS = 60_000;

/** The outcome of a question: an answer, a refusal, or nothing in time. */
export type Outcome<Value> =
  | { readonly worker: SupervisedWorker; readonly value: Value }
  | { readonly worker: SupervisedWorker; readonly refusal: Refusal }
  | { readonly worker: SupervisedWorker; readonly silent: string };

/**
 * Asks the workers of a cluster. One that has not answered in time is asked nothing more but whether it answers again: so
 * a worker that is stopped holds up one answer of the endpoint, and takes the memory of one question.
 */
export class WorkerQuestions {
  readonly #clock: Clock;
  readonly #silent = new Map<number, string>();
  #cluster: SupervisedCluster | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get cluster(): SupervisedCluster | undefined {
    return this.#cluster;
  }

  attach(cluster: SupervisedCluster): void {
    this.#cluster = cluster;
  }

  /** The workers that have a server, in the order of their slots, and those that drain last. */
  get workers(): readonly SupervisedWorker[] {
    const all = this.#cluster?.workers ?? [];
    return all
      .filter(({ state }) => state === "serving" || state === "draining")
      .toSorted((one, other) => rank(one) - rank(other) || one.slot - other.slot || one.id - other.id);
  }

  /** Asks all workers that have a server. */
  askAll<Kind extends Question["kind"]>(
    question: Extract<Question, { readonly kind: Kind }>,
    timeoutMs: number,
  ): Promise<Outcome<Answers[Kind]>[]> {
    return Promise.all(this.workers.map((worker) => this.ask(worker, question, timeoutMs)));
  }

  /** Never rejects. */
  async ask<Kind extends Question["kind"]>(
    worker: SupervisedWorker,
    question: Extract<Question, { readonly kind: Kind }>,
    timeoutMs: number,
  ): Promise<Outcome<Answers[Kind]>> {
    const cluster = this.#cluster;
    if (cluster === undefined) return { worker, silent: "the cluster does not run" };
    const known = this.#silent.get(worker.id);
    if (known !== undefined) return { worker, silent: known };
    let reply: Reply | undefined;
    try {
      reply = (await cluster.ask(worker, { [QUESTION]: question }, timeoutMs)) as Reply | undefined;
    } catch (cause) {
      const why = describe(cause);
      void this.#waitFor(cluster, worker, why);
      return { worker, silent: why };
    }
    if (reply === undefined || reply === null) {
      return { worker, silent: "it has no workerAdmin: give its answering to serveWorker" };
    }
    if ("value" in reply) return { worker, value: reply.value as Answers[Kind] };
    const { code, message, status } = reply.refused;
    return { worker, refusal: new Refusal(status, code, message) };
  }

  async #waitFor(cluster: SupervisedCluster, worker: SupervisedWorker, why: string): Promise<void> {
    if (this.#silent.has(worker.id)) return;
    this.#silent.set(worker.id, why);
    const hello: Question = { kind: "hello" };
    while (this.workers.some(({ id }) => id === worker.id)) {
      try {
        await cluster.ask(worker, { [QUESTION]: hello }, HELLO_MS);
        break;
      } catch {
        // A worker that answers with an error does so at once.
        await new Promise((resolve) => this.#clock.setTimeout(() => resolve(undefined), 1_000));
      }
    }
    this.#silent.delete(worker.id);
  }
}

function rank({ state }: SupervisedWorker): number {
  return state === "serving" ? 0 : 1;
}
