import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/** A session, as far as its parting goes: `leaving` when it is on its way out, or over. */
export interface Parting {
  readonly parting: "idle" | "busy" | "leaving";
  drain(): void;
}

/** What a {@link Grace} is made of. */
export interface GraceSettings {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  /** Chance, from 0 up to 1. */
  readonly random: () => number;
}

/** Looked at no more often than that, however many sessions there are. */
const SHORTEST_STEP_MS = 10;
/** How many busy sessions are passed over for one that is closed. */
const LOOKED_AT = 8;

/**
 * The time between the last connection that is accepted and the drain: idle sessions are closed one after the other, spread over that
 * time, so that their peers do not all come back to another server at once. Busy ones are passed over, and looked at again.
 */
export class Grace implements DeadlineOwner {
  /** Fulfils when the time is up, or `end` was called. */
  readonly over: Promise<void>;
  readonly #settings: GraceSettings;
  readonly #endsAt: number;
  readonly #deadline: Deadline = new Deadline(this);
  #queue: Parting[];
  #lookedAt: number;
  #onOver!: () => void;

  constructor(ms: number, sessions: Iterable<Parting>, settings: GraceSettings) {
    this.#settings = settings;
    this.#queue = [...sessions];
    this.#lookedAt = settings.clock.now();
    this.#endsAt = this.#lookedAt + ms;
    this.over = new Promise((resolve) => {
      this.#onOver = resolve;
    });
    this.#arm();
  }

  /** One that is served only now. */
  add(session: Parting): void {
    this.#queue.push(session);
    if (this.#queue.length === 1) this.#arm();
  }

  /** Nobody is left to wait for, or nobody wants to wait. */
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

  /** The next look comes when one more is due, on average: so servers that were told at the same time do not keep step. */
  #arm(): void {
    const { clock, deadlines, random } = this.#settings;
    const now = clock.now();
    const stepMs = Math.max(SHORTEST_STEP_MS, (this.#endsAt - now) / Math.max(1, this.#queue.length));
    const next = this.#queue.length === 0 ? this.#endsAt : now + stepMs * (0.5 + random());
    this.#deadline.at = Math.min(this.#endsAt, next);
    deadlines.arm(this.#deadline);
  }
}
