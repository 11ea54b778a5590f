import type { Pipeline } from "../handler/pipeline.ts";
import type { Outbox } from "../output/outbox.ts";
import { Deadline, type DeadlineOwner } from "../time/deadline.ts";
import type { Inbox } from "./inbox.ts";
import type { SessionSettings } from "./session_settings.ts";

/** How far a session is on its way to its end: see {@link Watch}. */
export type Phase =
  /** Takes frames. */
  | "serving"
  /** Takes no more, answers what it has. */
  | "stopping"
  /** Sends its last bytes. */
  | "ending"
  /** Waits for the peer's FIN. */
  | "closing"
  /** There is no connection any more; who was told of it hears of its end. */
  | "over";

/** What is due when a deadline passes. */
export type Due =
  | "idle-timeout"
  | "silence-timeout"
  | "frame-timeout"
  | "handler-timeout"
  | "write-timeout"
  | "authentication-timeout"
  | "lifetime-reached"
  /** Whoever is told of the end takes too long. */
  | "disconnect-timeout"
  /** The peer does not answer FIN. */
  | "linger";

/** The session that is watched. */
export interface Watched extends DeadlineOwner {
  readonly settings: Pick<SessionSettings<never, never, never>, "limits" | "deadlines" | "clock" | "asked">;
  readonly openedAt: number;
  readonly inbox: Inbox<unknown>;
  readonly pipeline: Pick<Pipeline<never, never, never>, "length" | "busySince" | "settledAt" | "date">;
  readonly outbox: Outbox<never>;
}

/** Which instant matters next to a session. One deadline that stands for all of them. */
export class Watch extends Deadline<Watched> {
  /** What happens at the deadline. */
  due: Due = "idle-timeout";
  /** Authentication is not waited for any more. */
  authenticationDone = true;
  #closingAt = 0;
  /** When input was last dropped, while the peer's FIN is waited for. */
  #droppedAt = 0;
  /** Since when it has been the peer's turn to speak; -1 while it is ours, or nobody looks: a small number costs less. */
  #listeningSince = -1;

  /** FIN is sent at `now`, or came from there. */
  close(now: number): void {
    this.#closingAt = this.#droppedAt = now;
  }

  /** Whether anything was said, by either side, so shortly before `now` that the peer's FIN is waited for. */
  lingers(now: number): boolean {
    const { inbox, outbox, settings } = this.owner;
    return now - Math.max(inbox.heardAt, outbox.arrivesAt) < settings.limits.lingerTimeoutMs;
  }

  /** Input came and was dropped. */
  noteDropped(now: number): void {
    this.#droppedAt = now;
  }

  /** Sets the deadline to the earliest instant at which something is due. */
  arm(phase: Phase): void {
    this.owner.pipeline.date();
    this.#set(phase);
    this.owner.settings.deadlines.arm(this);
  }

  /** The same after a write began or was taken, which mostly finds an earlier deadline: that one looks at what has happened. */
  armForOutput(phase: Phase): void {
    const { outbox, settings } = this.owner;
    const { idleTimeoutMs, silenceTimeoutMs, writeTimeoutMs } = settings.limits;
    // A reply may be out: from then on the peer is listened to.
    if (silenceTimeoutMs !== Infinity) return this.arm(phase);
    const soonestAt = outbox.progressAt + Math.min(writeTimeoutMs, idleTimeoutMs);
    if (this.at > soonestAt) this.arm(phase);
  }

  /** Whether something is due at `now`: see `due`. Otherwise arms the deadline again. */
  passed(phase: Phase, now: number): boolean {
    this.#set(phase);
    if (this.at > now) {
      this.owner.settings.deadlines.arm(this);
      return false;
    }
    // It passes once, and what it has failed may still have to wait for its turn.
    if (this.due === "authentication-timeout") this.authenticationDone = true;
    return true;
  }

  /** Nothing is due any more. */
  end(): void {
    this.owner.settings.deadlines.disarm(this);
  }

  #set(phase: Phase): void {
    const { inbox, openedAt, outbox, pipeline, settings } = this.owner;
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
