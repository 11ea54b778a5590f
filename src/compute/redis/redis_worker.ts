import { checkOptions, checkWhole, type DrainResult, describe, type OptionNames } from "../../core/mod.ts";
import { fleetError } from "../errors.ts";
import { packError } from "../fleet_message.ts";
import type { FleetWorker, FleetWorkerOptions, FleetWorkerStats, WorkerDrainOptions } from "../fleet_worker.ts";
import { checkPeriod } from "../times.ts";
import { WorkerDesk } from "../worker_desk.ts";
import { BLOCK_MS, checkKey, checkRedis, fieldsOf, type RedisServer, textOf } from "./redis_link.ts";
import { RedisPair } from "./redis_pair.ts";
import { presenceKey } from "./redis_streams.ts";
import { COMPLETE, FORGET, LEAVE, PUT_ASIDE } from "./scripts.ts";

/** Settings of {@link redisWorker}. */
export interface RedisWorkerOptions<In = string, Out = In> extends FleetWorkerOptions<In, Out>, RedisServer {
  /** The key of the stream, as in `redisStreams`. */
  readonly stream: string;
  /** The consumer group. Default `"spillway"`. */
  readonly group?: string;
  /**
   * The time after which a frame of a worker that says nothing is given to another. A worker says every third of it that it is still at
   * work, so this need not be longer than the longest computation. Default 10000.
   */
  readonly claimAfterMs?: number;
  /** The number of deliveries after which a frame is put aside, in the stream of dead letters, and its requester is told. Default 5. */
  readonly maxDeliveries?: number;
  /** The key of the stream of dead letters. Default: the stream's key and `:dead`. */
  readonly deadLetters?: string;
  /** The number of dead letters that are kept, about. Default 10000. */
  readonly maxDeadLetters?: number;
}

const OPTIONS: OptionNames<RedisWorkerOptions> = {
  handler: true,
  concurrency: true,
  handlerTimeoutMs: true,
  observer: true,
  stream: true,
  group: true,
  url: true,
  connection: true,
  claimAfterMs: true,
  maxDeliveries: true,
  deadLetters: true,
  maxDeadLetters: true,
};

/** The time that replies wait for their requester. */
const REPLIES_LIVE_MS = 60_000;
/** The pause after a command that failed. */
const RETRY_MS = 100;
/** A consumer without work that has said nothing for this time is forgotten. */
const FORGET_MS = 3_600_000;

/**
 * Starts a worker that reads a Redis stream, as a consumer of a group. Connects at once, and again when the connection is lost. It also
 * takes over the frames of workers that died.
 *
 * A drain stops reading, then answers the frames that this worker has.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts ignore
 * import { redisWorker } from "spillway/compute";
 *
 * const done = new Set<string>();
 * const worker = redisWorker({
 *   stream: "orders",
 *   handler: (order: string, { deliveries = 1, key = "" }) => {
 *     if (deliveries > 1 && done.has(key)) return "done before";
 *     done.add(key);
 *     return "done";
 *   },
 * });
 * await worker.ready();
 * process.once("SIGTERM", () => void worker.drain());
 * ```
 */
export function redisWorker<In = string, Out = In>(options: RedisWorkerOptions<In, Out>): FleetWorker {
  checkOptions(options, OPTIONS);
  checkRedis(options);
  const { deadLetters = `${options.stream}:dead`, group = "spillway", stream } = options;
  checkKey("stream", stream);
  checkKey("group", group);
  checkKey("deadLetters", deadLetters);
  const worker = new RedisWorker(new WorkerDesk(options), {
    ...options,
    group,
    deadLetters,
    claimAfterMs: checkPeriod("claimAfterMs", options.claimAfterMs ?? 10_000),
    maxDeliveries: checkWhole("maxDeliveries", options.maxDeliveries ?? 5),
    maxDeadLetters: checkWhole("maxDeadLetters", options.maxDeadLetters ?? 10_000),
  });
  worker.start();
  return worker;
}

interface Settings extends RedisServer {
  readonly stream: string;
  readonly group: string;
  readonly claimAfterMs: number;
  readonly maxDeliveries: number;
  readonly deadLetters: string;
  readonly maxDeadLetters: number;
}

/** An entry of the stream: its name, and its fields. */
type Entry = readonly [id: string, fields: readonly unknown[]];

