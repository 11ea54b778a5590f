import { afterEach } from "vitest";
import type { Fleet, FleetHandler, FleetWorker } from "../../../src/compute/mod.ts";
import { Broker, removeBrokersAfterEach } from "./broker.ts";
import { codeOf } from "./remote_trial.ts";

/** A kind of fleet on a broker: how its requesters and its workers are made. Options of the tests go over its own. */
export interface BrokerKind<FleetOptions extends object, WorkerOptions extends object> {
  readonly broker: "nats" | "redis";
  fleet(url: string, options: Partial<FleetOptions>): Fleet<string, string>;
  worker(url: string, handler: FleetHandler<string, string>, options: Partial<WorkerOptions>): FleetWorker;
  /** Options with which a broker that hangs is noticed soon, and nothing else ends a request. */
  readonly impatient: { readonly fleet: Partial<FleetOptions>; readonly worker: Partial<WorkerOptions> };
}

/** Fleets and workers on a real broker. */
export class BrokerTrial<FleetOptions extends object, WorkerOptions extends object> {
  readonly #kind: BrokerKind<FleetOptions, WorkerOptions>;
  readonly broker: Broker;

  private constructor(kind: BrokerKind<FleetOptions, WorkerOptions>, broker: Broker) {
    this.#kind = kind;
    this.broker = broker;
  }

  /** Starts a broker, with a password or without one. */
  static async start<F extends object, W extends object>(
    kind: BrokerKind<F, W>,
    password?: string,
  ): Promise<BrokerTrial<F, W>> {
    return new BrokerTrial(kind, await Broker.start(kind.broker, password));
  }

  fleet(options: Partial<FleetOptions> = {}, url: string = this.broker.url): Fleet<string, string> {
    const fleet = this.#kind.fleet(url, options);
    open.push(fleet);
    return fleet;
  }

  /** Starts a worker. Fulfils when the broker gives it frames. */
  async worker(handler: FleetHandler<string, string>, options: Partial<WorkerOptions> = {}): Promise<FleetWorker> {
    const worker = this.#kind.worker(this.broker.url, handler, options);
    // Workers drain before the fleets close, which then have all their replies.
    open.unshift(worker);
    await worker.ready();
    return worker;
  }
}

const open: AsyncDisposable[] = [];

/** Call once in each file that has trials. */
export function closeBrokerTrialsAfterEach(): void {
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  });
  removeBrokersAfterEach();
}

/** Sends a frame: fulfils with the reply, or with the code or the name of the error. */
export function ask(
  fleet: Fleet<string, string>,
  frame: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<string | undefined> {
  return fleet.handler(frame, { signal }).catch(codeOf);
}
