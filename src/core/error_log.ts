import { addressText } from "./address_text.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type ErrorText, takeApart } from "./describe.ts";
import type { SpillwayError } from "./errors.ts";
import { escapeText } from "./escape_text.ts";
import type { ConnectionInfo } from "./exchange.ts";

/** How many reports of one kind are written in full within one period; those beyond are counted, and summed up at its end. */
const FULL_REPORTS = 5;
const PERIOD_MS = 10_000;
/** The longest line, in characters before they are escaped, and how many lines of a stack are written. */
const MOST_CHARACTERS = 512;
const MOST_STACK_LINES = 16;
const MOST_STACK_CHARACTERS = 16_384;

/** The events of a server or client that are errors. */
const ERROR_EVENTS: ReadonlySet<string> = new Set(["accept-error", "connect-error", "frame-error", "handler-error"]);

/** An event, as far as it is looked at. */
export interface LoggedEvent {
  readonly type: string;
  readonly connection?: ConnectionInfo;
  readonly error?: SpillwayError;
}

/** Reports of one kind within one period. */
interface Kind {
  readonly since: number;
  written: number;
  /** Those that were not written, and how the last of them would have begun. */
  more: number;
  last: () => string;
}

/**
 * Where the errors of a server go that has no observer: `console.error`, each with the address of its connection and the stack of
 * what caused it. To keep it beside an observer of your own, call {@link ErrorLog.observe} with each event.
 *
 * - **Bounded**: of each kind of error, five are written in 10 s, and then how many more there were. Stacks and lines are cut.
 * - **Safe**: what peers sent is escaped. Nothing here throws.
 *
 * `console.error` writes as the runtime does. Into a pipe that is full it waits, on Deno and Node for as long as nobody reads:
 * where that can happen, have an observer that does not.
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
  readonly #kinds = new Map<string, Kind>();
  #timer: unknown;
  /** When there was last no descriptor free. */
  #exhaustedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Reports an event that is an error. Does nothing for any other. */
  observe(event: LoggedEvent): void {
    const { connection, error, type } = event;
    if (error === undefined || !ERROR_EVENTS.has(type)) return;
    if (error.code === "out-of-descriptors") this.#exhaustedAt = this.#clock.now();
    this.report(error.code, () => `${whereText(connection)}${error.message} [${error.code}]`, error.cause);
  }

  /**
   * Reports what is no event.
   *
   * @param kind of which a few are written and the others counted; one of a small number of words
   * @param what the sentence that says what happened; asked for only when it is written
   * @param cause what was thrown, for its stack
   */
  report(kind: string, what: () => string, cause?: unknown): void {
    const now = this.#clock.now();
    let reports = this.#kinds.get(kind);
    if (reports === undefined || now - reports.since >= PERIOD_MS) {
      if (reports !== undefined) this.#sumUp(kind, reports);
      reports = { since: now, written: 0, more: 0, last: what };
      this.#kinds.set(kind, reports);
    }
    if (reports.written < FULL_REPORTS) {
      reports.written += 1;
      // Out of descriptors, Deno panics when it looks for the source of a stack's lines.
      write(`spillway: ${lineOf(what)}` + (now - this.#exhaustedAt < PERIOD_MS ? "" : stackText(cause)));
    } else {
      reports.more += 1;
      reports.last = what;
      this.#timer ??= this.#clock.setTimeout(() => this.#onTimer(), PERIOD_MS);
    }
  }

  /** Sums up at once what was not written. No timer is left. */
  end(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [kind, reports] of this.#kinds) this.#sumUp(kind, reports);
    this.#kinds.clear();
  }

  #onTimer(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [kind, reports] of this.#kinds) {
      if (now - reports.since < PERIOD_MS && reports.more > 0) {
        this.#timer ??= this.#clock.setTimeout(() => this.#onTimer(), PERIOD_MS - (now - reports.since));
      } else if (now - reports.since >= PERIOD_MS) {
        this.#kinds.delete(kind);
        this.#sumUp(kind, reports);
      }
    }
  }

  #sumUp(kind: string, { last, more, since }: Kind): void {
    if (more === 0) return;
    const seconds = Math.max(1, Math.round((this.#clock.now() - since) / 1_000));
    const count = more.toLocaleString("en-US");
    write(`spillway: ${count} more like this in ${seconds} s [${kind}]; the last: ${lineOf(last)}`);
  }
}

function whereText(connection: ConnectionInfo | undefined): string {
  return connection === undefined ? "" : `connection ${connection.id} from ${addressText(connection.remoteAddress)}: `;
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
