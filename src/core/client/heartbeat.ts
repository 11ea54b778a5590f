import { checkDuration } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/** The options for checking that a quiet peer is still there. */
export interface HeartbeatOptions<In, Out = In> {
  /** The time without a received byte after which the frame is sent. More than 0, not `Infinity`. */
  readonly everyMs: number;
  /** The frame that is sent. */
  readonly frame: Out;
  /**
   * Returns whether a frame answers a heartbeat. Such frames are dropped whenever they come, and answer no request. Without it, the
   * heartbeat is a request, and its reply comes in the order of requests. It is then not sent while a request is pending.
   * Default: none.
   */
  readonly expect?: (frame: In) => boolean;
  /**
   * The time without a received byte, after the frame was sent, until the connection ends as `request-timeout`. More than 0, not
   * `Infinity`; default `everyMs`.
   */
  readonly timeoutMs?: number;
}

const NAMES: OptionNames<HeartbeatOptions<unknown>> = { everyMs: true, frame: true, expect: true, timeoutMs: true };

/**
 * Fills in defaults.
 *
 * @throws {TypeError | RangeError} an invalid option
 */
export function resolveHeartbeat<In, Out>(
  given: HeartbeatOptions<In, Out> | undefined,
): Required<HeartbeatOptions<In, Out>> | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null) throw new TypeError("heartbeat must be an object");
  checkOptions(given, NAMES);
  const { everyMs, expect, frame, timeoutMs = everyMs } = given;
  for (const [name, value] of Object.entries({ everyMs, timeoutMs })) {
    if (checkDuration(`heartbeat.${name}`, value) === Infinity)
      throw new RangeError(`heartbeat.${name} must be finite`);
  }
  if (frame === undefined) throw new TypeError("heartbeat needs a frame");
  if (expect !== undefined && typeof expect !== "function") throw new TypeError("heartbeat.expect must be a function");
  return { everyMs, frame, timeoutMs, expect: expect as (frame: In) => boolean };
}

/** The input on the present connection, as a {@link Heartbeat} sees it. */
interface Heard {
  /** The instant of the last byte. */
  readonly heardAt: number;
  readonly bytesIn: number;
}

/** The methods of a client that its {@link Heartbeat} calls. */
export interface HeartbeatEvents {
  /** Sends the frame. Returns false if it cannot be sent now. */
  sendBeat(): boolean;
  /** Called when nothing came in time. */
  onUnanswered(): void;
}

/** Sends a frame when a connection has been quiet, and detects that nothing comes back. */
export class Heartbeat implements DeadlineOwner {
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #events: HeartbeatEvents;
  readonly #deadline = new Deadline(this);
  #heard!: Heard;
  /** The number of bytes that had come when the frame was sent; `undefined` when a byte has come since. */
  #bytesAtBeat: number | undefined;
  #sentAt = 0;

  constructor(
    { everyMs, timeoutMs }: { readonly everyMs: number; readonly timeoutMs: number },
    clock: Clock,
    deadlines: DeadlineQueue,
    events: HeartbeatEvents,
  ) {
    this.#everyMs = everyMs;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** Starts watching a connection. */
  start(heard: Heard): void {
    this.#heard = heard;
    this.#bytesAtBeat = undefined;
    this.#armIn(this.#everyMs);
  }

  /** Stops watching. */
  stop(): void {
    this.#deadlines.disarm(this.#deadline);
  }

  onDeadline(now: number): void {
    const { bytesIn, heardAt } = this.#heard;
    if (this.#bytesAtBeat === bytesIn) {
      const restMs = this.#sentAt + this.#timeoutMs - now;
      this.#armIn(restMs > 0 ? restMs : this.#timeoutMs);
      if (restMs <= 0) this.#events.onUnanswered();
      return;
    }
    this.#bytesAtBeat = undefined;
    const restMs = heardAt + this.#everyMs - now;
    if (restMs > 0) this.#armIn(restMs);
    else if (this.#events.sendBeat()) {
      this.#bytesAtBeat = bytesIn;
      this.#sentAt = now;
      this.#armIn(Math.min(this.#timeoutMs, this.#everyMs));
    } else this.#armIn(this.#everyMs);
  }

  #armIn(ms: number): void {
    this.#deadline.at = this.#clock.now() + ms;
    this.#deadlines.arm(this.#deadline);
  }
}
