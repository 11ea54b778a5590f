import type { Msg, NatsConnection } from "@nats-io/transport-node";
import {
  type Clock,
  checkCount,
  checkOptions,
  checkWhole,
  describe,
  ErrorLog,
  type OptionNames,
  systemClock,
} from "../../core/mod.ts";
import { type FleetError, fleetError } from "../errors.ts";
import type { Fleet, FleetOptions, FleetStats } from "../fleet.ts";
import { FleetLog } from "../fleet_log.ts";
import { packValue, unpackReply, type WorkerReply } from "../fleet_message.ts";
import { FleetTry, type TryOwner } from "../fleet_try.ts";
import { Gate, type GateHost } from "../gate.ts";
import { checkTimeout, checkWait } from "../times.ts";
import { Tries } from "../tries.ts";
import { TryDeadlines } from "../try_deadlines.ts";
import { NatsLink, type NatsLinkOwner } from "./nats_link.ts";
import { checkServers, checkSubject, type NatsServer } from "./nats_server.ts";

/** Settings of {@link nats}. */
export interface NatsOptions extends FleetOptions, NatsServer {
  /** The subject that the workers listen on, without wildcards. */
  readonly subject: string;
  /** The most frames in flight. A whole number; default 256. */
  readonly maxInFlight?: number;
  /** The time for one try: `worker-timeout`. Default 10000. `Infinity` leaves it to the handler's deadline. */
  readonly tryTimeoutMs?: number;
  /** The most tries of one frame. A whole number of at least 1; default 3. */
  readonly maxTries?: number;
}

const OPTIONS: OptionNames<NatsOptions> = {
  subject: true,
  servers: true,
  connection: true,
  maxInFlight: true,
  maxQueue: true,
  tryTimeoutMs: true,
  maxTries: true,
  idempotent: true,
  waitForWorkersMs: true,
  observer: true,
};

/** The time after which a first attempt to connect is no reason to wait. */
const ATTEMPT_MS = 2_000;
/** The header status of a request that nobody listens for. */
const NO_RESPONDERS = 503;

/**
 * Returns a handler that computes on workers of a NATS queue group: `spillway work --nats`, or `natsWorker`. Each frame is a request, and
 * the broker gives it to one of the workers, whichever: it does not look at how busy they are.
 *
 * A frame fails as `no-workers` at once when nobody listens, and as `worker-lost` when the connection to the broker is lost while it has
 * no reply: whether it was handled is unknown. A worker that is full or drains refuses frames, which then go to another.
 *
 * Needs the package `@nats-io/transport-node`. Connects with the first frame, or with `ready()`, and connects again when the connection
 * is lost. Keeps the process alive until `close()`.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts ignore
 * import { lines, serve } from "spillway";
 * import { nats } from "spillway/compute";
 *
 * const fleet = nats<string>({ servers: "nats://127.0.0.1:4222", subject: "primes" });
 * await fleet.ready();
 * const server = await serve({ port: 8080, codec: lines(), concurrency: 8, handler: fleet.handler });
 * ```
 */
export function nats<In = string, Out = In>(options: NatsOptions): Fleet<In, Out> {
  checkOptions(options, OPTIONS);
  checkServers(options);
  checkSubject("subject", options.subject);
  const { idempotent = false, observer } = options;
  if (typeof idempotent !== "boolean")
    throw new TypeError(`idempotent must be true or false, not ${typeof idempotent}`);
  if (observer !== undefined && typeof observer !== "function") throw new TypeError("observer must be a function");
  return new NatsFleet<In, Out>({
    ...options,
    idempotent,
    maxInFlight: checkCount("maxInFlight", options.maxInFlight ?? 256),
    maxQueue: checkCount("maxQueue", options.maxQueue ?? 1_024),
    tryTimeoutMs: checkTimeout("tryTimeoutMs", options.tryTimeoutMs ?? 10_000),
    maxTries: checkWhole("maxTries", options.maxTries ?? 3),
    waitForWorkersMs: checkWait("waitForWorkersMs", options.waitForWorkersMs ?? 1_000),
    clock: systemClock,
  });
}

type Settings = NatsOptions &
  Required<
    Pick<NatsOptions, "idempotent" | "maxInFlight" | "maxQueue" | "tryTimeoutMs" | "maxTries" | "waitForWorkersMs">
  > & {
    readonly clock: Clock;
  };

class NatsFleet<In, Out> implements Fleet<In, Out>, GateHost, NatsLinkOwner, TryOwner<WorkerReply> {
  readonly #settings: Settings;
  readonly #gate: Gate;
  readonly #tries: Tries;
  readonly #deadlines: TryDeadlines;
  readonly #log: FleetLog;
  readonly #link: NatsLink;
  /** The requests without a reply, by the last part of the subject of their reply. */
  readonly #pending = new Map<string, FleetTry<WorkerReply>>();
  readonly #names = new Map<FleetTry<WorkerReply>, string>();
  #connection: NatsConnection | undefined;
  #inbox = "";
  #count = 0;
  #started = false;
  #closing: FleetError | undefined;

