import type { ConnectionLimits } from "../options/limits.ts";
import type { Outbox } from "../output/outbox.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import type { Inbox } from "./inbox.ts";
import type { Asked } from "./session_settings.ts";

/** The timeout that is due when the deadline passes. */
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
  /** The peer does not answer FIN with FIN. */
  | "linger";

/** A session, as far as its deadlines need it. */
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
 * The deadlines of a session, as one deadline that stands for the earliest of them.
 *
 * Activity moves nearly all of them later. So the earliest instant is worked out when the queue looks at it
 * (`refresh`). After a tick it is worked out only when something began that may be due before the queue looks
 * (`settle`).
 */
export class SessionDeadlines extends Deadline<TimedSession> {
  /** The timeout that is due at the deadline. */
  due: Due = "idle-timeout";
  /** Whether authentication is complete, or not required. */
  authenticationDone: boolean;
  /** The instant at which FIN was sent, or the peer's FIN came. */
  #closingAt = 0;
  /** The instant at which input was last dropped, while the peer's FIN is waited for. */
  #droppedAt = 0;
  /**
   * The instant since which the peer is expected to send; -1 while it is not, or while silence is not watched: a small
   * number costs less.
   */
  #listeningSince = -1;

  constructor(owner: TimedSession, authenticates: boolean) {
    super(owner);
    this.authenticationDone = !authenticates;
  }

  /** Notes that FIN is sent at `now`, or that the peer's FIN came. */
  noteClosing(now: number): void {
    this.#closingAt = this.#droppedAt = now;
  }

  /** Notes that input was dropped. */
  noteDropped(now: number): void {
    this.#droppedAt = now;
  }

  /** Whether either side sent anything so shortly before `now` that the peer's FIN is waited for. */
  lingers(now: number): boolean {
    const { inbox, outbox, settings } = this.owner;
    return now - Math.max(inbox.heardAt, outbox.arrivesAt) < settings.limits.lingerTimeoutMs;
  }

  /** Ends a tick: makes sure that the queue looks in time at what began in it. */
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

  /** Returns whether something is due at `now` (see `due`). Otherwise arms the deadline again. */
  passed(now: number): boolean {
    this.#set();
    if (this.at > now) {
      this.owner.settings.deadlines.arm(this);
      return false;
    }
    // It passes once. The fault may have to wait for its position.
    if (this.due === "authentication-timeout") this.authenticationDone = true;
    return true;
  }

  /** Disarms the deadline. */
  end(): void {
    this.owner.settings.deadlines.disarm(this);
  }

  /**
   * Whether the queue looks no later than anything that began by `now` can be due. Earlier beginnings were checked in
   * their ticks. Usually nothing has begun: the session is idle again.
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
    if (phase === "half-closed") return;
    if (inbox.starved) this.#earliest(inbox.frameBegunAt + limits.frameTimeoutMs, "frame-timeout");
    if (limits.silenceTimeoutMs !== Infinity) this.#watchSilence(limits.silenceTimeoutMs, busy);
    if (busy || outbox.writing || !inbox.starved) return;
    // Pushes of this tick are about to be written.
    const quietSince = outbox.pending > 0 ? settings.clock.now() : this.#quietSince();
    const idleSince = asked === undefined ? quietSince : Math.max(quietSince, asked.awaitedAt);
    this.#earliest(idleSince + limits.idleTimeoutMs, "idle-timeout");
  }

  /** The peer is silent only while it waits for nothing: its frames are answered, and the replies are written. */
  #watchSilence(limitMs: number, busy: boolean): void {
    const { inbox, outbox, settings } = this.owner;
    const ourTurn = busy || !inbox.starved || outbox.answering;
    if (ourTurn) this.#listeningSince = -1;
    else {
      if (this.#listeningSince < 0) this.#listeningSince = settings.clock.now();
      this.#earliest(Math.max(inbox.heardAt, this.#listeningSince) + limitMs, "silence-timeout");
    }
  }

  /** The instant of the last activity. */
  #quietSince(): number {
    const { inbox, outbox, pipeline } = this.owner;
    return Math.max(inbox.heardAt, pipeline.settledAt, outbox.progressAt);
  }

  /** The linger deadline: a time after the last sign of life, and bounded. */
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
