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
import { fleetError } from "../errors.ts";
import type { Fleet, FleetOptions, FleetStats } from "../fleet.ts";
import { packValue } from "../fleet_message.ts";
import { checkTimeout, checkWait } from "../times.ts";
import { BLOCK_MS, checkKey, checkRedis, isUnsent, type RedisServer, textOf } from "./redis_link.ts";
import { RedisPair } from "./redis_pair.ts";
import { ADD } from "./scripts.ts";

/** Settings of {@link redisStreams}. */
export interface RedisStreamsOptions<In = string> extends Omit<FleetOptions, "idempotent">, RedisServer {
  /** The key of the stream that holds the work. Other keys begin with it; in a Redis cluster, write it as `{work}`. */
  readonly stream: string;
  /** The consumer group of the workers. Default `"spillway"`. */
  readonly group?: string;
  /** The most frames in flight of this requester. A whole number; default 256. */
  readonly maxInFlight?: number;
  /** The most entries of the stream, over all requesters. Beyond it, frames are refused as `fleet-busy`. Default 100000. */
  readonly maxLength?: number;
  /** The time for a reply: `worker-timeout`. The frame stays in the stream, and is handled. Default 30000. `Infinity` turns it off. */
  readonly replyTimeoutMs?: number;
  /** Whether a frame that finds no worker is refused (`no-workers`), or kept for the next one. Default `"refuse"`. */
  readonly withoutWorkers?: "refuse" | "keep";
  /** Returns the idempotency key of a frame, which every delivery of it has in common. Default: a random one for each frame. */
  readonly key?: (frame: In) => string;
}

const OPTIONS: OptionNames<RedisStreamsOptions> = {
  stream: true,
  group: true,
  url: true,
  connection: true,
  maxInFlight: true,
  maxLength: true,
  maxQueue: true,
  replyTimeoutMs: true,
  withoutWorkers: true,
  waitForWorkersMs: true,
  key: true,
  observer: true,
};

/** The most replies that are taken at once. */
const MOST_REPLIES = 128;
/** The pause before the next look for replies after one that failed. */
const RETRY_MS = 100;

/**
 * Returns a handler that computes on workers that read a Redis stream: `spillway work --redis`, or `redisWorker`. A frame stays in the
 * stream until it was handled: it survives its requester, and the frames of a dead worker go to another. So **a frame may be handled
 * more than once**: the workers get an idempotency key, and the number of deliveries.
 *
 * Fails as `fleet-busy` when the stream is full, as `no-workers` when no worker is there, and as `worker-timeout` when the reply takes
 * too long. Then the frame is handled all the same.
 *
 * Needs the package `@redis/client`, and Redis 7 or later. Connects with the first frame, or with `ready()`, and again when the
 * connection is lost. Keeps the process alive until `close()`.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts ignore
 * import { lines, serve } from "spillway";
 * import { redisStreams } from "spillway/compute";
 *
 * const fleet = redisStreams<string>({ url: "redis://127.0.0.1:6379", stream: "orders", key: (order) => order.slice(0, 36) });
 * await fleet.ready();
 * const server = await serve({ port: 8080, codec: lines(), concurrency: 8, handler: fleet.handler });
 * ```
 */
export function redisStreams<In = string, Out = In>(options: RedisStreamsOptions<In>): Fleet<In, Out> {
  checkOptions(options, OPTIONS);
  checkRedis(options);
  const { group = "spillway", key, observer, stream, withoutWorkers = "refuse" } = options;
  checkKey("stream", stream);
  checkKey("group", group);
  for (const [name, given] of Object.entries({ key, observer })) {
    if (given !== undefined && typeof given !== "function") throw new TypeError(`${name} must be a function`);
  }
  if (withoutWorkers !== "refuse" && withoutWorkers !== "keep") {
    throw new RangeError(`withoutWorkers must be "refuse" or "keep", not ${JSON.stringify(withoutWorkers)}`);
  }
  return new RedisFleet<In, Out>({
    ...options,
    group,
    withoutWorkers,
    maxInFlight: checkCount("maxInFlight", options.maxInFlight ?? 256),
    maxLength: checkWhole("maxLength", options.maxLength ?? 100_000),
    maxQueue: checkCount("maxQueue", options.maxQueue ?? 1_024),
    replyTimeoutMs: checkTimeout("replyTimeoutMs", options.replyTimeoutMs ?? 30_000),
    waitForWorkersMs: checkWait("waitForWorkersMs", options.waitForWorkersMs ?? 1_000),
    clock: systemClock,
  });
}

/** The key that is there while a worker of the group is. */
export function presenceKey(stream: string, group: string): string {
  return `${stream}:${group}:present`;
}

