import type { Clock } from "../core/mod.ts";
import type { Random } from "./random.ts";

/** The date at virtual time 0. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Web Crypto fills at most so many bytes at once. */
const MOST_RANDOM_BYTES = 65_536;

const PROMISIFIED = Symbol.for("nodejs.util.promisify.custom");

type Callback = (...values: unknown[]) => void;

/** Globals that a simulation has replaced. */
export interface VirtualGlobals {
  /** The number of timers that are armed, intervals included. */
  readonly timers: number;
  /** Disarms all timers, and returns how many there were. */
  clear(): number;
  /** Puts the globals of the runtime back. Timers that are still armed never fire. */
  restore(): void;
}

/**
 * Replaces the timers, the dates and the random numbers of the global object with those of a simulation, so that a service that
 * uses them is the same for the same seed: `setTimeout`, `setInterval`, `setImmediate` and the calls that clear them, `Date`,
 * `performance.now`, `AbortSignal.timeout`, `Math.random`, `crypto.getRandomValues`, `crypto.randomUUID`. Everything else stays real.
 * `onUncaught` gets the errors that the callbacks of timers throw.
 */
export function virtualGlobals(
  clock: Clock,
  random: Random,
  onUncaught: (error: unknown) => void = () => undefined,
): VirtualGlobals {
  const timers = new VirtualTimers(clock, onUncaught);
  const replaced: (() => void)[] = [];
  const set = (target: object, name: string | symbol, value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    try {
      Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
    } catch {
      // The runtime does not let it go: it stays real.
      return;
    }
    replaced.push(() => {
      if (before === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, before);
    });
  };
  const fill = <Bytes extends ArrayBufferView>(view: Bytes): Bytes => {
    if (view.byteLength > MOST_RANDOM_BYTES)
      throw new RangeError(`at most ${MOST_RANDOM_BYTES} random bytes, not ${view.byteLength}`);
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
    return view;
  };
  // The functions that `promisify` of node:util makes of the timers.
  set(
    timers.setTimeout,
    PROMISIFIED,
    (delayMs?: number, value?: unknown) => new Promise((resolve) => timers.setTimeout(resolve, delayMs, value)),
  );
  set(
    timers.setImmediate,
    PROMISIFIED,
    (value?: unknown) => new Promise((resolve) => timers.setImmediate(resolve, value)),
  );
  set(globalThis, "setTimeout", timers.setTimeout);
  set(globalThis, "setInterval", timers.setInterval);
  set(globalThis, "setImmediate", timers.setImmediate);
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) set(globalThis, name, timers.clear);
  set(globalThis, "Date", virtualDate(clock));
  set(performance, "now", () => clock.now());
  set(AbortSignal, "timeout", (ms: number) => {
    const controller = new AbortController();
    const error = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    timers.setTimeout(() => controller.abort(error), ms);
    return controller.signal;
  });
  set(Math, "random", () => random.next() / 2 ** 32);
  set(crypto, "getRandomValues", fill);
  set(crypto, "randomUUID", () => uuidOf(fill(new Uint8Array(16))));
  return {
    get timers() {
      return timers.size;
    },
    clear: () => timers.clearAll(),
    restore() {
      timers.clearAll();
      for (const restore of replaced.toReversed()) restore();
    },
  };
}

/** A version 4 UUID of these bytes. */
function uuidOf(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A `Date` whose present is virtual. Dates of the real class are dates of this one, too. */
function virtualDate(clock: Clock): DateConstructor {
  const now = () => EPOCH_MS + Math.floor(clock.now());
  const handler: ProxyHandler<DateConstructor> = {
    apply: () => new Date(now()).toString(),
    construct: (target, values: unknown[], newTarget: (...values: unknown[]) => unknown) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as object,
    get: (target, name) => (name === "now" ? now : (Reflect.get(target, name) as unknown)),
  };
  return new Proxy(Date, handler);
}

/** The result of `setTimeout`: usable as an object, as on Node, and as a number, as in browsers. */
class VirtualTimer {
  readonly id: number;
  readonly #refresh: (timer: VirtualTimer) => void;
  readonly #clear: (timer: VirtualTimer) => void;
  #held = true;

  constructor(id: number, refresh: (timer: VirtualTimer) => void, clear: (timer: VirtualTimer) => void) {
    this.id = id;
    this.#refresh = refresh;
    this.#clear = clear;
  }

  ref(): this {
    this.#held = true;
    return this;
  }

  unref(): this {
    this.#held = false;
    return this;
  }

  hasRef(): boolean {
    return this.#held;
  }

  refresh(): this {
    this.#refresh(this);
    return this;
  }

  close(): this {
    this.#clear(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }

  [Symbol.for("Symbol.dispose")](): void {
    this.#clear(this);
  }
}

interface Armed {
  handle: unknown;
  readonly arm: () => unknown;
}

class VirtualTimers {
  readonly #clock: Clock;
  readonly #onUncaught: (error: unknown) => void;
  readonly #armed = new Map<number, Armed>();
  #last = 0;

  constructor(clock: Clock, onUncaught: (error: unknown) => void) {
    this.#clock = clock;
    this.#onUncaught = onUncaught;
  }

  get size(): number {
    return this.#armed.size;
  }

  readonly setTimeout = (callback: Callback, delayMs?: number, ...values: unknown[]): VirtualTimer =>
    this.#start(callback, waitMs(delayMs), values, false);

  readonly setInterval = (callback: Callback, delayMs?: number, ...values: unknown[]): VirtualTimer =>
    this.#start(callback, waitMs(delayMs), values, true);

  /** Fires at the same instant, in a tick of its own. */
  readonly setImmediate = (callback: Callback, ...values: unknown[]): VirtualTimer =>
    this.#start(callback, 0, values, false);

  readonly clear = (timer: unknown): void => {
    const id = Number(timer ?? 0);
    const armed = this.#armed.get(id);
    if (armed === undefined) return;
    this.#armed.delete(id);
    this.#clock.clearTimeout(armed.handle);
  };

  clearAll(): number {
    const { size } = this.#armed;
    for (const { handle } of this.#armed.values()) this.#clock.clearTimeout(handle);
    this.#armed.clear();
    return size;
  }

  #start(callback: Callback, delayMs: number, values: unknown[], again: boolean): VirtualTimer {
    // As the runtimes do, at the call.
    if (typeof callback !== "function") throw new TypeError('The "callback" argument must be of type function.');
    this.#last += 1;
    const id = this.#last;
    const arm = () => this.#clock.setTimeout(() => this.#fire(id, () => callback(...values), again), delayMs);
    this.#armed.set(id, { handle: arm(), arm });
    return new VirtualTimer(
      id,
      () => this.#rearm(id),
      (timer) => this.clear(timer),
    );
  }

  #fire(id: number, run: () => void, again: boolean): void {
    if (again) this.#rearm(id);
    else this.#armed.delete(id);
    try {
      run();
    } catch (error) {
      this.#onUncaught(error);
    }
  }

  #rearm(id: number): void {
    const armed = this.#armed.get(id);
    if (armed === undefined) return;
    this.#clock.clearTimeout(armed.handle);
    armed.handle = armed.arm();
  }
}

/** The runtimes' own rules: at least 1 ms, and 1 ms for what is no delay. */
function waitMs(delayMs: unknown): number {
  const ms = Math.trunc(Number(delayMs));
  return ms >= 1 && ms < 2 ** 31 ? ms : 1;
}
