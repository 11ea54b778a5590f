import type { Msg, NatsConnection } from "@nats-io/transport-node";
import {
  type Clock,
  checkCount,
  checkOptions,
  checkWhole,
  describe,
  type OptionNames,
  systemClock,
} from "../../core/mod.ts";
import { type BrokerFleet, type BrokerRequest, BrokerRequests } from "../broker_requests.ts";
import { type FleetError, fleetError } from "../errors.ts";
import type { Fleet, FleetOptions, FleetStats } from "../fleet.ts";
import { packValue } from "../fleet_message.ts";
import { checkTimeout, checkWait } from "../times.ts";
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

class NatsFleet<In, Out> implements Fleet<In, Out>, BrokerFleet, NatsLinkOwner {
  readonly #settings: Settings;
  readonly #requests: BrokerRequests;
  readonly #link: NatsLink;
  #connection: NatsConnection | undefined;
  /** The beginning of the subjects of replies. The name of the request follows. */
  #inbox = "";

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#requests = new BrokerRequests({ ...settings, replyTimeoutMs: settings.tryTimeoutMs }, this);
    this.#link = new NatsLink(settings, settings.clock, this);
  }

  readonly handler = async (frame: In, { signal }: { readonly signal: AbortSignal }): Promise<Out | undefined> => {
    const message = packValue(frame);
    return (await this.#requests.reply(signal, (request) => this.#send(request, message))) as Out | undefined;
  };

  ready(): Promise<void> {
    return this.#requests.ready();
  }

  stats(): FleetStats {
    return this.#requests.stats();
  }

  async close(): Promise<void> {
    if (this.#requests.closed) return;
    this.#requests.close(fleetError("fleet-closed", "the fleet is closed"));
    await this.#link.close(false);
  }

  giveUp(): void {
    void this.#link.close(false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get trying(): boolean {
    return this.#link.trying;
  }

  start(): void {
    this.#link.start();
  }

  onConnected(connection: NatsConnection): void {
    this.#connection = connection;
    // One subscription for all replies. Names of inboxes are random.
    this.#inbox = `${inboxPrefix(this.#settings)}.${crypto.randomUUID().replaceAll("-", "")}.`;
    connection.subscribe(`${this.#inbox}*`, { callback: (_, reply) => this.#onReply(reply) });
  }

  onUp(address: string): void {
    this.#requests.onUp(address);
  }

  onDown(address: string, error: FleetError, delayMs: number): void {
    const lost = fleetError("worker-lost", `${error.message}: whether the frame was handled is unknown`, error);
    this.#requests.onDown(address, error, delayMs, lost);
  }

  onTimeout(request: BrokerRequest): void {
    request.lose(
      fleetError("worker-timeout", "no worker replied in time: whether the frame was handled is unknown"),
      false,
    );
  }

  #send(request: BrokerRequest, message: Uint8Array): void {
    const connection = this.#connection as NatsConnection;
    const most = connection.info?.max_payload ?? Infinity;
    if (message.length > most) {
      request.fail(
        fleetError("payload-too-large", `a frame of ${message.length - 1} bytes; the NATS server takes ${most - 1}`),
      );
    } else if (!this.#link.up) {
      request.lose(fleetError("no-workers", "the NATS server is lost: the frame was not sent"), true);
    } else {
      try {
        connection.publish(this.#settings.subject, message, { reply: `${this.#inbox}${request.name}` });
      } catch (cause) {
        request.lose(fleetError("worker-lost", `the frame was not sent: ${describe(cause)}`, cause), true);
      }
    }
  }

  #onReply({ data, headers, subject }: Msg): void {
    const request = this.#requests.get(subject.slice(this.#inbox.length));
    if (data.length === 0 && headers?.code === NO_RESPONDERS) {
      request?.fail(fleetError("no-workers", `nobody listens on the subject ${this.#settings.subject}`));
    } else request?.answer(data);
  }
}

/** The beginning of the names of inboxes, which permissions may require. */
function inboxPrefix({ connection }: NatsServer): string {
  return (connection as { readonly inboxPrefix?: string })?.inboxPrefix ?? "_INBOX";
}
