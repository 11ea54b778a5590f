import { type ErrorText, takeApart } from "../errors/describe.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { escapeText } from "../errors/escape_text.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { RepeatSampler } from "../time/repeat_sampler.ts";
import { addressText } from "../transport/address_text.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";

/** No stack is written while no descriptor is free, and for this time after. */
const NO_STACK_MS = 10_000;
/** The limits of a line, in characters before escaping, and of a stack. */
const MOST_CHARACTERS = 512;
const MOST_STACK_LINES = 16;
const MOST_STACK_CHARACTERS = 16_384;

/** The events that are errors. */
const ERROR_EVENTS: ReadonlySet<string> = new Set([
  "accept-error",
  "bus-down",
  "bus-error",
  "bus-gap",
  "connect-error",
  "frame-error",
  "handler-error",
]);

const PREPOSITIONS = { inbound: "from", outbound: "to" } as const;

/** Reports whether an event is an error of the service. A connection that a step has refused is none. */
function isReported(type: string, { code }: SpillwayError<string>): boolean {
  return type === "establish-failed" ? code === "establish-failed" : ERROR_EVENTS.has(type);
}

/** The parts of an event that the log uses. */
export interface LoggedEvent {
  /** The type of the event. */
  readonly type: string;
  /** The connection that it is about, if any. */
  readonly connection?: ConnectionInfo;
  /** The error, if any. */
  readonly error?: SpillwayError<string>;
}

/**
 * The log of a server or client without an observer: writes errors with `console.error`, each with the address of its
 * connection and the stack of its cause. To use it beside an observer of your own, call {@link ErrorLog.observe} with
 * each event.
 *
 * - **Bounded**: of each kind of error, five are written in 10 s, and then the number of others. Stacks and lines are
 *   cut.
 * - **Safe**: text of peers is escaped. Its methods never throw.
 *
 * `console.error` writes as the runtime does: a full pipe that nobody reads stops the process on Deno and Bun, and a
 * held terminal stops it on all three. A service for which that matters needs an observer that does not wait.
 *
 * @example
 * ```ts
 * import { ErrorLog, lines, serve } from "spillway/core";
 * import { memoryTransport } from "spillway/testing";
 *
 * const errors = new ErrorLog();
 * let events = 0;
 * const server = await serve(memoryTransport(), {
 *   port: 0,
 *   codec: lines(),
 *   handler: (line) => line,
 *   observer: (event) => {
 *     events += 1;
 *     errors.observe(event);
 *   },
 * });
 * await server.shutdown();
 * errors.end();
 * console.log(events); // 3
 * ```
 */
export class ErrorLog {
  readonly #clock: Clock;
  readonly #direction: keyof typeof PREPOSITIONS;
  readonly #sampler: RepeatSampler<() => string>;
  /** The last instant at which no descriptor was free. */
  #exhaustedAt = Number.NEGATIVE_INFINITY;

  /** `direction`: whether connections come from the addresses that are written, or go there. */
  constructor(clock: Clock = systemClock, direction: keyof typeof PREPOSITIONS = "inbound") {
    this.#clock = clock;
    this.#direction = direction;
    this.#sampler = new RepeatSampler((kind, more, seconds, last) => {
      const count = more.toLocaleString("en-US");
      write(`spillway: ${count} more like this in the last ${seconds} s [${kind}]; the last of them: ${lineOf(last)}`);
    }, clock);
  }

  /** Reports an event that is an error. Ignores other events. */
  observe(event: LoggedEvent): void {
    const { connection, error, type } = event;
    if (error === undefined || !isReported(type, error)) return;
    if (error.code === "out-of-descriptors") this.#exhaustedAt = this.#clock.now();
    this.report(error.code, () => `${this.#whereText(connection)}${error.message} [${error.code}]`, error.cause);
  }

  /**
   * Reports an error that is not an event.
   *
   * @param kind the kind of the report, by which repeated reports are counted; one of a small set of words
   * @param what returns the sentence to write; called only when it is written
   * @param cause the thrown value, for its stack
   */
  report(kind: string, what: () => string, cause?: unknown): void {
    if (!this.#sampler.admits(kind, what)) return;
    // Out of descriptors, Deno panics when it looks up the source of a stack's lines.
    const stackless = this.#clock.now() - this.#exhaustedAt < NO_STACK_MS;
    write(`spillway: ${lineOf(what)}${stackless ? "" : stackText(cause)}`);
  }

  /** Writes the sums of what was not written. Leaves no timer. */
  end(): void {
    this.#sampler.end();
  }

  #whereText(connection: ConnectionInfo | undefined): string {
    if (connection === undefined) return "";
    return `connection ${connection.id} ${PREPOSITIONS[this.#direction]} ${addressText(connection.remoteAddress)}: `;
  }
}

function lineOf(what: () => string): string {
  return escapeText(what(), MOST_CHARACTERS);
}

/**
 * Returns the stacks of an error and its causes. Each line is indented, because a message may contain text of a peer.
 */
function stackText(cause: unknown): string {
  if (cause === undefined) return "";
  let text = "";
  let label = "";
  for (let error: ErrorText | undefined = takeApart(cause); error !== undefined; error = error.cause) {
    // An error without a stack is described here, unless the first line described it.
    const stack = error.stack ?? (label === "" ? "" : error.message);
    const lines = stack === "" ? [] : (label + stack.slice(0, MOST_STACK_CHARACTERS)).split("\n");
    for (const line of lines.slice(0, MOST_STACK_LINES)) text += `\n    ${escapeText(line, MOST_CHARACTERS)}`;
    label = "caused by: ";
  }
  return text;
}

function write(text: string): void {
  try {
    // oxlint-disable-next-line eslint/no-console -- the one place of the core that writes
    console.error(text);
  } catch {
    // There is no other place to write to.
  }
}
