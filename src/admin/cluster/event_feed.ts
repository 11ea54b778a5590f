import type { Clock, ServerEvent } from "../../core/mod.ts";
import { eventRecord } from "../event_record.ts";
import type { EventsAnswer } from "./question.ts";

/** A question is answered so long after the first event that it waits for, so that a flood costs a few answers. */
const GATHER_MS = 50;
/** A question is answered after this time, with or without events. */
const WAIT_MS = 2_000;
/** Without a further question for so long, nobody watches any more. */
const FOLLOWED_MS = 6_000;
/** The number of events of connections in one answer. Further ones are counted. */
const MOST_OF_CONNECTIONS = 100;
const MOST_EVENTS = 1_000;

/** Keeps the events of a worker for its supervisor, while that one asks for them. Otherwise an event costs a comparison. */
export class EventFeed {
  readonly #clock: Clock;
  #followed = false;
  #events: EventsAnswer["events"][number][] = [];
  #ofConnections = 0;
  #missed = 0;
  #answer: ((events: EventsAnswer) => void) | undefined;
  #gathering = false;
  #answerTimer: unknown;
  #endTimer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  observe(event: ServerEvent): void {
    if (!this.#followed) return;
    const ofConnection = "connection" in event;
    if ((ofConnection && this.#ofConnections >= MOST_OF_CONNECTIONS) || this.#events.length >= MOST_EVENTS) {
      this.#missed += 1;
    } else {
      if (ofConnection) this.#ofConnections += 1;
      this.#events.push({ record: eventRecord(event), ofConnection });
    }
    // Nothing may come after those of the server itself: it may be about to end.
    if (ofConnection) this.#gather();
    else this.#flush();
  }

  /** Fulfils with the events since the last call, or with the next ones. */
  take(): Promise<EventsAnswer> {
    this.#flush();
    this.#followed = true;
    this.#clock.clearTimeout(this.#endTimer);
    this.#endTimer = this.#later(() => this.close(), FOLLOWED_MS);
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#events.length + this.#missed > 0) this.#gather();
      else this.#answerTimer = this.#later(() => this.#flush(), WAIT_MS);
    });
  }

  /** Keeps nothing any more. */
  close(): void {
    this.#followed = false;
    this.#flush();
    this.#empty();
    this.#clock.clearTimeout(this.#endTimer);
  }

  #gather(): void {
    if (this.#gathering || this.#answer === undefined) return;
    this.#gathering = true;
    this.#clock.clearTimeout(this.#answerTimer);
    this.#answerTimer = this.#later(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    this.#clock.clearTimeout(this.#answerTimer);
    this.#answer = undefined;
    answer({ events: this.#events, missed: this.#missed });
    this.#empty();
  }

  #empty(): void {
    this.#events = [];
    this.#ofConnections = 0;
    this.#missed = 0;
    this.#gathering = false;
  }

  /** A timer that does not keep the process alive. */
  #later(callback: () => void, delayMs: number): unknown {
    const timer = this.#clock.setTimeout(callback, delayMs);
    (timer as { unref?: () => void } | undefined)?.unref?.();
    return timer;
  }
}
