import type { Clock } from "../core/mod.ts";
import { tickEnd } from "./tick.ts";

/** A clock that moves only when it is told to. Made by {@link manualClock}. */
export interface ManualClock extends Clock {
  /** The number of armed timers. 0 when nothing was left behind. */
  readonly pending: number;
  /**
   * Moves on by `ms` milliseconds (0 or more). Every timer that comes due fires at its exact instant, in order (timers of one
   * instant in the order in which they were armed), and its consequences settle before the next timer fires. So `advance(0)`
   * waits until everything is done that can be done without the passing of time.
   *
   * Calls made before the last one is done wait for it.
   *
   * @throws {RangeError} `ms` is negative, NaN or infinite
   * @throws the error of a timer's callback; the clock then stands at that instant
   */
  advance(ms: number): Promise<void>;
  /** The instant at which the next timer is due; `Infinity` when none is armed. */
  readonly next: number;
  /**
   * Moves on to the next timer, fires it and lets its consequences settle. Returns false, and does nothing, when no timer is
   * armed. Not to be called while an `advance` is under way.
   */
  step(): Promise<boolean>;
  /**
   * Moves the clock without firing timers, as when a machine sleeps or its event loop is blocked. Timers that came due fire
   * late, at the next `advance` or `step`.
   *
   * @throws {RangeError} `ms` is negative, NaN or infinite
   */
  jump(ms: number): void;
}

/**
 * Returns a clock for tests: virtual milliseconds from 0, moved only by the methods of {@link ManualClock}.
 *
 * @example
 * ```ts
 * import { manualClock } from "spillway/testing";
 *
 * const clock = manualClock();
 * clock.setTimeout(() => console.log("at", clock.now()), 1_000); // at 1000
 * await clock.advance(999); // nothing yet
 * await clock.advance(1);
 * console.log(clock.pending); // 0
 * ```
 */
export function manualClock(): ManualClock {
  return new Clockwork();
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

class Clockwork implements ManualClock {
  #now = 0;
  /** The armed timers, in the order of arming. */
  readonly #timers = new Set<Timer>();
  /** Callbacks that wait until no timer is due. */
  #rounds: (() => void)[] = [];
  #moving: Promise<void> = Promise.resolve();

  get pending(): number {
    return this.#timers.size + this.#rounds.length;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer = { at: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  afterRound(callback: () => void): void {
    this.#rounds.push(callback);
  }

  get next(): number {
    return this.#first()?.at ?? Infinity;
  }

  jump(ms: number): void {
    this.#now += checkMs(ms);
  }

  async step(): Promise<boolean> {
    const timer = this.#first();
    if (timer === undefined) return false;
    await this.#fire(timer);
    return true;
  }

  async advance(ms: number): Promise<void> {
    checkMs(ms);
    const moved = this.#moving.then(() => this.#moveTo(this.#now + ms));
    this.#moving = moved.catch(() => undefined);
    return moved;
  }

  async #moveTo(instant: number): Promise<void> {
    await tickEnd();
    for (let timer = this.#first(); timer !== undefined && timer.at <= instant; timer = this.#first()) {
      await this.#fire(timer);
    }
    this.#now = Math.max(this.#now, instant);
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
    await tickEnd();
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.at < first.at) first = timer;
    const due = first !== undefined && first.at <= this.#now;
    return due || this.#rounds.length === 0 ? first : { at: this.#now, callback: () => this.#rounds.shift()?.() };
  }
}

function checkMs(ms: number): number {
  if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`ms must be a finite number of at least 0, not ${ms}`);
  return ms;
}