class RedisWorker implements FleetWorker {
  readonly #desk: WorkerDesk;
  readonly #settings: Settings;
  readonly #consumer: string = crypto.randomUUID();
  /** The second connection waits for entries. */
  readonly #links: RedisPair;
  /** The entries that the handler has. */
  readonly #running = new Set<string>();
  /** Those of them that belong to this worker, and are renewed. */
  readonly #mine = new Set<string>();
  #renewedAt = 0;
  #cursor = "0-0";
  #timer: unknown;
  /** The two loops, while they run. */
  #read: Promise<void> | undefined;
  #onRoom: (() => void) | undefined;

  constructor(desk: WorkerDesk, settings: Settings) {
    this.#desk = desk;
    this.#settings = settings;
    this.#links = new RedisPair(settings, {
      onUp: (address) => this.#onUp(address),
      onDown: (address, error, delayMs) => desk.onDown(address, error, delayMs),
    });
  }

  start(): void {
    this.#links.start();
  }

  ready(): Promise<void> {
    return this.#desk.ready;
  }

  stats(): FleetWorkerStats {
    const { answered, busy, refused } = this.#desk;
    return { connected: this.#links.up, busy, queued: 0, answered, refused };
  }

  drain(options: WorkerDrainOptions = {}): Promise<DrainResult> {
    return this.#desk.drain(options, {
      stop: () => this.#stop(),
      queued: () => 0,
      leave: () => this.#leave(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#desk.draining) await this.drain();
  }

  #onUp(address: string): void {
    this.#desk.emit({ type: "worker-up", address });
    if (this.#read === undefined && !this.#desk.draining) {
      this.#read = this.#readAll();
      void this.#tend();
    }
  }

  /** Stops reading. Fulfils when nothing more comes. */
  async #stop(): Promise<void> {
    this.#onRoom?.();
    await this.#read;
  }

  async #leave(): Promise<void> {
    const { group, stream } = this.#settings;
    this.#desk.clock.clearTimeout(this.#timer);
    await this.#links.commands.send(["EVAL", LEAVE, "1", stream, group, this.#consumer]).catch(() => undefined);
    this.#links.close();
  }

  // Reading.

  /** Reads entries while there is room, until the drain. */
  async #readAll(): Promise<void> {
    const { group, stream } = this.#settings;
    while (!this.#desk.draining) {
      const free = this.#desk.concurrency - this.#desk.busy;
      if (free <= 0) {
        await new Promise<void>((resolve) => {
          this.#onRoom = resolve;
        });
        continue;
      }
      try {
        await this.#present();
        const read = ["XREADGROUP", "GROUP", group, this.#consumer, "COUNT", `${free}`, "BLOCK", `${BLOCK_MS}`];
        const streams = (await this.#links.waiting.send([...read, "STREAMS", stream, ">"])) as
          | [unknown, [unknown, unknown[]][]][]
          | null;
        for (const [, entries] of streams ?? []) for (const entry of entries) this.#take(entryOf(entry), 1);
      } catch (error) {
        await this.#onFailed(error);
      }
    }
  }

  /** Creates the group when it is missing: at first, or because somebody has emptied the database. */
  async #onFailed(error: unknown): Promise<void> {
    if (describe(error).includes("NOGROUP")) {
      // The next reading begins with that.
      this.#presentUntil = 0;
      return;
    }
    if (this.#links.up) {
      const why = fleetError("fleet-unavailable", `Redis refuses a command: ${describe(error)}`, error);
      this.#desk.emit({ type: "worker-down", address: this.#links.commands.address, error: why, delayMs: RETRY_MS });
    }
    await new Promise<void>((resolve) => {
      this.#desk.clock.setTimeout(resolve, RETRY_MS);
    });
  }

  /** Says that a worker is there. */
  #presentUntil = 0;
  async #present(): Promise<void> {
    const now = this.#desk.clock.now();
    if (now < this.#presentUntil) return;
    const { group, stream } = this.#settings;
    // The group first: a frame that finds a worker is to be found by it.
    await this.#links.commands.send(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"]).catch((error: unknown) => {
      if (!describe(error).includes("BUSYGROUP")) throw error;
    });
    await this.#links.commands.send(["SET", presenceKey(stream, group), "1", "PX", `${PRESENT_MS}`]);
    this.#presentUntil = now + PRESENT_MS / 4;
    this.#desk.onReady();
  }

  #take([id, list]: Entry, deliveries: number): void {
    const fields = fieldsOf(list);
    const message = fields.get("f") ?? new Uint8Array();
    this.#running.add(id);
    this.#mine.add(id);
    const delivery = { key: textOf(fields.get("k") ?? ""), deliveries };
    void this.#desk
      .run(message, delivery, (reply) => this.#complete(id, fields, reply))
      .finally(() => {
        this.#running.delete(id);
        this.#mine.delete(id);
        this.#onRoom?.();
      });
  }

  async #complete(id: string, fields: ReadonlyMap<string, Uint8Array>, reply: Uint8Array): Promise<void> {
    const { group, stream } = this.#settings;
    try {
      const [key, name] = [fields.get("r") ?? "", fields.get("n") ?? ""];
      await this.#links.commands.send([
        "EVAL",
        COMPLETE,
        "2",
        stream,
        key,
        group,
        id,
        name,
        reply,
        `${REPLIES_LIVE_MS}`,
      ]);
    } catch (error) {
      // The entry stays in the stream, and is delivered again.
      this.#desk.emit({
        type: "handler-error",
        error: fleetError("worker-lost", `a reply was not sent: ${describe(error)}`, error),
      });
    }
  }

  // Entries that other workers have left.

  /** Renews the entries of this worker, and takes over those that others have left, until the drain is done. */
  async #tend(): Promise<void> {
    const { claimAfterMs } = this.#settings;
    try {
      await this.#renew();
      if (!this.#desk.draining) {
        // Also while the handler has no room, and nothing is read.
        await this.#present();
        await this.#claim();
      }
    } catch {
      // The connection is lost, which is reported.
    }
    this.#timer = this.#desk.clock.setTimeout(() => void this.#tend(), Math.min(claimAfterMs / 3, PRESENT_MS / 3));
  }

  async #renew(): Promise<void> {
    const { claimAfterMs, group, stream } = this.#settings;
    const now = this.#desk.clock.now();
    // After a pause of the whole process, others may have taken the entries over: to renew them would take them back.
    const missed = this.#renewedAt > 0 && now - this.#renewedAt >= claimAfterMs;
    this.#renewedAt = now;
    if (missed) this.#mine.clear();
    if (this.#mine.size === 0) return;
    await this.#links.commands.send(["XCLAIM", stream, group, this.#consumer, "0", ...this.#mine, "JUSTID"]);
  }

  async #claim(): Promise<void> {
    const { claimAfterMs, group, stream } = this.#settings;
    const free = this.#desk.concurrency - this.#desk.busy;
    if (free <= 0) return;
    const claim = ["XAUTOCLAIM", stream, group, this.#consumer, `${Math.ceil(claimAfterMs)}`, this.#cursor];
    const [cursor, entries] = (await this.#links.commands.send([...claim, "COUNT", `${free}`])) as [unknown, unknown[]];
    this.#cursor = textOf(cursor);
    for (const entry of entries) {
      if (entry !== null) await this.#takeOver(entryOf(entry as [unknown, unknown[]]));
    }
    if (this.#cursor === "0-0") {
      await this.#links.commands.send(["EVAL", FORGET, "1", stream, group, `${FORGET_MS}`]);
    }
  }

  async #takeOver(entry: Entry): Promise<void> {
    const { group, maxDeliveries, stream } = this.#settings;
    const [id, list] = entry;
    const [pending] = (await this.#links.commands.send(["XPENDING", stream, group, id, id, "1"])) as [unknown[]?];
    if (pending === undefined || textOf(pending[1]) !== this.#consumer) return;
    // This worker has given the entry up after a pause, and nobody has taken it: its handler is still at it.
    if (this.#running.has(id)) return void this.#mine.add(id);
    const deliveries = Number(pending[3]);
    if (deliveries <= maxDeliveries) this.#take(entry, deliveries);
    else await this.#putAside(id, list, deliveries - 1);
  }

  async #putAside(id: string, list: readonly unknown[], deliveries: number): Promise<void> {
    const { deadLetters, group, maxDeadLetters, stream } = this.#settings;
    const fields = fieldsOf(list);
    const error = fleetError(
      "worker-failed",
      `${deliveries} workers were lost with this frame: it was put aside in ${deadLetters}`,
    );
    const of = (name: string) => fields.get(name) ?? "";
    const evaluated = ["EVAL", PUT_ASIDE, "3", stream, of("r"), deadLetters];
    const args = [group, id, of("n"), packError(error), `${REPLIES_LIVE_MS}`, `${maxDeadLetters}`];
    const entry = ["f", of("f"), "k", of("k"), "id", id, "deliveries", `${deliveries}`];
    const done = await this.#links.commands.send([...evaluated, ...args, ...entry]);
    if (done === 1) this.#desk.emit({ type: "dead-letter", id, deliveries });
  }
}

/** The time for which a worker counts as present after its last sign. */
const PRESENT_MS = 6_000;

function entryOf([id, fields]: readonly [unknown, unknown[]]): Entry {
  return [textOf(id), fields];
}
