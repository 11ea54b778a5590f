import { afterIo, afterRound, afterTick, type Clock, systemClock } from "./clock.ts";

/** Work that waits for its slice of the event loop. */
export interface Task {
  /** Its turn has come: go on, and ask {@link Scheduler.exhausted} before each unit of work. */
  onSlice(): void;
}

/** How long work may hold the event loop before I/O has its turn. */
const SLICE_MS = 2;
/** The same in units of work, however cheap they are, and whatever the clock says. */
export const MOST_UNITS: number = 8_192;
/** A look at the clock may cost as much as two cheap frames. So there are more units between two looks while they are cheap. */
const MOST_BETWEEN = 128;
const CHEAP_MS = SLICE_MS / 32;
const DEAR_MS = SLICE_MS / 8;
/** So many units may pass in a round before the first look at the clock. */
const MOST_UNSEEN = 64;

/**
 * Shares the event loop among all that works on it: sessions, streams of replies, flushes, pushes.
 *
 * A frame handled, a frame of a stream, a write: each is a *unit*. When the units since the last round of I/O have taken
 * {@link SLICE_MS}, the budget is `exhausted`: what is left to do waits, first come, first served, until the runtime has
 * polled for I/O. Then each of three classes has a budget of its own:
 *
 * - flushes: what was pushed is offered to the kernel before whoever pushed it goes on;
 * - fresh work, which had no slice since its last wait: a ping does not queue behind floods;
 * - the rest, which used a slice up: round robin.
 *
 * What the next I/O brings has a budget again, and begins at once.
 */
export class Scheduler {
  /** The budget is used up: call `wait` instead of going on. */
  exhausted = false;
  /** Calls back when the runtime has had a round of I/O. */
  afterIo: (callback: () => void) => void;
  /** How many rounds of I/O were waited for. */
  rounds = 0;
  readonly #clock: Clock;
  readonly #sliceMs: number;
  readonly #flushes = new Set<Task>();
  readonly #fresh = new Set<Task>();
  readonly #rest = new Set<Task>();
  /** The clock was looked at since the last round. */
  #seen = false;
  #startedAt = 0;
  #lookedAt = 0;
  #units = 0;
  /** Units until the next look at the clock, and how many there were from the last one to it. */
  #left = 1;
  #between = 1;
  #unseen = 1;
  #armed = false;
  #marked = false;

  /**
   * A slice is of `sliceMs`; `Infinity` on a clock that stands
   * still while work is done: units alone count then, and when time has passed, so has a round.
   */
  constructor(clock: Clock, onIo: (callback: () => void) => void, sliceMs: number = SLICE_MS) {
    this.#clock = clock;
    this.afterIo = onIo;
    this.#sliceMs = sliceMs;
  }

  /** A unit of work was done. */
  spend(): void {
    this.#left -= 1;
    if (this.#left <= 0) this.#look();
  }

  /** I/O has its turn before anything else is done, however little that was. */
  yield(): void {
    this.exhausted = true;
    this.#left = Infinity;
    this.#arm();
  }

  /** Call it while `exhausted`; `worked` says whether the task has used a slice since it last waited. */
  wait(task: Task, worked: boolean): void {
    (worked ? this.#rest : this.#fresh).add(task);
    this.#arm();
  }

  /** The same for flushes. */
  waitToFlush(task: Task): void {
    this.#flushes.add(task);
    this.#arm();
  }

  /** It does not wait any more. */
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

  /** The tick of the event loop has ended within its budget: what passes until the next is no work. */
  readonly #onTick = (): void => {
    this.#marked = false;
    if (this.exhausted) return;
    this.#unseen = Math.min(2 * this.#unseen, MOST_UNSEEN);
    this.#renew();
  };

  /** There is a budget again. */
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
    // Whoever pushes goes on when everybody's kernel was offered what was pushed before.
    if (this.#flushes.size === 0) this.#serve(this.#rest);
    this.#renew();
    if (this.#flushes.size + this.#fresh.size + this.#rest.size > 0) this.#arm();
  };

  /** The dearer units have been, the earlier the first look. */
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

/** The part of a transport that a scheduler needs. */
interface TellsOfIo {
  afterIo?(callback: () => void): void;
}

/** One event loop, one budget: all that goes by the same clock shares it. It is `transport` that tells of I/O, if it can. */
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
