import type { ConnectionLimits } from "../options/limits.ts";
import type { Outbox } from "../output/outbox.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import type { Inbox } from "./inbox.ts";
import type { Asked } from "./session_settings.ts";

/** What is due when a deadline passes. */
export type Due =
  | "idle-timeout"
  | "silence-timeout"
  | "frame-timeout"
  | "handler-timeout"
  | "write-timeout"
  | "authentication-timeout"
  | "lifetime-reached"
  /** `onDisconnect` takes too long. */
  | "disconnect-timeout"
  /** The peer does not answer FIN. */
  | "linger";

/** The session whose deadlines these are. */
export interface TimedSession extends DeadlineOwner {
  readonly settings: {
    readonly limits: ConnectionLimits;
    readonly deadlines: DeadlineQueue;
    readonly clock: Clock;
    readonly asked?: Asked;
  };
  readonly phase: string;
  readonly openedAt: number;
  readonly inbox: Inbox<unknown>;
  readonly pipeline: { readonly length: number; readonly busySince: number; readonly settledAt: number; date(): void };
  readonly outbox: Outbox<never>;
}

/**
 * Which instant matters next to a session: one deadline that stands for all of them.
 *
 * Activity moves nearly all of them later. So the instant is worked out when the queue looks at it (`refresh`), and after a tick
 * only when something began that may be due sooner than the queue will look (`settle`).
 */
export class SessionDeadlines extends Deadline<TimedSession> {
  /** What happens at the deadline. */
  due: Due = "idle-timeout";
  /** Authentication is not waited for any more. */
  authenticationDone: boolean;
  /** When FIN was sent, or came from there. */
  #closingAt = 0;
  /** When input was last dropped, while the peer's FIN is waited for. */
  #droppedAt = 0;
  /** Since when it has been the peer's turn to speak; -1 while it is ours, or nobody looks: a small number costs less. */
  #listeningSince = -1;

  constructor(owner: TimedSession, authenticates: boolean) {
    super(owner);
    this.authenticationDone = !authenticates;
  }

  /** FIN is sent at `now`, or came from there. */
  noteClosing(now: number): void {
    this.#closingAt = this.#droppedAt = now;
  }

  /** Input came and was dropped. */
  noteDropped(now: number): void {
    this.#droppedAt = now;
  }

  /** Whether anything was said, by either side, so shortly before `now` that the peer's FIN is waited for. */
  lingers(now: number): boolean {
    const { inbox, outbox, settings } = this.owner;
    return now - Math.max(inbox.heardAt, outbox.arrivesAt) < settings.limits.lingerTimeoutMs;
  }

  /** A tick is over: makes sure that the queue looks in time at what has begun in it. */
  settle(at?: number): void {
    this.owner.pipeline.date();
    if (!this.#isLookedAtInTime(at ?? this.owner.settings.clock.now())) this.arm();
  }

  /** Sets the deadline to the earliest instant at which something is due. */
  arm(): void {
    this.owner.pipeline.date();
    this.#set();
    this.owner.settings.deadlines.arm(this);
  }

  override refresh(): void {
    this.#set();
  }

  /** Whether something is due at `now`: see `due`. Otherwise arms the deadline again. */
  passed(now: number): boolean {
    this.#set();
    if (this.at > now) {
      this.owner.settings.deadlines.arm(this);
      return false;
    }
    // It passes once, and what it has failed may still have to wait for its position.
    if (this.due === "authentication-timeout") this.authenticationDone = true;
    return true;
  }

  /** Nothing is due any more. */
  end(): void {
    this.owner.settings.deadlines.disarm(this);
  }

  /**
   * Whether the queue will look no later than what may have begun by `now` can be due. What began before was seen to then.
   * Mostly nothing has begun: the session is idle again.
   */
  #isLookedAtInTime(now: number): boolean {
    const { inbox, outbox, phase, pipeline, settings } = this.owner;
    const { frameTimeoutMs, handlerTimeoutMs, idleTimeoutMs, silenceTimeoutMs, writeTimeoutMs } = settings.limits;
    if (phase !== "serving" || silenceTimeoutMs !== Infinity) return false;
    let soonestMs = idleTimeoutMs;
    if (outbox.writing) soonestMs = Math.min(soonestMs, writeTimeoutMs);
    if (pipeline.length > 0) soonestMs = Math.min(soonestMs, handlerTimeoutMs);
    if (inbox.frameBegunAt !== Infinity) soonestMs = Math.min(soonestMs, frameTimeoutMs);
    return this.queuedAt <= now + soonestMs;
  }

  #set(): void {
    const { inbox, openedAt, outbox, phase, pipeline, settings } = this.owner;
    const { asked, limits } = settings;
    this.at = Infinity;
    if (phase === "over") return this.#earliest(this.#closingAt + limits.handlerTimeoutMs, "disconnect-timeout");
    if (phase === "closing") return this.#earliest(this.#lingersUntil(), "linger");
    if (outbox.writing) this.#earliest(outbox.behindSince + limits.writeTimeoutMs, "write-timeout");
    if (phase === "ending") return;
    const busy = pipeline.length > 0;
    if (busy) this.#earliest(pipeline.busySince + limits.handlerTimeoutMs, "handler-timeout");
    if (!this.authenticationDone) this.#earliest(openedAt + limits.authenticationTimeoutMs, "authentication-timeout");
    if (phase === "stopping") return;
    this.#earliest(openedAt + limits.lifetimeMs, "lifetime-reached");
    if (inbox.starved) this.#earliest(inbox.frameBegunAt + limits.frameTimeoutMs, "frame-timeout");
    if (limits.silenceTimeoutMs !== Infinity) this.#watchSilence(limits.silenceTimeoutMs, busy);
    if (busy || outbox.writing || !inbox.starved) return;
    // What was pushed in this tick is about to be written.
    const quietSince = outbox.pending > 0 ? settings.clock.now() : this.#quietSince();
    const idleSince = asked === undefined ? quietSince : Math.max(quietSince, asked.awaitedAt);
    this.#earliest(idleSince + limits.idleTimeoutMs, "idle-timeout");
  }

  /** The peer is silent only while it has nothing to wait for: its frames are all answered, and the replies are out. */
  #watchSilence(limitMs: number, busy: boolean): void {
    const { inbox, outbox, settings } = this.owner;
    const ourTurn = busy || !inbox.starved || outbox.answering;
    if (ourTurn) this.#listeningSince = -1;
    else {
      if (this.#listeningSince < 0) this.#listeningSince = settings.clock.now();
      this.#earliest(Math.max(inbox.heardAt, this.#listeningSince) + limitMs, "silence-timeout");
    }
  }

  /** When something last happened. */
  #quietSince(): number {
    const { inbox, outbox, pipeline } = this.owner;
    return Math.max(inbox.heardAt, pipeline.settledAt, outbox.progressAt);
  }

  /** So long after the last sign of life, but not for ever. */
  #lingersUntil(): number {
    const { lingerTimeoutMs, maxLingerMs } = this.owner.settings.limits;
    const aliveAt = Math.max(this.#droppedAt, Math.floor(this.owner.outbox.arrivesAt));
    return Math.min(aliveAt + lingerTimeoutMs, this.#closingAt + Math.max(lingerTimeoutMs, maxLingerMs));
  }

  #earliest(at: number, due: Due): void {
    if (at >= this.at) return;
    this.at = at;
    this.due = due;
  }
}
