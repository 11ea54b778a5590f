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
  /** Its present counts, which are read when the metrics are. */
  stats(): {
    readonly workers: number;
    readonly busy: number;
    readonly ending: number;
    readonly queued: number;
    readonly waiting: number;
  };
}

/** An establish step that admits connections, as `admission` of `spillway/admission` returns it. */
export interface MeasuredAdmission {
  /** Returns the counts of the step. It is called when the metrics are read. */
  stats(): {
    readonly admitted: number;
    /** The numbers of refused connections, by reason. */
    readonly refused: Readonly<Record<string, number>>;
    readonly openAddresses: number;
    readonly ratedAddresses: number;
    readonly forgottenAddresses: number;
  };
}

/** The settings of metrics, however they are published. */
export interface NumbersOptions {
  /** The number of largest groups whose sizes are published. A whole number of at least 0; default 10. */
  readonly groups?: number;
  /** Pools of worker threads, by the names that they have in the label `pool`. Default: none. */
  readonly pools?: Readonly<Record<string, MeasuredPool>>;
  /** Admission steps, by the names that they have in the label `admission`. Default: none. */
  readonly admissions?: Readonly<Record<string, MeasuredAdmission>>;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/** The recorders of the histograms, in seconds. */
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
  readonly admissions: readonly (readonly [label: string, stats: ReturnType<MeasuredAdmission["stats"]>])[];
}

/**
 * The numbers of all servers of an observer. The counts of the servers are read when the metrics are; events are counted when they
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
  readonly #pools: Named<MeasuredPool>;
  readonly #admissions: Named<MeasuredAdmission>;
  #reading: Reading | undefined;

  /** @throws {TypeError | RangeError} an invalid option */
  constructor(options: NumbersOptions, recorders: Recorders, random: () => number = Math.random) {
    const { groups = 10, pools = {}, admissions = {}, clock = systemClock } = options;
    checkWhole("groups", groups, 0);
    this.#groupCount = groups;
    this.#pools = checkNamed("pools", "a pool", pools);
    this.#admissions = checkNamed("admissions", "an admission step", admissions);
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
      admissions: this.#admissions.map(([name, step]) => [name, step.stats()] as const),
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

type Named<Source> = readonly (readonly [name: string, source: Source])[];

/** @throws {TypeError} not objects with `stats()` by their names */
function checkNamed<Source extends { stats(): object }>(
  option: string,
  kind: string,
  sources: Readonly<Record<string, Source>>,
): Named<Source> {
  if (typeof sources !== "object" || sources === null) {
    throw new TypeError(`${option} must be an object: ${option} by their names`);
  }
  const entries = Object.entries(sources);
  for (const [name, source] of entries) {
    if (typeof source?.stats !== "function") throw new TypeError(`${option}.${name} is not ${kind}: it has no stats()`);
  }
  return entries;
}