type Given =
  | "group"
  | "withoutWorkers"
  | "maxInFlight"
  | "maxLength"
  | "maxQueue"
  | "replyTimeoutMs"
  | "waitForWorkersMs";

type Settings<In> = RedisStreamsOptions<In> &
  Required<Pick<RedisStreamsOptions<In>, Given>> & {
    readonly clock: Clock;
  };

class RedisFleet<In, Out> implements Fleet<In, Out>, BrokerFleet {
  readonly #settings: Settings<In>;
  readonly #requests: BrokerRequests;
  /** The second connection waits for replies. */
  readonly #links: RedisPair;
  readonly #replyKey: string;
  #listening = false;

  constructor(settings: Settings<In>) {
    this.#settings = settings;
    // A frame is added once. Workers repeat it.
    this.#requests = new BrokerRequests({ ...settings, maxTries: 1, idempotent: false }, this);
    this.#replyKey = `${settings.stream}:replies:${crypto.randomUUID()}`;
    this.#links = new RedisPair(settings, {
      onUp: (address) => this.#onUp(address),
      // Requests without a reply go on waiting: their frames are in the stream, and their replies come when Redis is back.
      onDown: (address, error, delayMs) => this.#requests.onDown(address, error, delayMs),
    });
  }

  readonly handler = async (frame: In, { signal }: { readonly signal: AbortSignal }): Promise<Out | undefined> => {
    const message = packValue(frame);
    const key = this.#settings.key?.(frame) ?? crypto.randomUUID();
    return (await this.#requests.reply(signal, (request) => void this.#add(request, message, key))) as Out | undefined;
  };

  ready(): Promise<void> {
    return this.#requests.ready();
  }

  stats(): FleetStats {
    return this.#requests.stats();
  }

  async close(): Promise<void> {
    if (this.#requests.closed) return;
    this.#requests.close(
      fleetError("fleet-closed", "the fleet is closed: frames that are in the stream are handled all the same"),
    );
    // Replies that nobody takes any more expire by themselves.
    this.#links.close();
  }

  giveUp(): void {
    this.#links.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get trying(): boolean {
    return this.#links.commands.trying;
  }

  start(): void {
    this.#links.start();
  }

  onTimeout(request: BrokerRequest): void {
    request.fail(fleetError("worker-timeout", "no reply in time: the frame stays in the stream until it is handled"));
  }

  #onUp(address: string): void {
    this.#requests.onUp(address);
    if (!this.#listening) void this.#listen();
  }

  async #add(request: BrokerRequest, message: Uint8Array, key: string): Promise<void> {
    const { group, maxLength, stream, withoutWorkers } = this.#settings;
    const presence = presenceKey(stream, group);
    const fields = ["f", message, "k", key, "r", this.#replyKey, "n", request.name];
    const required = withoutWorkers === "refuse" ? "1" : "0";
    try {
      const added = textOf(
        await this.#links.commands.send(["EVAL", ADD, "2", stream, presence, `${maxLength}`, required, ...fields]),
      );
      if (added === "none") request.fail(fleetError("no-workers", `no worker reads the stream ${stream}`));
      else if (added === "full") {
        request.fail(
          fleetError("fleet-busy", `the stream ${stream} holds ${maxLength} frames that are not handled (maxLength)`),
        );
      }
    } catch (cause) {
      if (isUnsent(cause))
        request.fail(fleetError("no-workers", `the frame was not added to the stream: ${describe(cause)}`, cause));
      else {
        const what = `whether the frame was added to the stream is unknown: ${describe(cause)}`;
        request.fail(fleetError("worker-lost", what, cause));
      }
    }
  }

  /** Takes replies until the fleet is closed. */
  async #listen(): Promise<void> {
    this.#listening = true;
    while (!this.#requests.closed) {
      try {
        const block = `${BLOCK_MS / 1_000}`;
        const answer = await this.#links.waiting.send([
          "BLMPOP",
          block,
          "1",
          this.#replyKey,
          "LEFT",
          "COUNT",
          `${MOST_REPLIES}`,
        ]);
        if (answer !== null) this.#onReplies((answer as [unknown, Uint8Array[]])[1]);
      } catch {
        // The connection is lost, which is reported; or nothing was popped.
        await new Promise<void>((resolve) => {
          this.#settings.clock.setTimeout(resolve, RETRY_MS);
        });
      }
    }
  }

  /** Each reply is two elements: the name of the request, and the message. */
  #onReplies(elements: readonly Uint8Array[]): void {
    for (let at = 0; at + 1 < elements.length; at += 2) {
      this.#requests.get(textOf(elements[at]))?.answer(elements[at + 1] as Uint8Array);
    }
  }
}
