import {
  type AnyMiddleware,
  type Clock,
  type ConnectionInfo,
  type Context,
  checkOptions,
  isPromiseLike,
  isStream,
  type Next,
  type OptionNames,
  type Reply,
  systemClock,
} from "../core/mod.ts";
import { checkFunction } from "./options.ts";

/** What became of a frame. */
export interface HandledFrame {
  readonly connection: ConnectionInfo;
  /** From when it was handed on to when it was answered: for a stream, to its end. */
  readonly durationMs: number;
  /**
   * - `"replied"`: with one frame; `"silent"`: with none.
   * - `"streamed"`: with a stream, which ended by itself.
   * - `"failed"`: what is behind this middleware threw; see `error`.
   * - `"aborted"`: nobody wanted the answer, or the rest of a stream, any more; `error` says why, if somebody does.
   */
  readonly outcome: "replied" | "silent" | "streamed" | "failed" | "aborted";
  /** How many frames a stream has given. Left out for what is no stream. */
  readonly frames?: number;
  readonly error?: unknown;
}

const OPTIONS: OptionNames<LoggingOptions> = { log: true, clock: true };

/** Settings of {@link logging}. */
export interface LoggingOptions {
  /**
   * Called once for each frame, when it is answered, failed, or nobody waits for it any more. What it throws is ignored: watching
   * must not break what is watched.
   */
  readonly log: (frame: HandledFrame) => void;
  /** Time, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * A middleware that tells of every frame how long it took and what became of it. What happens to connections is told to the
 * server's `observer`.
 *
 * @throws {TypeError} `log` is not a function
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { logging } from "spillway/middleware";
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   middleware: [
 *     logging({ log: ({ connection, durationMs, outcome }) => console.log(connection.id, durationMs, outcome) }),
 *   ],
 *   handler: (line) => line,
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function logging(options: LoggingOptions): AnyMiddleware {
  checkOptions(options, OPTIONS);
  const { log, clock = systemClock } = options;
  checkFunction("log", log);
  return <In, Out, State>(frame: In, context: Context<Out, State>, next: Next<In, Out>) => {
    const entry = new Entry(context, log, clock);
    try {
      const answer = next(frame, context);
      return isPromiseLike(answer) ? entry.await<Out>(answer) : entry.take<Out>(answer);
    } catch (error) {
      entry.write("failed", error);
      throw error;
    }
  };
}

/** What is to be logged of one frame. */
class Entry {
  readonly #context: Context<never>;
  readonly #log: LoggingOptions["log"];
  readonly #clock: Clock;
  readonly #begunAt: number;
  #signal: AbortSignal | undefined;
  #frames: number | undefined;
  #written = false;

  constructor(context: Context<never>, log: LoggingOptions["log"], clock: Clock) {
    this.#context = context;
    this.#log = log;
    this.#clock = clock;
    this.#begunAt = clock.now();
  }

  async await<Out>(answer: PromiseLike<Reply<Out>>): Promise<Reply<Out>> {
    this.#watch();
    try {
      return this.take<Out>(await answer);
    } catch (error) {
      this.write("failed", error);
      throw error;
    }
  }

  take<Out>(reply: Reply<Out>): Reply<Out> {
    if (isStream<Out>(reply)) {
      this.#frames = 0;
      this.#watch();
      return this.#each(reply);
    }
    this.write(reply === undefined ? "silent" : "replied");
    return reply;
  }

  /** The first word is the last. */
  write(outcome: HandledFrame["outcome"], error?: unknown): void {
    if (this.#written) return;
    this.#written = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    const durationMs = this.#clock.now() - this.#begunAt;
    try {
      this.#log({
        connection: this.#context.connection,
        durationMs,
        outcome,
        ...(this.#frames !== undefined && { frames: this.#frames }),
        ...(error !== undefined && { error }),
      });
    } catch {
      // Its own business.
    }
  }

  async *#each<Out>(frames: AsyncIterable<Out>): AsyncGenerator<Out, void> {
    try {
      for await (const frame of frames) {
        this.#frames = (this.#frames ?? 0) + 1;
        yield frame;
      }
      this.write("streamed");
    } catch (error) {
      this.write("failed", error);
      throw error;
    } finally {
      this.write("aborted");
    }
  }

  /** A handler may never finish when nobody waits for it. */
  #watch(): void {
    if (this.#signal !== undefined) return;
    this.#signal = this.#context.signal;
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.write("aborted", this.#signal?.reason);
}
