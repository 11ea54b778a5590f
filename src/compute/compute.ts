/** The counts that every {@link Compute} has. */
export interface ComputeStats {
  /** The workers that may be given a frame now: threads of a pool, connections of a remote fleet. A broker does not say: 0 or 1. */
  readonly workers: number;
  /** Frames that are with a worker. */
  readonly busy: number;
  /** Frames that wait for a worker. */
  readonly queued: number;
}

/**
 * Something that computes replies elsewhere: the threads of `pool`, or the workers of `remote`, `nats` or `redisStreams`. A service
 * that takes one works with any.
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { type Compute, pool } from "spillway/compute";
 *
 * const serveWith = (compute: Compute<string, string>) =>
 *   serve({ port: 0, codec: lines(), handler: compute.handler, concurrency: 8 });
 *
 * await using primes = pool<string>(new URL("./worker.js", import.meta.url));
 * await using server = await serveWith(primes);
 * console.log(primes.stats().busy); // 0
 * ```
 */
export interface Compute<In = string, Out = In> extends AsyncDisposable {
  /**
   * Computes the reply to a frame. May be called without its object, as a plain function.
   *
   * - **Pushes back**: a frame for which no worker is free waits, and counts as being in the handler, so that its connection is not
   *   read further than `concurrency`.
   * - **On abort** of `context.signal`, rejects with its reason at once.
   */
  readonly handler: (frame: In, context: { readonly signal: AbortSignal }) => Promise<Out | undefined>;
  /** Fulfils when a frame can be computed. Rejects with the reason why none can. */
  ready(): Promise<void>;
  /** Returns the present counts. */
  stats(): ComputeStats;
  /** Releases everything. Frames that are not answered fail. Shut the server down first: that waits for them. */
  close(): Promise<void>;
}
