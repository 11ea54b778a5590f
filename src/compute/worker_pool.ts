import { availableParallelism } from "node:os";
import type { Piscina } from "piscina";
import {
  checkCount,
  checkOptions,
  checkWhole,
  describe,
  ErrorLog,
  type OptionNames,
  SpillwayError,
} from "../core/mod.ts";
import type { PoolError, PoolErrorCode } from "./errors.ts";
import { type Answer, movedWith, type Parcel, packFrame, type Task, unpack } from "./message.ts";
import type { Pool, PoolOptions, PoolStats } from "./pool.ts";
import { Progress } from "./progress.ts";
import { startWorkers, WORKER_FILE } from "./start_workers.ts";
import { putTogether } from "./thrown.ts";
import { Turnstile } from "./turnstile.ts";

/** Whether the runtime ends a busy thread. Node and Bun do; Deno ends a thread only when it returns to its event loop. */
const ENDS_BUSY_THREADS = !("Deno" in globalThis);

/** The most busy threads for each worker, including those that were told to end. When all are busy, frames wait. */
const THREADS_PER_WORKER = 2;

const OPTIONS: OptionNames<PoolOptions> = { size: true, maxQueue: true, maxMemoryMb: true, onWorkerError: true };

/**
 * Returns a handler that computes in worker threads, so that the event loop stays free for all other connections.
 *
 * The default export of `module` is the function, which takes a frame and returns a reply or a promise of one; or it is a service,
 * whose handler is called. Its context has only a `signal`, which never fires an event. Frames and replies are cloned; bytes are
 * moved. An idle pool does not keep the process alive.
 *
 * @param module a `file:` URL: `new URL("./worker.js", import.meta.url)`
 * @throws {TypeError | RangeError} an invalid argument
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { pool } from "spillway/compute";
 *
 * const primes = pool<string>(new URL("./worker.js", import.meta.url), { size: 2, maxQueue: 100 });
 * const server = await serve({ port: 0, codec: lines(), handler: primes.handler });
 * await server.shutdown();
 * await primes.close();
 * ```
 */
export function pool<In = string, Out = In>(module: URL, options: PoolOptions = {}): Pool<In, Out> {
  if (!(module instanceof URL) || module.protocol !== "file:") {
    throw new TypeError('module must be a file: URL, such as new URL("./worker.js", import.meta.url)');
  }
  checkOptions(options, OPTIONS);
  const { size = availableParallelism(), maxQueue = 1_024, maxMemoryMb, onWorkerError } = options;
  checkWhole("size", size);
  checkCount("maxQueue", maxQueue);
  if (maxMemoryMb !== undefined) checkWhole("maxMemoryMb", maxMemoryMb, 16);
  if (onWorkerError !== undefined && typeof onWorkerError !== "function") {
    throw new TypeError("onWorkerError must be a function");
  }
  return new WorkerPool(module.href, maxQueue, { ...options, size });
}

/** Settings of a {@link WorkerPool}. */
interface WorkerPoolOptions extends PoolOptions {
  readonly size: number;
}

/** The pool that {@link pool} returns. */
class WorkerPool<In, Out> implements Pool<In, Out> {
  readonly #module: string;
  readonly #options: WorkerPoolOptions;
  readonly #errorLog = new ErrorLog();
  /** Admits frames to the queue and to the workers. */
  readonly #places: Turnstile;
  /** Admits frames to the workers. Piscina's own queue is not used: frames with a signal would bypass its limit. */
  readonly #workers: Turnstile;
  /** Admits frames to the threads that may compute: those of workers, and those told to end that still compute. */
  readonly #threads: Turnstile;
  #ending = 0;
  #starting: Promise<Piscina> | undefined;
  #piscina: Piscina | undefined;
  #closing: Promise<void> | undefined;

