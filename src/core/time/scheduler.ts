import { afterIo, afterRound, afterTick, type Clock, systemClock } from "./clock.ts";

/** A task that waits for its slice of the event loop. */
export interface Task {
  /** Continues the task. It asks {@link Scheduler.exhausted} before each unit of work. */
  onSlice(): void;
}

/** The time for which work may hold the event loop before the next round of I/O. */
const SLICE_MS = 2;
/** The same in units of work, however cheap they are and whatever the clock says. */
export const MOST_UNITS: number = 8_192;
/**
 * A reading of the clock may cost as much as two cheap frames. So cheaper units mean more units between two readings.
 */
const MOST_BETWEEN = 128;
const CHEAP_MS = SLICE_MS / 32;
const DEAR_MS = SLICE_MS / 8;
/** The largest number of units in a round before the first reading of the clock. */
const MOST_UNSEEN = 64;

/**
 * Shares the event loop among everything that works on it: sessions, streams of replies, flushes, pushes.
 *
 * A handled frame, a frame of a stream and a write are a *unit* each. When the units since the last round of I/O have
 * taken {@link SLICE_MS}, the budget is `exhausted`. The remaining work waits, in FIFO order, until the runtime has
 * polled for I/O. Then each of three classes has a budget of its own:
 *
 * - flushes: pushed output is offered to the kernel before its sender continues;
 * - fresh work, which had no slice since it last waited: a ping does not wait behind floods;
 * - the rest, which has used up a slice: round robin.
 *
 * Work that the next I/O brings has a new budget, and begins at once.
 */
export class Scheduler {
  /** Whether the budget is used up: call `wait` instead of continuing. */
  exhausted = false;
  /** Calls back after a round of I/O. */
  afterIo: (callback: () => void) => void;
  /** The number of rounds of I/O that were waited for. */
  rounds = 0;
  readonly #clock: Clock;
  readonly #sliceMs: number;
  readonly #flushes = new Set<Task>();
  readonly #fresh = new Set<Task>();
  readonly #rest = new Set<Task>();
  /** Whether the clock was read since the last round. */
  #seen = false;
  #startedAt = 0;
  #lookedAt = 0;
  #units = 0;
  /**
   * The units until the next reading of the clock, the units between the last one and the next, and the units before
   * the first one in a round.
   */
  #left = 1;
  #between = 1;
  #unseen = 1;
  #armed = false;
  #marked = false;

  /**
   * Creates a scheduler with slices of `sliceMs`. `Infinity` is for a clock that stands still while work is done: then
   * only units count, and a round has passed when time has passed.
   */
  constructor(clock: Clock, onIo: (callback: () => void) => void, sliceMs: number = SLICE_MS) {
    this.#clock = clock;
    this.afterIo = onIo;
    this.#sliceMs = sliceMs;
  }

  /** Counts a unit of work. */
  spend(): void {
    this.#left -= 1;
    if (this.#left <= 0) this.#look();
  }

  /** Ends the slice: a round of I/O comes before further work. */
  yield(): void {
    this.exhausted = true;
    this.#left = Infinity;
    this.#arm();
  }

  /**
   * Queues a task. Call this while `exhausted`. `worked` says whether the task has used a slice since it last waited.
   */
  wait(task: Task, worked: boolean): void {
    (worked ? this.#rest : this.#fresh).add(task);
    this.#arm();
  }

  /** Queues a task that flushes. */
  waitToFlush(task: Task): void {
    this.#flushes.add(task);
    this.#arm();
  }

  /** Removes a task from the queues. */
  forget(task: Task): void {
    if (!this.#rest.delete(task)) this.#fresh.delete(task);
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.afterIo(this.#onRound);
  }

  #look(): void {
    const now = this.#clock.now();
    const tookMs = now - this.#lookedAt;
    if (!this.#seen || (tookMs > 0 && this.#sliceMs === Infinity)) return this.#begin(now, this.#unseen);
    this.#lookedAt = now;
    this.#units += this.#between;
    if (now - this.#startedAt >= this.#sliceMs || this.#units >= MOST_UNITS) return this.yield();
    if (tookMs > DEAR_MS) this.#between = 1;
    else if (tookMs < CHEAP_MS) this.#between = Math.min(2 * this.#between, MOST_BETWEEN);
    this.#left = this.#between = Math.min(this.#between, MOST_UNITS - this.#units);
  }

  #begin(now: number, units: number): void {
    this.#seen = true;
    this.#startedAt = this.#lookedAt = now;
    this.#units = units;
    this.#left = this.#between = 1;
    if (this.#marked || this.#sliceMs === Infinity) return;
    this.#marked = true;
    afterTick(this.#onTick);
  }

  /** The tick of the event loop has ended within the budget. The time until the next tick is not work. */
  readonly #onTick = (): void => {
    this.#marked = false;
    if (this.exhausted) return;
    this.#unseen = Math.min(2 * this.#unseen, MOST_UNSEEN);
    this.#renew();
  };

  /** Renews the budget. */
  #renew(): void {
    this.exhausted = this.#seen = false;
    this.#left = this.#unseen;
  }

  readonly #onRound = (): void => {
    this.#armed = false;
    this.rounds += 1;
    this.#learn();
    this.#serve(this.#flushes);
    this.#serve(this.#fresh);
    // A sender of pushes continues when its earlier pushes were offered to the kernel.
    if (this.#flushes.size === 0) this.#serve(this.#rest);
    this.#renew();
    if (this.#flushes.size + this.#fresh.size + this.#rest.size > 0) this.#arm();
  };

  /** Dearer units lead to an earlier first reading of the clock. */
  #learn(): void {
    if (!this.#seen) return;
    const unitMs = (this.#lookedAt - this.#startedAt) / Math.max(1, this.#units);
    this.#unseen = Math.max(1, Math.min(MOST_UNSEEN, Math.floor(DEAR_MS / unitMs)));
  }

  #serve(tasks: Set<Task>): void {
    if (tasks.size === 0) return;
    this.exhausted = false;
    this.#begin(this.#clock.now(), 0);
    for (const task of tasks) {
      tasks.delete(task);
      task.onSlice();
      if (this.exhausted) return;
    }
  }
}

const OF_CLOCK = new WeakMap<Clock, Scheduler>();

/** The part of a transport that a scheduler uses. */
interface TellsOfIo {
  afterIo?(callback: () => void): void;
}

/**
 * Returns the scheduler of a clock: everything on one clock shares one budget. `transport` reports rounds of I/O, if it
 * can.
 */
export function schedulerOf(clock: Clock, transport?: TellsOfIo): Scheduler {
  let scheduler = OF_CLOCK.get(clock);
  if (scheduler === undefined) {
    scheduler =
      clock === systemClock
        ? new Scheduler(clock, afterIo)
        : new Scheduler(clock, (callback) => afterRound(clock, callback), Infinity);
    OF_CLOCK.set(clock, scheduler);
  }
  if (clock === systemClock && transport?.afterIo !== undefined)
    scheduler.afterIo = (callback) => transport.afterIo?.(callback);
  return scheduler;
}
