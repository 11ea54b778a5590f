import { afterEach, expect } from "vitest";
import { type Pool, type PoolOptions, pool } from "spillway/compute";

/** No signal that anybody will ever give. */
export const UNBOUNDED: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

export const ANSWERS: URL = new URL("fixtures/answers.mjs", import.meta.url);

const running: Pool<never, unknown>[] = [];

/** A pool that does what its frames say, and is closed after the test. */
export function workers(options: PoolOptions = {}, module: URL = ANSWERS): Pool<unknown, unknown> {
  const started = pool<unknown>(module, { size: 1, ...options });
  running.push(started);
  return started;
}

/** Call once in each file that starts workers. */
export function closePoolsAfterEach(): void {
  afterEach(async () => {
    for (const started of running.splice(0)) {
      await started.close();
      expect(started.stats()).toEqual({ workers: 0, busy: 0, queued: 0, waiting: 0 });
    }
  });
}

/** Keeps a worker busy, in a loop that nothing but its end stops. */
export class Hang {
  readonly frame: { readonly shared: SharedArrayBuffer } = { shared: new SharedArrayBuffer(4) };
  readonly #controller = new AbortController();
  readonly #turns = new Int32Array(this.frame.shared);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How often the loop went round. */
  get turns(): number {
    return Atomics.load(this.#turns, 0);
  }

  abort(reason: unknown = new Error("aborted")): void {
    this.#controller.abort(reason);
  }
}
