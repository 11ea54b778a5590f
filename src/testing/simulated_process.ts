import { afterRound } from "../core/mod.ts";
import type { ManualClock } from "./manual_clock.ts";

interface Timer {
  /** The clock's own, while it is armed there. */
  handle: unknown;
  readonly callback: () => void;
}

/**
 * The process that a simulated server runs in, as its clock. It can stall as a whole, as one that is stopped or whose handler
 * blocks: time passes, the network goes on, and nothing in the process happens. Afterwards, timers that came due fire first, one
 * after the other, and only then comes what the network has brought: the order in which a runtime is hardest on the peers.
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway/core";
 * import { manualClock, SimulatedProcess, simulatedNetwork } from "spillway/testing";
 *
 * const clock = manualClock();
 * const process = new SimulatedProcess(clock);
 * const network = simulatedNetwork({ clock, seed: 1, process });
 * const server = await serve(network, { port: 0, codec: lines(), handler: (line) => line, clock: process });
 *
 * process.stall(2_500);
 * await clock.advance(2_499);
 * console.log(process.stalled); // true
 * await clock.advance(1);
 * console.log(process.stalled); // false
 * await server.shutdown();
 * ```
 */
export class SimulatedProcess implements ManualClock {
  readonly #clock: ManualClock;
  readonly #armed = new Set<Timer>();
  /** What is to happen after the stall: timers, what the network brings, and who waits for a round of both. */
  #due: Timer[] = [];
  #input: (() => void)[] = [];
  #rounds: (() => void)[] = [];
  #stalledUntil = -Infinity;
  #waking = false;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** How many timers are its own. */
  get pending(): number {
    return this.#armed.size;
  }

  /** Whether it stalls, or still catches up. */
  get stalled(): boolean {
    return this.#waking;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer: Timer = { handle: undefined, callback };
    timer.handle = this.#clock.setTimeout(() => (this.#waking ? this.#due.push(timer) : this.#fire(timer)), delayMs);
    this.#armed.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    if (this.#armed.delete(handle as Timer)) this.#clock.clearTimeout((handle as Timer).handle);
  }

  afterRound(callback: () => void): void {
    if (this.#waking) this.#rounds.push(callback);
    else afterRound(this.#clock, callback);
  }

  get next(): number {
    return this.#clock.next;
  }

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  step(): Promise<boolean> {
    return this.#clock.step();
  }

  jump(ms: number): void {
    this.#clock.jump(ms);
  }

  /** The network, or anybody else outside, has something for it: now, or when it has caught up. */
  readonly receive = (run: () => void): void => {
    if (this.#waking) this.#input.push(run);
    else run();
  };

  /** Nothing happens in it for so many milliseconds from now. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.now() + ms);
    if (this.#waking) return;
    this.#waking = true;
    this.#clock.setTimeout(() => this.#wake(), ms);
  }

  /** Each thing in a tick of its own. */
  #next(run: () => void): void {
    this.#clock.setTimeout(run, 0);
  }

  #wake(): void {
    const leftMs = this.#stalledUntil - this.now();
    // It was prolonged, or stalls again.
    if (leftMs > 0) this.#clock.setTimeout(() => this.#wake(), leftMs);
    else this.#runTimers(this.#due.splice(0));
  }

  #runTimers(timers: Timer[]): void {
    const timer = timers.shift();
    if (timer === undefined) return this.#runInput(this.#input.splice(0));
    this.#fire(timer);
    this.#next(() => this.#runTimers(timers));
  }

  #runInput(input: (() => void)[]): void {
    const run = input.shift();
    if (run === undefined) return this.#runRounds(this.#rounds.splice(0));
    run();
    this.#next(() => this.#runInput(input));
  }

  #runRounds(rounds: (() => void)[]): void {
    for (const run of rounds) run();
    const caughtUp = this.#due.length + this.#input.length + this.#rounds.length === 0;
    if (this.now() >= this.#stalledUntil && caughtUp) this.#waking = false;
    else this.#next(() => this.#wake());
  }

  #fire(timer: Timer): void {
    if (this.#armed.delete(timer)) timer.callback();
  }
}
