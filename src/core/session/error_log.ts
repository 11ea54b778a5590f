import { type ErrorText, takeApart } from "../errors/describe.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { escapeText } from "../errors/escape_text.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { RepeatSampler } from "../time/repeat_sampler.ts";
import { addressText } from "../transport/address_text.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";

/** While no descriptor is free, and for so long after that, no stack is written. */
const NO_STACK_MS = 10_000;
/** The longest line, in characters before they are escaped, and how many lines of a stack are written. */
const MOST_CHARACTERS = 512;
const MOST_STACK_LINES = 16;
const MOST_STACK_CHARACTERS = 16_384;

/** The events of a server or client that are errors. */
const ERROR_EVENTS: ReadonlySet<string> = new Set(["accept-error", "connect-error", "frame-error", "handler-error"]);

const PREPOSITIONS = { inbound: "from", outbound: "to" } as const;

/** An event, as far as it is looked at. */
export interface LoggedEvent {
  readonly type: string;
  readonly connection?: ConnectionInfo;
  readonly error?: SpillwayError;
}

/**
 * Where the errors of a server or client go that has no observer: `console.error`, each with the address of its connection and the stack of
 * what caused it. To keep it beside an observer of your own, call {@link ErrorLog.observe} with each event.
 *
 * - **Bounded**: of each kind of error, five are written in 10 s, and then how many more there were. Stacks and lines are cut.
 * - **Safe**: what peers sent is escaped. Nothing here throws.
 *
 * `console.error` writes as the runtime does: a full pipe that nobody reads stops the process on Deno and Bun, and a held terminal on all
 * three. A service for which that matters has an observer that does not wait.
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
  /** When there was last no descriptor free. */
  #exhaustedAt = Number.NEGATIVE_INFINITY;

  /** `direction`: whether connections come from the addresses that are written, or go there. */
  constructor(clock: Clock = systemClock, direction: keyof typeof PREPOSITIONS = "inbound") {
    this.#clock = clock;
    this.#direction = direction;
    this.#sampler = new RepeatSampler((kind, more, seconds, last) => {
      const count = more.toLocaleString("en-US");
      write(`spillway: ${count} more like this in ${seconds} s [${kind}]; the last: ${lineOf(last)}`);
    }, clock);
  }

  /** Reports an event that is an error. Does nothing for any other. */
  observe(event: LoggedEvent): void {
    const { connection, error, type } = event;
    if (error === undefined || !ERROR_EVENTS.has(type)) return;
    if (error.code === "out-of-descriptors") this.#exhaustedAt = this.#clock.now();
    this.report(error.code, () => `${this.#whereText(connection)}${error.message} [${error.code}]`, error.cause);
  }

  /**
   * Reports what is no event.
   *
   * @param kind of which a few are written and the others counted; one of a small number of words
   * @param what the sentence that says what happened; asked for only when it is written
   * @param cause what was thrown, for its stack
   */
  report(kind: string, what: () => string, cause?: unknown): void {
    if (!this.#sampler.admits(kind, what)) return;
    // Out of descriptors, Deno panics when it looks for the source of a stack's lines.
    const stackless = this.#clock.now() - this.#exhaustedAt < NO_STACK_MS;
    write(`spillway: ${lineOf(what)}${stackless ? "" : stackText(cause)}`);
  }

  /** Sums up at once what was not written. No timer is left. */
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

/** The stacks of an error and its causes. Each line is indented: a message within may have been written by a peer. */
function stackText(cause: unknown): string {
  if (cause === undefined) return "";
  let text = "";
  let label = "";
  for (let error: ErrorText | undefined = takeApart(cause); error !== undefined; error = error.cause) {
    // What has no stack is described here, unless the first line did.
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
    // There is nowhere else to say it.
  }
}
