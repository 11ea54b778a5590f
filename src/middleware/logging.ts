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

/** The outcome of one frame. */
export interface HandledFrame {
  /** The connection of the frame. */
  readonly connection: ConnectionInfo;
  /** The time from the call of the next handler to its answer; for a stream, to the end of the stream. */
  readonly durationMs: number;
  /**
   * - `"replied"`: answered with one frame; `"silent"`: answered with none.
   * - `"streamed"`: answered with a stream, which has ended by itself.
   * - `"failed"`: the handler, or a middleware in between, threw; see `error`.
   * - `"aborted"`: the answer, or the rest of a stream, was no longer wanted; `error` holds the reason, if it is known.
   */
  readonly outcome: "replied" | "silent" | "streamed" | "failed" | "aborted";
  /** The number of frames of a stream. Absent for other answers. */
  readonly frames?: number;
  /** What the handler threw, if anything. */
  readonly error?: unknown;
}

const OPTIONS: OptionNames<LoggingOptions> = { log: true, clock: true };

/** Settings of {@link logging}. */
export interface LoggingOptions {
  /**
   * Called once for each frame, when it was answered, has failed, or is no longer waited for. Errors that it throws are ignored:
   * logging must not break the handler.
   */
  readonly log: (frame: HandledFrame) => void;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * Returns a middleware that logs the duration and the outcome of every frame. Events of connections go to the server's `observer`
 * instead.
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

/** The log entry of one frame. */
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

  /** Writes the entry. Only the first call has an effect. */
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
      // Errors of the log are ignored.
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

  /** Watches the signal: a handler may never finish when its answer is no longer waited for. */
  #watch(): void {
    if (this.#signal !== undefined) return;
    this.#signal = this.#context.signal;
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.write("aborted", this.#signal?.reason);
}