  constructor(settings: Settings) {
    const { clock, observer, tryTimeoutMs } = settings;
    this.#settings = settings;
    this.#gate = new Gate({ ...settings, attemptMs: ATTEMPT_MS }, this);
    this.#tries = new Tries(settings);
    this.#deadlines = new TryDeadlines(clock, tryTimeoutMs);
    this.#log = new FleetLog(observer, new ErrorLog(clock));
    this.#link = new NatsLink(settings, clock, this);
  }

  readonly handler = async (frame: In, { signal }: { readonly signal: AbortSignal }): Promise<Out | undefined> => {
    const message = packValue(frame);
    return (await this.#tries.reply(signal, () => this.#try(message, signal))) as Out | undefined;
  };

  async ready(): Promise<void> {
    await this.#enter(undefined);
    this.#gate.leave();
  }

  stats(): FleetStats {
    const { answered, failed, retries } = this.#tries;
    const { room, waiting } = this.#gate;
    return { workers: room > 0 ? 1 : 0, busy: this.#pending.size, queued: waiting, answered, failed, retries };
  }

  async close(): Promise<void> {
    if (this.#closing !== undefined) return;
    const error = fleetError("fleet-closed", "the fleet is closed");
    this.#closing = error;
    this.#gate.close(error);
    for (const one of this.#pending.values()) one.fail(error);
    this.#deadlines.clear();
    this.#log.end();
    await this.#link.close(false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get trying(): boolean {
    return this.#link.trying;
  }

  hurry(): void {
    // The package has its own short pauses.
  }

  onConnected(connection: NatsConnection): void {
    this.#connection = connection;
    // One subscription for all replies. Names of inboxes are random.
    this.#inbox = `${inboxPrefix(this.#settings)}.${crypto.randomUUID().replaceAll("-", "")}`;
    connection.subscribe(`${this.#inbox}.*`, { callback: (_, reply) => this.#onReply(reply) });
  }

  onUp(address: string): void {
    this.#gate.room = this.#settings.maxInFlight;
    this.#log.emit({ type: "worker-up", address });
  }

  onDown(address: string, error: FleetError, delayMs: number): void {
    if (this.#closing !== undefined) return;
    this.#gate.lastError = error;
    this.#gate.room = 0;
    for (const one of this.#pending.values()) {
      one.lose(fleetError("worker-lost", `${error.message}: whether the frame was handled is unknown`, error), false);
    }
    this.#log.emit({ type: "worker-down", address, error, delayMs });
  }

  onTimeout(one: FleetTry<WorkerReply>): void {
    one.lose(
      fleetError("worker-timeout", "no worker replied in time: whether the frame was handled is unknown"),
      false,
    );
  }

  onSettled(one: FleetTry<WorkerReply>): void {
    const name = this.#names.get(one) as string;
    this.#names.delete(one);
    this.#pending.delete(name);
    this.#deadlines.delete(one);
    this.#gate.leave();
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#started && this.#closing === undefined) {
      this.#started = true;
      this.#gate.start();
      this.#link.start();
    }
    return this.#gate.enter(signal);
  }

  async #try(message: Uint8Array, signal: AbortSignal): Promise<WorkerReply> {
    await this.#enter(signal);
    const connection = this.#connection as NatsConnection;
    const one = new FleetTry<WorkerReply>(this, signal);
    const name = (++this.#count).toString(36);
    this.#pending.set(name, one);
    this.#names.set(one, name);
    this.#deadlines.add(one);
    const most = connection.info?.max_payload ?? Infinity;
    if (message.length > most) {
      one.fail(
        fleetError("payload-too-large", `a frame of ${message.length - 1} bytes; the NATS server takes ${most - 1}`),
      );
    } else if (signal.aborted) one.fail(signal.reason);
    else if (!this.#link.up)
      one.lose(fleetError("no-workers", "the NATS server is lost: the frame was not sent"), true);
    else this.#publish(connection, one, name, message);
    return one.reply;
  }

  #publish(connection: NatsConnection, one: FleetTry<WorkerReply>, name: string, message: Uint8Array): void {
    try {
      connection.publish(this.#settings.subject, message, { reply: `${this.#inbox}.${name}` });
    } catch (cause) {
      one.lose(fleetError("worker-lost", `the frame was not sent: ${describe(cause)}`, cause), true);
    }
  }

  #onReply({ data, headers, subject }: Msg): void {
    // A late reply finds nobody.
    const one = this.#pending.get(subject.slice(this.#inbox.length + 1));
    if (one === undefined) return;
    if (data.length === 0 && headers?.code === NO_RESPONDERS) {
      return one.fail(fleetError("no-workers", `nobody listens on the subject ${this.#settings.subject}`));
    }
    try {
      one.fulfil(unpackReply(data));
    } catch (cause) {
      one.fail(fleetError("worker-failed", `a worker does not speak as one of a fleet: ${describe(cause)}`, cause));
    }
  }
}

/** The beginning of the names of inboxes, which permissions may require. */
function inboxPrefix({ connection }: NatsServer): string {
  return (connection as { readonly inboxPrefix?: string })?.inboxPrefix ?? "_INBOX";
}
