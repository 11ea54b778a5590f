import { afterRound } from "../core/mod.ts";
import type { ManualClock } from "./manual_clock.ts";

interface Timer {
  /** The timer on the underlying clock, while it is armed there. */
  handle: unknown;
  readonly callback: () => void;
}

/**
 * The process that a simulated server runs in, as its clock. The process can stall as a whole, like one that is stopped or whose
 * handler blocks: time passes, the network goes on, and nothing in the process runs. After a stall, due timers fire first, one by
 * one, and only then does the input of the network arrive: the order in which a runtime is hardest on the peers. It can also be
 * killed: then nothing in it runs any more.
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
  /** The work to do after the stall: due timers, input of the network, and callbacks that wait for a round of both. */
  #due: Timer[] = [];
  #input: (() => void)[] = [];
  #rounds: (() => void)[] = [];
  #stalledUntil = -Infinity;
  #waking = false;
  /** Whether nothing wakes it but `continue`. */
  #asleep = false;
  #ended = false;
  readonly #onKill: (() => void)[] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** The number of timers that the process has armed. */
  get pending(): number {
    return this.#armed.size;
  }

  /** Whether the process stalls, or still catches up after a stall. */
  get stalled(): boolean {
    return this.#waking;
  }

  /** Whether it was killed. */
  get ended(): boolean {
    return this.#ended;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer: Timer = { handle: undefined, callback };
    if (this.#ended) return timer;
    timer.handle = this.#clock.setTimeout(() => (this.#waking ? this.#due.push(timer) : this.#fire(timer)), delayMs);
    this.#armed.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    if (this.#armed.delete(handle as Timer)) this.#clock.clearTimeout((handle as Timer).handle);
  }

  afterRound(callback: () => void): void {
    if (this.#ended) return;
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

  /** Delivers input of the network, or of another source outside: at once, or when the process has caught up. */
  readonly receive = (run: () => void): void => {
    if (this.#ended) return;
    if (this.#waking) this.#input.push(run);
    else run();
  };

  /** Stalls the process for `ms` milliseconds from now. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.now() + ms);
    if (this.#waking) return;
    this.#waking = true;
    this.#clock.setTimeout(() => this.#wake(), ms);
  }

  /** Stops the process until `continue`, as SIGSTOP does. */
  stop(): void {
    this.#stalledUntil = Infinity;
    if (this.#waking) return;
    this.#waking = true;
    this.#asleep = true;
  }

  /** Lets a stopped process run again, as SIGCONT does. A stall of a certain length goes on until its end. */
  continue(): void {
    if (this.#stalledUntil !== Infinity) return;
    this.#stalledUntil = this.now();
    if (!this.#asleep) return;
    this.#asleep = false;
    this.#next(() => this.#wake());
  }

  /**
   * Ends the process, as SIGKILL does, also while it stalls: its timers never fire, and no input arrives. A network whose
   * `transportOf` it has used resets its connections and closes its listeners.
   */
  kill(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { handle } of this.#armed) this.#clock.clearTimeout(handle);
    this.#armed.clear();
    this.#due = [];
    this.#input = [];
    this.#rounds = [];
    for (const close of this.#onKill.splice(0)) close();
  }

  /** Calls back when the process is killed, for what its kernel does then. */
  onKill(close: () => void): void {
    this.#onKill.push(close);
  }

  /** Runs each callback in a tick of its own. */
  #next(run: () => void): void {
    this.#clock.setTimeout(() => {
      if (!this.#ended) run();
    }, 0);
  }

  #wake(): void {
    if (this.#ended) return;
    const leftMs = this.#stalledUntil - this.now();
    // The stall was prolonged, or a new one began.
    if (leftMs === Infinity) this.#asleep = true;
    else if (leftMs > 0) this.#clock.setTimeout(() => this.#wake(), leftMs);
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
