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
  /** The value that the handler threw, if it threw one. */
  readonly error?: unknown;
  /** The result of `redact` for the frame. Absent without `redact`, and if it has failed. */
  readonly frame?: unknown;
  /** True if `redact` has failed: it threw, or returned a promise. Absent otherwise. */
  readonly redactFailed?: true;
}

const OPTIONS: OptionNames<LoggingOptions> = { log: true, redact: true, clock: true };

/** Settings of {@link logging}. */
export interface LoggingOptions {
  /**
   * Called once for each frame, when it was answered, has failed, or is no longer waited for. Errors that it throws are ignored:
   * logging must not break the handler.
   */
  readonly log: (frame: HandledFrame) => void;
  /**
   * Returns what the log may see of a frame, which it gets as `frame`: a part of it, its length, or the user in
   * `context.session.state`. It is called for each frame before the handler, so it sees the frame and the state as they have
   * come. If it throws, or returns a promise, the log gets `redactFailed` and nothing of the frame, not even the error, which may
   * quote it; the frame is handled as always. Default: the log sees no frame.
   */
  // A method, so that its parameters may be declared as what they are in a service: `(line: string) => …`.
  redact?(this: void, frame: unknown, context: Context<never, unknown>): unknown;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * Returns a middleware that logs the duration and the outcome of every frame. Events of connections go to the server's `observer`
 * instead.
 *
 * Frames themselves are not logged, except the parts that `redact` returns.
 *
 * @throws {TypeError} `log` or `redact` is not a function
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
 *
 * @example The first word of each line, and who has sent it
 * ```ts
 * import { connect, lines, serve } from "spillway";
 * import { logging } from "spillway/middleware";
 *
 * const seen: unknown[] = [];
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   state: () => ({ user: "ann" }),
 *   middleware: [
 *     logging({
 *       log: ({ frame }) => seen.push(frame),
 *       redact: (line: string, { session }) => ({ command: line.split(" ")[0], state: session.state }),
 *     }),
 *   ],
 *   handler: () => "ok",
 * });
 * await using client = await connect({ port: server.address.port, codec: lines() });
 * await client.request("LOGIN secret");
 * console.log(seen); // [ { command: "LOGIN", state: { user: "ann" } } ]
 * ```
 */
export function logging(options: LoggingOptions): AnyMiddleware {
  checkOptions(options, OPTIONS);
  const { log, redact, clock = systemClock } = options;
  checkFunction("log", log);
  if (redact !== undefined) checkFunction("redact", redact);
  return <In, Out, State>(frame: In, context: Context<Out, State>, next: Next<In, Out>) => {
    const shown = redact === undefined ? NOTHING : redacted(redact, frame, context);
    const entry = new Entry(context, shown, log, clock);
    try {
      const answer = next(frame, context);
      return isPromiseLike(answer) ? entry.await<Out>(answer) : entry.take<Out>(answer);
    } catch (error) {
      entry.write("failed", error);
      throw error;
    }
  };
}

type Redact = NonNullable<LoggingOptions["redact"]>;
type Shown = Pick<HandledFrame, "frame" | "redactFailed">;

const NOTHING: Shown = {};

/** Returns what `redact` shows of a frame. */
function redacted(redact: Redact, frame: unknown, context: Context<never, unknown>): Shown {
  try {
    const shown = redact(frame, context);
    if (!isPromiseLike(shown)) return { frame: shown };
    shown.then(undefined, () => undefined);
  } catch {
    // The error may quote the frame.
  }
  return { redactFailed: true };
}

/** The log entry of one frame. */
class Entry {
  readonly #context: Context<never>;
  readonly #shown: Shown;
  readonly #log: LoggingOptions["log"];
  readonly #clock: Clock;
  readonly #begunAt: number;
  #signal: AbortSignal | undefined;
  #frames: number | undefined;
  #written = false;

  constructor(context: Context<never>, shown: Shown, log: LoggingOptions["log"], clock: Clock) {
    this.#context = context;
    this.#shown = shown;
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
        ...this.#shown,
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