  constructor(module: string, maxQueue: number, options: WorkerPoolOptions) {
    this.#module = module;
    this.#options = options;
    this.#places = new Turnstile(options.size + maxQueue);
    this.#workers = new Turnstile(options.size);
    this.#threads = new Turnstile(THREADS_PER_WORKER * options.size);
  }

  readonly handler = async (frame: In, { signal }: { readonly signal: AbortSignal }): Promise<Out | undefined> => {
    await this.#places.enter(signal);
    try {
      return (await this.#answer(packFrame(frame), signal)) as Out | undefined;
    } finally {
      this.#places.leave();
    }
  };

  async ready(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.size }, () => this.#answer()));
  }

  stats(): PoolStats {
    return {
      workers: this.#piscina?.threads.length ?? 0,
      busy: this.#workers.inside,
      ending: this.#ending,
      queued: this.#workers.waiting,
      waiting: this.#places.waiting,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const error = closedError();
    this.#places.close(error);
    this.#workers.close(error);
    this.#threads.close(error);
    // A failure to start was already reported to the frames that waited for the workers.
    const piscina = await this.#starting?.catch(() => undefined);
    await piscina?.destroy();
    this.#errorLog.end();
  }

  /** Returns a worker's answer to a frame; without a frame, fulfils when the worker has loaded the module. */
  async #answer(frame?: Parcel, signal?: AbortSignal): Promise<unknown> {
    await this.#workers.enter(signal);
    try {
      const answer = await this.#run({ module: this.#module, ...(frame && { frame }) }, signal);
      if ("thrown" in answer) throw putTogether(answer.thrown);
      return unpack(answer);
    } finally {
      this.#workers.leave();
    }
  }

  async #run(task: Task, signal?: AbortSignal): Promise<Answer> {
    await this.#threads.enter(signal);
    const progress = ENDS_BUSY_THREADS ? undefined : new Progress();
    const transferList = task.frame && movedWith(task.frame);
    try {
      const piscina = await this.#started();
      const options = { filename: WORKER_FILE, ...(signal && { signal }), ...(transferList && { transferList }) };
      return (await piscina.run({ ...task, ...(progress && { progress: progress.shared }) }, options)) as Answer;
    } catch (cause) {
      signal?.throwIfAborted();
      this.#checkOpen();
      throw cause instanceof SpillwayError ? cause : failedError(cause);
    } finally {
      const toldToEnd = signal?.aborted === true || this.#closing !== undefined;
      void this.#leaveThread(toldToEnd ? progress : undefined);
    }
  }

  /** Frees the thread: at once if the worker has answered or has ended; with `progress`, when its function pauses. */
  async #leaveThread(progress: Progress | undefined): Promise<void> {
    if (progress !== undefined) {
      this.#ending += 1;
      progress.abort();
      await progress.paused();
      this.#ending -= 1;
    }
    this.#threads.leave();
  }

  /** Returns the running piscina. Checks twice that the pool is open: piscina would start new threads after it was closed. */
  async #started(): Promise<Piscina> {
    this.#checkOpen();
    this.#starting ??= startWorkers({ ...this.#options, onWorkerError: (error) => this.#onWorkerError(error) });
    this.#piscina = await this.#starting;
    this.#checkOpen();
    return this.#piscina;
  }

  #onWorkerError(error: PoolError): void {
    const { onWorkerError } = this.#options;
    if (onWorkerError === undefined) return this.#errorLog.report(error.code, () => error.message, error.cause);
    try {
      onWorkerError(error);
    } catch (cause) {
      this.#errorLog.report("observer-failed", () => `onWorkerError threw: ${describe(cause)}`, cause);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

function closedError(): PoolError {
  return new SpillwayError<PoolErrorCode>("pool-closed", "the pool is closed");
}

function failedError(cause: unknown): PoolError {
  return new SpillwayError<PoolErrorCode>("worker-failed", `no answer came from the worker: ${describe(cause)}`, {
    cause,
  });
}
