import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/** A session in a grace: `leaving` when it is ending, or over. */
export interface Parting {
  readonly parting: "idle" | "busy" | "leaving";
  /** Says goodbye, and goes on. */
  announceDrain(): void;
  drain(): void;
}

/** The settings of a {@link Grace}. */
export interface GraceSettings {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  /** Returns a random number from 0 up to 1. */
  readonly random: () => number;
}

/** The shortest time between two looks, however many sessions there are. */
const SHORTEST_STEP_MS = 10;
/** The number of busy sessions that are passed over for one that is closed. */
const LOOKED_AT = 8;

/**
 * The grace between the end of accepting and the drain. Lets every session say goodbye when it begins, and then closes idle ones one
 * after the other, spread over its time, so that their peers do not all connect to another server at once. Passes over busy sessions,
 * and looks at them again.
 */
export class Grace implements DeadlineOwner {
  readonly #settings: GraceSettings;
  readonly #endsAt: number;
  readonly #deadline: Deadline = new Deadline(this);
  #queue: Parting[];
  #lookedAt: number;
  readonly #over: Promise<void>;
  #onOver!: () => void;

  constructor(ms: number, sessions: Iterable<Parting>, settings: GraceSettings) {
    this.#settings = settings;
    this.#queue = [...sessions];
    this.#lookedAt = settings.clock.now();
    this.#endsAt = this.#lookedAt + ms;
    this.#over = new Promise((resolve) => {
      this.#onOver = resolve;
    });
    this.#arm();
  }

  /** Lets the sessions say goodbye. Fulfils when the time is up, or `end` was called. */
  begin(): Promise<void> {
    for (const session of this.#queue) session.announceDrain();
    return this.#over;
  }

  /** Adds a session that is served only now. */
  add(session: Parting): void {
    session.announceDrain();
    this.#queue.push(session);
    if (this.#queue.length === 1) this.#arm();
  }

  /** Ends the grace early: no session is left, or the drain was forced. */
  end(): void {
    this.#settings.deadlines.disarm(this.#deadline);
    this.#onOver();
  }

  onDeadline(now: number): void {
    if (now >= this.#endsAt) return this.end();
    const share = (now - this.#lookedAt) / (this.#endsAt - this.#lookedAt);
    this.#lookedAt = now;
    this.#close(Math.max(1, Math.floor(this.#queue.length * share)));
    this.#arm();
  }

  #close(count: number): void {
    const busy: Parting[] = [];
    let looked = 0;
    let closed = 0;
    for (; looked < this.#queue.length && closed < count && busy.length < LOOKED_AT * count; looked++) {
      const session = this.#queue[looked] as Parting;
      if (session.parting === "busy") busy.push(session);
      if (session.parting !== "idle") continue;
      session.drain();
      closed += 1;
    }
    this.#queue = [...this.#queue.slice(looked), ...busy];
  }

  /**
   * The next look comes when one more session is due on average, at a random instant: servers that were told at the
   * same time do not keep step.
   */
  #arm(): void {
    const { clock, deadlines, random } = this.#settings;
    const now = clock.now();
    const stepMs = Math.max(SHORTEST_STEP_MS, (this.#endsAt - now) / Math.max(1, this.#queue.length));
    const next = this.#queue.length === 0 ? this.#endsAt : now + stepMs * (0.5 + random());
    this.#deadline.at = Math.min(this.#endsAt, next);
    deadlines.arm(this.#deadline);
  }
}
