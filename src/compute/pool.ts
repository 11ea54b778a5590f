import type { PoolError } from "./errors.ts";

/** Settings of `pool`. */
export interface PoolOptions {
  /** How many worker threads. A whole number of at least 1; default: as many as can run in parallel on this machine. */
  readonly size?: number;
  /**
   * How many frames may wait inside the pool, their bytes copied where they must be. Further ones wait in front of it, as they
   * came. A whole number of at least 1, or `Infinity`; default 1024.
   */
  readonly maxQueue?: number;
  /**
   * How large the JavaScript heap of each worker may become, in MiB; buffers are not in it. Beyond that the worker ends; on
   * Deno, once the function has awaited something, only with its frame's deadline. Bun has no such limit, and ignores it. A
   * whole number of at least 16; default: the runtime's own limit, beyond which the whole process may end.
   */
  readonly maxMemoryMb?: number;
  /**
   * Told of what a worker threw while it had no frame, from a timer for instance: nobody else is. That worker is replaced.
   * Default: it is written with `console.error`, as the errors of a server without an observer are.
   */
  readonly onWorkerError?: (error: PoolError) => void;
}

/** How a {@link Pool} is doing. */
export interface PoolStats {
  /** Threads that are there; 0 before they are first needed, and after `close`. */
  readonly workers: number;
  /** Frames that have a worker. */
  readonly busy: number;
  /**
   * Threads that were told to end and still compute. 0 on Node and Bun, which end a thread whatever it does. Deno ends it when
   * the function returns, or awaits something. At most twice `size`: then frames wait for one to stop.
   */
  readonly ending: number;
  /** Frames that wait for a worker inside the pool; at most `maxQueue`. */
  readonly queued: number;
  /** Frames that wait in front of the pool; at most what the connections may have in the handler (`concurrency`). */
  readonly waiting: number;
}

/** Worker threads that compute what a handler would: see `pool`. */
export interface Pool<In, Out> extends AsyncDisposable {
  /**
   * Computes the reply to a frame in a worker. Needs no object to be called on.
   *
   * - **Owns**: bytes that fill their buffer are moved to the worker: whoever else has them finds them empty.
   * - **Pushes back**: a frame that finds no worker waits, first come first served, and counts as in the handler.
   * - **On abort** of `context.signal`, a frame that waits is forgotten; the worker of one that does not is ended and replaced.
   *
   * Rejects with the signal's reason, with an error like the one that the function threw, or with a {@link PoolError}:
   * `worker-failed` when the worker ended without an answer, `pool-closed`, `pool-unavailable`.
   */
  readonly handler: (frame: In, context: { readonly signal: AbortSignal }) => Promise<Out | undefined>;
  /**
   * Starts all workers and loads the module in each: otherwise the first frame does. Call it before you serve, to learn at once
   * what is missing.
   *
   * @throws {PoolError} `pool-unavailable`, `worker-failed`, `pool-closed`; or what the module throws
   */
  ready(): Promise<void>;
  stats(): PoolStats;
  /**
   * Ends the workers at once, and fails the frames that they have and those that wait (`pool-closed`). Fulfils when the threads
   * are gone, those apart that are `ending`. Shut the server down first: that waits for what is in flight.
   */
  close(): Promise<void>;
}
