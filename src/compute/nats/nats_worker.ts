import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { checkCount, checkOptions, type DrainResult, describe, type OptionNames } from "../../core/mod.ts";
import { type FleetError, fleetError } from "../errors.ts";
import { REFUSAL } from "../fleet_message.ts";
import type { FleetWorker, FleetWorkerOptions, FleetWorkerStats, WorkerDrainOptions } from "../fleet_worker.ts";
import { WorkerDesk } from "../worker_desk.ts";
import { NatsLink, type NatsLinkOwner } from "./nats_link.ts";
import { checkServers, checkSubject, type NatsServer } from "./nats_server.ts";

/** Settings of {@link natsWorker}. */
export interface NatsWorkerOptions<In = string, Out = In> extends FleetWorkerOptions<In, Out>, NatsServer {
  /** The subject of the fleet, as in `nats`. */
  readonly subject: string;
  /** The queue group: each frame goes to one of its members. Default `"spillway"`. */
  readonly queue?: string;
  /** The most frames that wait for the handler; beyond it, they are refused, and go to another worker. Default: as `concurrency`. */
  readonly maxQueue?: number;
}

const OPTIONS: OptionNames<NatsWorkerOptions> = {
  handler: true,
  concurrency: true,
  handlerTimeoutMs: true,
  observer: true,
  subject: true,
  queue: true,
  servers: true,
  connection: true,
  maxQueue: true,
};

/**
 * Starts a worker of a NATS fleet: a member of a queue group. Connects at once, and again when the connection is lost.
 *
 * A drain leaves the group first, then answers the frames that the broker has given to this worker: none is lost.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts ignore
 * import { natsWorker } from "spillway/compute";
 *
 * const worker = natsWorker({ subject: "primes", handler: (line: string) => line.toUpperCase(), concurrency: 4 });
 * await worker.ready();
 * process.once("SIGTERM", () => void worker.drain());
 * ```
 */
export function natsWorker<In = string, Out = In>(options: NatsWorkerOptions<In, Out>): FleetWorker {
  checkOptions(options, OPTIONS);
  checkServers(options);
  checkSubject("subject", options.subject);
  const { queue = "spillway" } = options;
  checkSubject("queue", queue);
  const desk = new WorkerDesk(options);
  const maxQueue = checkCount("maxQueue", options.maxQueue ?? desk.concurrency);
  const worker = new NatsWorker(desk, { ...options, queue, maxQueue });
  worker.start();
  return worker;
}

interface Settings extends NatsServer {
  readonly subject: string;
  readonly queue: string;
  readonly maxQueue: number;
}

class NatsWorker implements FleetWorker, NatsLinkOwner {
  readonly #desk: WorkerDesk;
  readonly #settings: Settings;
  readonly #link: NatsLink;
  /** The messages that wait for the handler. */
  #queue: Msg[] = [];
  #connection: NatsConnection | undefined;
  #subscription: Subscription | undefined;

  constructor(desk: WorkerDesk, settings: Settings) {
    this.#desk = desk;
    this.#settings = settings;
    this.#link = new NatsLink(settings, desk.clock, this);
  }

  start(): void {
    this.#link.start();
  }

  ready(): Promise<void> {
    return this.#desk.ready;
  }

  stats(): FleetWorkerStats {
    const { answered, busy, refused } = this.#desk;
    return { connected: this.#link.up, busy, queued: this.#queue.length, answered, refused };
  }

  drain(options: WorkerDrainOptions = {}): Promise<DrainResult> {
    return this.#desk.drain(options, {
      stop: () => this.#stop(),
      queued: () => this.#queue.length,
      leave: () => this.#link.close(true),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#desk.draining) await this.drain();
  }

  onConnected(connection: NatsConnection): void {
    const { queue, subject } = this.#settings;
    this.#connection = connection;
    this.#desk.maxBytes = connection.info?.max_payload ?? Infinity;
    this.#subscription = connection.subscribe(subject, {
      queue,
      callback: (error, message) => this.#onMessage(error, message),
    });
    // The broker has the subscription when it answers.
    connection.flush().then(
      () => this.#desk.onReady(),
      () => undefined,
    );
  }

  onUp(address: string): void {
    this.#desk.emit({ type: "worker-up", address });
  }

  onDown(address: string, error: FleetError, delayMs: number): void {
    this.#desk.onDown(address, error, delayMs);
  }

  /** Leaves the queue group. Fulfils when everything that the broker had given to this worker is here. */
  async #stop(): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined || !this.#link.up) {
      subscription?.unsubscribe();
      return;
    }
    try {
      await subscription.drain();
    } catch {
      // The connection is lost: nothing comes any more.
    }
  }

  #onMessage(error: Error | null, message: Msg): void {
    if (error !== null) {
      const address = this.#connection?.getServer() ?? "";
      const why = fleetError("fleet-unavailable", `the subscription has failed: ${describe(error)}`, error);
      return this.#desk.emit({ type: "worker-down", address, error: why, delayMs: Infinity });
    }
    if (this.#desk.busy < this.#desk.concurrency) this.#run(message);
    else if (this.#queue.length < this.#settings.maxQueue) this.#queue.push(message);
    else {
      this.#desk.refused += 1;
      message.respond(REFUSAL);
    }
  }

  #run(message: Msg): void {
    void this.#desk.run(message.data, {}, (reply) => this.#respond(message, reply)).then(() => this.#next());
  }

  #respond(message: Msg, reply: Uint8Array): void {
    try {
      message.respond(reply);
    } catch (error) {
      // The connection is lost, and the requester knows that.
      this.#desk.emit({ type: "handler-error", error });
    }
  }

  #next(): void {
    while (this.#desk.busy < this.#desk.concurrency) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      this.#run(message);
    }
  }
}
