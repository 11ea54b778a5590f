import { type Clock, describe, ErrorLog } from "../core/mod.ts";
import { type FleetError, fleetError, isFleetError } from "./errors.ts";
import type { FleetOptions, FleetStats } from "./fleet.ts";
import { FleetLog } from "./fleet_log.ts";
import { unpackReply, type WorkerReply } from "./fleet_message.ts";
import { FleetTry, type TryOwner } from "./fleet_try.ts";
import { Gate, type GateHost } from "./gate.ts";
import { Tries, type TriesOptions } from "./tries.ts";
import { TryDeadlines } from "./try_deadlines.ts";

/** The time after which a first attempt to connect is no reason to wait. */
const ATTEMPT_MS = 2_000;

/** The rules of {@link BrokerRequests}. */
export interface BrokerRequestsOptions extends TriesOptions {
  readonly maxInFlight: number;
  readonly maxQueue: number;
  readonly waitForWorkersMs: number;
  /** The time for the reply to a request. `Infinity` sets no deadline. */
  readonly replyTimeoutMs: number;
  readonly observer?: FleetOptions["observer"];
  readonly clock: Clock;
}

/** The fleet that {@link BrokerRequests} belong to: it speaks to the broker. */
export interface BrokerFleet {
  /** Whether an attempt to connect is under way. */
  readonly trying: boolean;
  /** Begins to connect. Called once. */
  start(): void;
  /** The request has no reply in its time. Fails it. */
  onTimeout(request: BrokerRequest): void;
  /** Stops connecting: the broker can never be reached. */
  giveUp(): void;
}

/** One try of a frame: a message to the broker, and its reply, which has its name. */
export class BrokerRequest extends FleetTry<WorkerReply> {
  /** Unique among the requests of its fleet. */
  readonly name: string;

  constructor(name: string, owner: TryOwner<WorkerReply>, signal: AbortSignal) {
    super(owner, signal);
    this.name = name;
  }

  /** Settles with the message of a worker. */
  answer(message: Uint8Array): void {
    try {
      this.fulfil(unpackReply(message));
    } catch (cause) {
      this.fail(fleetError("worker-failed", `a worker does not speak as one of a fleet: ${describe(cause)}`, cause));
    }
  }
}

/**
 * The requests of a fleet to its broker, from the queue to the reply: at most `maxInFlight` are without a reply, each has a deadline, and
 * replies find their requests by name. While the broker is away, frames wait.
 */
export class BrokerRequests implements GateHost, TryOwner<WorkerReply> {
  readonly #fleet: BrokerFleet;
  readonly #maxInFlight: number;
  readonly #gate: Gate;
  readonly #tries: Tries;
  readonly #deadlines: TryDeadlines;
  readonly #log: FleetLog;
  /** The requests without a reply, by their names. */
  readonly #pending = new Map<string, BrokerRequest>();
  #count = 0;
  #started = false;
  #closed = false;

  constructor(options: BrokerRequestsOptions, fleet: BrokerFleet) {
    const { clock, maxInFlight, observer, replyTimeoutMs } = options;
    this.#fleet = fleet;
    this.#maxInFlight = maxInFlight;
    this.#gate = new Gate({ ...options, attemptMs: ATTEMPT_MS }, this);
    this.#tries = new Tries(options);
    this.#deadlines = new TryDeadlines(clock, replyTimeoutMs);
    this.#log = new FleetLog(observer, new ErrorLog(clock));
  }

  get closed(): boolean {
    return this.#closed;
  }

  get trying(): boolean {
    return this.#fleet.trying;
  }

  /** Returns the value of the reply to a frame, which `send` sends once for each try. */
  reply(signal: AbortSignal, send: (request: BrokerRequest) => void): Promise<unknown> {
    return this.#tries.reply(signal, () => this.#try(signal, send));
  }

  /** Returns the request that waits for a reply with this name. A late reply has none. */
  get(name: string): BrokerRequest | undefined {
    return this.#pending.get(name);
  }

  /** Fulfils when the broker is connected. */
  async ready(): Promise<void> {
    await this.#enter(undefined);
    this.#gate.leave();
  }

  stats(): FleetStats {
    const { answered, failed, retries } = this.#tries;
    const { room, waiting } = this.#gate;
    return { workers: room > 0 ? 1 : 0, busy: this.#pending.size, queued: waiting, answered, failed, retries };
  }

  /** The broker is connected. */
  onUp(address: string): void {
    const isUp = this.#gate.room > 0;
    this.#gate.room = this.#maxInFlight;
    if (!isUp) this.#log.emit({ type: "worker-up", address });
  }

  /**
   * The broker is lost, or was not reached. Requests without a reply are lost with `lost`; without it they go on waiting. Without the
   * package of the broker, all frames fail, those to come included.
   */
  onDown(address: string, error: FleetError, delayMs: number, lost?: FleetError): void {
    if (this.#closed) return;
    this.#gate.lastError = error;
    this.#gate.room = 0;
    if (lost !== undefined) for (const request of this.#pending.values()) request.lose(lost, false);
    this.#log.emit({ type: "worker-down", address, error, delayMs });
    const { cause } = error;
    if (!isFleetError(cause) || cause.code !== "fleet-unavailable") return;
    this.close(cause);
    this.#fleet.giveUp();
  }

  hurry(): void {
    // The packages of the brokers have their own short pauses.
  }

  onTimeout(request: BrokerRequest): void {
    this.#fleet.onTimeout(request);
  }

  onSettled(request: BrokerRequest): void {
    this.#pending.delete(request.name);
    this.#deadlines.delete(request);
    this.#gate.leave();
  }

  /** Fails all frames, those to come included. */
  close(error: FleetError): void {
    this.#closed = true;
    this.#gate.close(error);
    for (const request of this.#pending.values()) request.fail(error);
    this.#deadlines.clear();
    this.#log.end();
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#started && !this.#closed) {
      this.#started = true;
      this.#gate.start();
      this.#fleet.start();
    }
    return this.#gate.enter(signal);
  }

  async #try(signal: AbortSignal, send: (request: BrokerRequest) => void): Promise<WorkerReply> {
    await this.#enter(signal);
    const request = new BrokerRequest((++this.#count).toString(36), this, signal);
    this.#pending.set(request.name, request);
    this.#deadlines.add(request);
    if (signal.aborted) request.fail(signal.reason);
    else send(request);
    return request.reply;
  }
}
