import { type AnyMiddleware, type Clock, checkWhole, type ServerEvent, systemClock } from "../../core/mod.ts";
import { HandlerTimer } from "./handler_timer.ts";
import type { Recorder } from "./histogram.ts";
import { KNOWN_CODES } from "./known_codes.ts";
import { LabelValues } from "./label_values.ts";
import { LabelledCounter } from "./labelled_counter.ts";
import { Periods } from "./periods.ts";
import { WatchedServers } from "./watched_servers.ts";

/** The most values that a label has in the life of a process, but for `other`. */
const MAX_LABEL_VALUES = 100;

/** A pool of worker threads, as `pool` of `spillway/compute` returns it. */
export interface MeasuredPool {
  stats(): {
    readonly workers: number;
    readonly busy: number;
    readonly ending: number;
    readonly queued: number;
    readonly waiting: number;
  };
}

/** What metrics are taken of, however they are published. */
export interface NumbersOptions {
  /** The number of largest groups whose sizes are published. A whole number of at least 0; default 10. */
  readonly groups?: number;
  /** Pools of worker threads, by the names that they have in the label `pool`. Default: none. */
  readonly pools?: Readonly<Record<string, MeasuredPool>>;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/** What takes the values of the histograms, in seconds. */
export interface Recorders {
  readonly handler: Recorder;
  readonly connection: Recorder;
  readonly loopDelay: Recorder;
}

/** One reading of all that is read and not recorded. */
export interface Reading {
  readonly totals: ReturnType<WatchedServers["totals"]>;
  readonly bus: ReturnType<WatchedServers["bus"]>;
  readonly states: ReturnType<WatchedServers["states"]>;
  /** The largest groups. */
  readonly groups: readonly (readonly [label: string, members: number])[];
  readonly pools: readonly (readonly [label: string, stats: ReturnType<MeasuredPool["stats"]>])[];
}

/**
 * The numbers of all servers of an observer. What servers count themselves is read when it is asked for; events are counted when they
 * come; handlers are timed by the middleware.
 */
export class Numbers {
  readonly closed: LabelledCounter = new LabelledCounter(MAX_LABEL_VALUES, KNOWN_CODES.closed);
  readonly establishFailures: LabelledCounter = new LabelledCounter(MAX_LABEL_VALUES, KNOWN_CODES.establishFailures);
  readonly frameErrors: LabelledCounter = new LabelledCounter(MAX_LABEL_VALUES, KNOWN_CODES.frameErrors);
  readonly handlerErrors: LabelledCounter = new LabelledCounter(MAX_LABEL_VALUES, KNOWN_CODES.handlerErrors);
  readonly acceptErrors: LabelledCounter = new LabelledCounter(MAX_LABEL_VALUES, KNOWN_CODES.acceptErrors);
  slowConsumers = 0;
  full = 0;
  readonly #recorders: Recorders;
  readonly #servers = new WatchedServers();
  readonly #timer: HandlerTimer;
  readonly #periods: Periods;
  readonly #groupCount: number;
  readonly #groupLabels = new LabelValues(MAX_LABEL_VALUES);
  readonly #pools: readonly (readonly [string, MeasuredPool])[];
  #reading: Reading | undefined;

  /** @throws {TypeError | RangeError} an invalid option */
  constructor(options: NumbersOptions, recorders: Recorders, random: () => number = Math.random) {
    const { groups = 10, pools = {}, clock = systemClock } = options;
    checkWhole("groups", groups, 0);
    this.#groupCount = groups;
    this.#pools = checkPools(pools);
    this.#recorders = recorders;
    this.#timer = new HandlerTimer(recorders.handler, clock, random);
    this.#periods = new Periods(clock, (delayMs) => {
      recorders.loopDelay.record(delayMs / 1_000, 1);
      this.#timer.begin();
    });
  }

  get middleware(): AnyMiddleware {
    return this.#timer.middleware;
  }

  observe(event: ServerEvent): void {
    switch (event.type) {
      case "listening":
        this.#servers.add(event.server);
        return this.#periods.start();
      case "drained":
        if (!this.#servers.running) this.#periods.stop();
        return;
      case "connection-closed":
        this.closed.add(event.reason);
        return this.#recorders.connection.record(event.durationMs / 1_000, 1);
      case "establish-failed":
        return this.establishFailures.add(event.error.code);
      case "frame-error":
        return this.frameErrors.add(event.error.code);
      case "handler-error":
        return this.handlerErrors.add(event.error.code);
      case "accept-error":
        return this.acceptErrors.add(event.error.code);
      case "slow-consumer":
        this.slowConsumers += 1;
        return;
      case "connections-full":
        this.full += 1;
        return;
      default:
      // Others change nothing that is not read from the server.
    }
  }

  /** Returns the same reading for everything that is published in one go. */
  read(): Reading {
    if (this.#reading !== undefined) return this.#reading;
    queueMicrotask(() => {
      this.#reading = undefined;
    });
    this.#reading = {
      totals: this.#servers.totals(),
      bus: this.#servers.bus(),
      states: this.#servers.states(),
      groups: this.#largestGroups(),
      pools: this.#pools.map(([name, pool]) => [name, pool.stats()] as const),
    };
    return this.#reading;
  }

  #largestGroups(): readonly (readonly [string, number])[] {
    if (this.#groupCount === 0) return [];
    const largest = [...this.#servers.groups()]
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, this.#groupCount);
    // Several names may have one label.
    const labelled = new Map<string, number>();
    for (const [name, size] of largest) {
      const label = this.#groupLabels.of(name);
      labelled.set(label, (labelled.get(label) ?? 0) + size);
    }
    return [...labelled];
  }
}

/** @throws {TypeError} not pools by their names */
function checkPools(pools: Readonly<Record<string, MeasuredPool>>): readonly (readonly [string, MeasuredPool])[] {
  if (typeof pools !== "object" || pools === null) throw new TypeError("pools must be an object: pools by their names");
  const entries = Object.entries(pools);
  for (const [name, pool] of entries) {
    if (typeof pool?.stats !== "function") throw new TypeError(`pools.${name} is not a pool: it has no stats()`);
  }
  return entries;
}
