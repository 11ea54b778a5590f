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
import { BLOCK_MS, checkKey, checkRedis, isUnsent, RedisLink, type RedisServer, textOf } from "./redis_link.ts";
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

const ATTEMPT_MS = 2_000;
/** The most replies that are taken at once. */
const MOST_REPLIES = 128;
/** The pause before the next look for replies after one that failed. */
const RETRY_MS = 100;

/**
 * Returns a handler that computes on workers that read a Redis stream: `spillway work --redis`, or `redisWorker`. A frame stays in the
 * stream until it was handled: it survives its requester, and what a dead worker had is given to another. So **a frame may be handled
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
  Required<Pick<RedisStreamsOptions<In>, Given>> & { readonly clock: Clock };

class RedisFleet<In, Out> implements Fleet<In, Out>, GateHost, TryOwner<WorkerReply> {
  readonly #settings: Settings<In>;
  readonly #gate: Gate;
  readonly #tries: Tries;
  readonly #deadlines: TryDeadlines;
  readonly #log: FleetLog;
  readonly #commands: RedisLink;
  /** Waits for replies. */
  readonly #replies: RedisLink;
  readonly #replyKey: string;
  readonly #pending = new Map<string, FleetTry<WorkerReply>>();
  readonly #names = new Map<FleetTry<WorkerReply>, string>();
  #count = 0;
  #started = false;
  #listening = false;
  #closing: FleetError | undefined;

  constructor(settings: Settings<In>) {
    const { clock, observer, replyTimeoutMs, stream } = settings;
    this.#settings = settings;
    this.#gate = new Gate({ ...settings, attemptMs: ATTEMPT_MS }, this);
    // A frame is added once. Workers repeat it.
    this.#tries = new Tries({ maxTries: 1, idempotent: false });
    this.#deadlines = new TryDeadlines(clock, replyTimeoutMs);
    this.#log = new FleetLog(observer, new ErrorLog(clock));
    this.#replyKey = `${stream}:replies:${crypto.randomUUID()}`;
    this.#commands = new RedisLink(settings, {
      onUp: (address) => this.#onLink(address),
      onDown: (address, error, delayMs) => this.#onDown(address, error, delayMs),
    });
    this.#replies = new RedisLink(settings, {
      onUp: (address) => this.#onLink(address),
      // The connection for commands reports the same.
      onDown: () => undefined,
    });
  }

  readonly handler = async (frame: In, { signal }: { readonly signal: AbortSignal }): Promise<Out | undefined> => {
    const message = packValue(frame);
    const key = this.#settings.key?.(frame) ?? crypto.randomUUID();
    return (await this.#tries.reply(signal, () => this.#try(message, key, signal))) as Out | undefined;
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
    const error = fleetError(
      "fleet-closed",
      "the fleet is closed: frames that are in the stream are handled all the same",
    );
    this.#closing = error;
    this.#gate.close(error);
    for (const one of this.#pending.values()) one.fail(error);
    this.#deadlines.clear();
    this.#log.end();
    // Replies that nobody takes any more expire by themselves.
    this.#commands.close();
    this.#replies.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get trying(): boolean {
    return this.#commands.trying;
  }

  hurry(): void {
    // The package has its own short pauses.
  }

  onTimeout(one: FleetTry<WorkerReply>): void {
    one.fail(fleetError("worker-timeout", "no reply in time: the frame stays in the stream until it is handled"));
  }

  onSettled(one: FleetTry<WorkerReply>): void {
    const name = this.#names.get(one) as string;
    this.#names.delete(one);
    this.#pending.delete(name);
    this.#deadlines.delete(one);
    this.#gate.leave();
  }

  #onLink(address: string): void {
    if (!this.#commands.up || !this.#replies.up) return;
    if (this.#gate.room === 0) this.#log.emit({ type: "worker-up", address });
    this.#gate.room = this.#settings.maxInFlight;
    if (!this.#listening) void this.#listen();
  }

  #onDown(address: string, error: FleetError, delayMs: number): void {
    if (this.#closing !== undefined) return;
    this.#gate.lastError = error;
    this.#gate.room = 0;
    // Frames without a reply go on waiting: they are in the stream, and their replies come when Redis is back.
    this.#log.emit({ type: "worker-down", address, error, delayMs });
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#started && this.#closing === undefined) {
      this.#started = true;
      this.#gate.start();
      this.#commands.start();
      this.#replies.start();
    }
    return this.#gate.enter(signal);
  }

  async #try(message: Uint8Array, key: string, signal: AbortSignal): Promise<WorkerReply> {
    await this.#enter(signal);
    const one = new FleetTry<WorkerReply>(this, signal);
    const name = (++this.#count).toString(36);
    this.#pending.set(name, one);
    this.#names.set(one, name);
    this.#deadlines.add(one);
    if (signal.aborted) one.fail(signal.reason);
    else void this.#add(one, name, message, key);
    return one.reply;
  }

  async #add(one: FleetTry<WorkerReply>, name: string, message: Uint8Array, key: string): Promise<void> {
    const { group, maxLength, stream, withoutWorkers } = this.#settings;
    const presence = presenceKey(stream, group);
    const fields = ["f", message, "k", key, "r", this.#replyKey, "n", name];
    const required = withoutWorkers === "refuse" ? "1" : "0";
    try {
      const added = textOf(
        await this.#commands.send(["EVAL", ADD, "2", stream, presence, `${maxLength}`, required, ...fields]),
      );
      if (added === "none") one.fail(fleetError("no-workers", `no worker reads the stream ${stream}`));
      else if (added === "full") {
        one.fail(
          fleetError("fleet-busy", `the stream ${stream} holds ${maxLength} frames that are not handled (maxLength)`),
        );
      }
    } catch (cause) {
      if (isUnsent(cause))
        one.fail(fleetError("no-workers", `the frame was not added to the stream: ${describe(cause)}`, cause));
      else {
        const what = `whether the frame was added to the stream is unknown: ${describe(cause)}`;
        one.fail(fleetError("worker-lost", what, cause));
      }
    }
  }

  /** Takes replies until the fleet is closed. */
  async #listen(): Promise<void> {
    this.#listening = true;
    while (this.#closing === undefined) {
      try {
        const block = `${BLOCK_MS / 1_000}`;
        const answer = await this.#replies.send([
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
      // A reply to a frame that nobody waits for any more finds nobody.
      const one = this.#pending.get(textOf(elements[at]));
      try {
        one?.fulfil(unpackReply(elements[at + 1] as Uint8Array));
      } catch (cause) {
        one?.fail(fleetError("worker-failed", `a worker does not speak as one of a fleet: ${describe(cause)}`, cause));
      }
    }
  }
}
