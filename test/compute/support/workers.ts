import { type Pool, type PoolOptions, pool } from "spillway/compute";
import { afterEach, expect } from "vitest";
import { eventually } from "../../conformance/support/platform.ts";

/** No signal that anybody will ever give. */
export const UNBOUNDED: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

export const ANSWERS: URL = new URL("../fixtures/answers.mjs", import.meta.url);

const running: Pool<never, unknown>[] = [];
const hanging: Hang[] = [];

/** A pool that does what its frames say, and is closed after the test. */
export function workers(options: PoolOptions = {}, module: URL = ANSWERS): Pool<unknown, unknown> {
  const started = pool<unknown>(module, { size: 1, ...options });
  running.push(started);
  return started;
}

/** Call once in each file that starts workers. */
export function closePoolsAfterEach(): void {
  afterEach(async () => {
    for (const hang of hanging.splice(0)) hang.pause();
    for (const started of running.splice(0)) {
      await started.close();
      await eventually(() => started.stats().ending === 0);
      expect(started.stats()).toEqual({ workers: 0, busy: 0, ending: 0, queued: 0, waiting: 0 });
    }
  });
}

/** Keeps a worker busy, in a loop that does not end by itself. */
export class Hang {
  readonly frame: { readonly shared: SharedArrayBuffer; readonly cooperative: boolean };
  readonly #controller = new AbortController();
  readonly #numbers = new Int32Array(new SharedArrayBuffer(8));

  /** Whether the loop looks at its signal. */
  constructor(manner?: "cooperative") {
    this.frame = { shared: this.#numbers.buffer, cooperative: manner === "cooperative" };
    hanging.push(this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How often the loop went round. */
  get turns(): number {
    return Atomics.load(this.#numbers, 0);
  }

  abort(reason: unknown = new Error("aborted")): void {
    this.#controller.abort(reason);
  }

  /** Ends the loop, where the end of its worker does not. */
  pause(): void {
    Atomics.store(this.#numbers, 1, 1);
  }
}
