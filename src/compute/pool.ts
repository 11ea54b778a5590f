import type { Compute, ComputeStats } from "./compute.ts";
import type { PoolError } from "./errors.ts";

/** Settings of `pool`. */
export interface PoolOptions {
  /** The number of worker threads. A whole number of at least 1; default: as many as can run in parallel on this machine. */
  readonly size?: number;
  /**
   * The most frames that wait inside the pool, where their bytes are copied if necessary. Further frames wait in front of the pool,
   * unchanged. A whole number of at least 1, or `Infinity`; default 1024.
   */
  readonly maxQueue?: number;
  /**
   * The limit of each worker's JavaScript heap, in MiB; buffers do not count. A worker that exceeds it ends; on Deno, once the
   * function has awaited something, only at its frame's deadline. Bun has no such limit, and ignores this option. A whole number of
   * at least 16; default: the runtime's own limit, beyond which the whole process may end.
   */
  readonly maxMemoryMb?: number;
  /**
   * Called with an error that a worker threw while it had no frame, from a timer for instance: no frame fails for it. The worker is
   * replaced. Default: the error is written with `console.error`, as the errors of a server without an observer are.
   */
  readonly onWorkerError?: (error: PoolError) => void;
}

/** The present state of a {@link Pool}, as `pool.stats()` returns it. */
export interface PoolStats extends ComputeStats {
  /** The number of threads; 0 before the pool is first used, and after `close`. */
  readonly workers: number;
  /** Frames that a worker computes. */
  readonly busy: number;
  /**
   * Threads that were told to end and still compute. 0 on Node and Bun, which end a busy thread. Deno ends a thread when its
   * function returns or awaits something. At most twice `size`: beyond that, frames wait for such a thread to stop.
   */
  readonly ending: number;
  /** Frames that wait for a worker inside the pool; at most `maxQueue`. */
  readonly queued: number;
  /** Frames that wait in front of the pool; at most as many as the connections may have in the handler (`concurrency`). */
  readonly waiting: number;
}

/** Worker threads that compute replies: see `pool`. */
export interface Pool<In, Out> extends Compute<In, Out> {
  /**
   * Computes the reply to a frame in a worker. May be called without its object, as a plain function.
   *
   * - **Owns**: bytes that fill their buffer are moved to the worker: other references to them become empty.
   * - **Pushes back**: a frame that finds no free worker waits, in FIFO order, and counts as being in the handler.
   * - **On abort** of `context.signal`, a waiting frame is dropped; the worker of a frame in progress is ended and replaced.
   *
   * Rejects with the signal's reason, with a copy of the error that the function threw, or with a {@link PoolError}:
   * `worker-failed` when the worker ended without an answer, `pool-closed`, `pool-unavailable`.
   */
  readonly handler: (frame: In, context: { readonly signal: AbortSignal }) => Promise<Out | undefined>;
  /**
   * Starts all workers and loads the module in each; otherwise the first frame starts them. Call it before serving, to detect a
   * missing package or module early.
   *
   * @throws {PoolError} `pool-unavailable`, `worker-failed`, `pool-closed`; or the error that the module throws
   */
  ready(): Promise<void>;
  /** Returns the present counts. */
  stats(): PoolStats;
  /**
   * Ends the workers at once, and fails the frames that they compute and those that wait (`pool-closed`). Fulfils when all threads
   * have ended, except those that are `ending`. Shut the server down first: its shutdown waits for the frames in flight.
   */
  close(): Promise<void>;
}
