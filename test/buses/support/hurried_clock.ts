import { type Clock, systemClock } from "../../../src/core/mod.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  handle: unknown;
}

/** The factor by which a hurried clock is faster. */
const SPEED = 20;

/** The clock of the runtime, which runs faster while a test waits for a timeout, and nothing else can happen. */
export class HurriedClock implements Clock {
  readonly #timers = new Set<Timer>();
  #speed = 1;
  /** The instant of the last change of the speed, on the runtime's clock and on this one. */
  #real: number = systemClock.now();
  #shown: number = this.#real;

  now(): number {
    return this.#shown + (systemClock.now() - this.#real) * this.#speed;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer: Timer = { at: this.now() + delayMs, callback, handle: undefined };
    this.#timers.add(timer);
    this.#arm(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    if (!this.#timers.delete(handle as Timer)) return;
    systemClock.clearTimeout((handle as Timer).handle);
  }

  afterRound(callback: () => void): void {
    systemClock.afterRound?.(callback);
  }

  /** Runs fast until the promise settles. */
  async hurry<Value>(promise: Promise<Value>): Promise<Value> {
    this.#run(SPEED);
    try {
      return await promise;
    } finally {
      this.#run(1);
    }
  }

  #run(speed: number): void {
    this.#shown = this.now();
    this.#real = systemClock.now();
    this.#speed = speed;
    for (const timer of this.#timers) {
      systemClock.clearTimeout(timer.handle);
      this.#arm(timer);
    }
  }

  #arm(timer: Timer): void {
    const onTimer = () => {
      this.#timers.delete(timer);
      timer.callback();
    };
    timer.handle = systemClock.setTimeout(onTimer, Math.max(0, timer.at - this.now()) / this.#speed);
  }
}
