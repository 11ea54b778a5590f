import { Deadline, type DeadlineOwner, type DeadlineQueue } from "./deadline.ts";
import type { Inbox } from "./inbox.ts";
import type { Limits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Pipeline } from "./pipeline.ts";

/** How far a session is on its way to its end: see {@link Watch}. */
export type Phase =
  /** Takes frames. */
  | "serving"
  /** Takes no more, answers what it has. */
  | "stopping"
  /** Sends its last bytes. */
  | "ending"
  /** Waits for the other side's FIN. */
  | "closing";

/** What is due when a deadline passes. */
export type Due =
  | "idle-timeout"
  | "frame-timeout"
  | "handler-timeout"
  | "write-timeout"
  | "lifetime-reached"
  /** The other side does not answer FIN. */
  | "linger"
  /** Nothing happens: the streams can be let go. */
  | "park";

/** Long enough that a conversation keeps its streams, short against the life of an idle connection. */
const PARK_AFTER_MS = 1_000;

/** Which instant matters next to a session. One deadline that stands for all of them. */
export class Watch extends Deadline {
  /** What happens at the deadline. */
  due: Due = "idle-timeout";
  readonly #limits: Limits;
  readonly #queue: DeadlineQueue;
  readonly #openedAt: number;
  readonly #inbox: Inbox<unknown>;
  readonly #pipeline: Pipeline<never, unknown>;
  readonly #outbox: Outbox<never>;
  #closingAt = 0;
  /** Nothing to park, or no way to. */
  #parked = true;
  #wokenAt = 0;

  constructor(
    owner: DeadlineOwner,
    limits: Limits,
    queue: DeadlineQueue,
    openedAt: number,
    inbox: Inbox<unknown>,
    pipeline: Pipeline<never, unknown>,
    outbox: Outbox<never>,
  ) {
    super(owner);
    this.#limits = limits;
    this.#queue = queue;
    this.#openedAt = openedAt;
    this.#inbox = inbox;
    this.#pipeline = pipeline;
    this.#outbox = outbox;
  }

  /** The connection holds no streams. */
  park(): void {
    this.#parked = true;
  }

  /** It holds streams since `now`, and `parkable` ones. */
  wake(parkable: boolean, now: number): void {
    this.#parked = !parkable;
    this.#wokenAt = now;
  }

  /** FIN is sent at `now`. */
  close(now: number): void {
    this.#closingAt = now;
  }

  /** Sets the deadline to the earliest instant at which something is due. */
  arm(phase: Phase): void {
    this.#set(phase);
    this.#queue.arm(this);
  }

  /** Whether something is due at `now`: see `due`. Otherwise arms the deadline again. */
  passed(phase: Phase, now: number): boolean {
    this.#set(phase);
    if (this.at <= now) return true;
    this.#queue.arm(this);
    return false;
  }

  /** Nothing is due any more. */
  end(): void {
    this.#queue.disarm(this);
  }

  #set(phase: Phase): void {
    const limits = this.#limits;
    this.at = Infinity;
    if (phase === "closing") return this.#earliest(this.#closingAt + limits.lingerTimeoutMs, "linger");
    if (this.#outbox.writing) this.#earliest(this.#outbox.progressAt + limits.writeTimeoutMs, "write-timeout");
    if (phase === "ending") return;
    const busy = this.#pipeline.length > 0;
    if (busy) this.#earliest(this.#pipeline.busySince + limits.handlerTimeoutMs, "handler-timeout");
    if (phase === "stopping") return;
    this.#earliest(this.#openedAt + limits.lifetimeMs, "lifetime-reached");
    if (this.#inbox.starved) this.#earliest(this.#inbox.frameBegunAt + limits.frameTimeoutMs, "frame-timeout");
    if (busy || this.#outbox.writing) return;
    const quietSince = Math.max(this.#inbox.heardAt, this.#pipeline.settledAt, this.#outbox.progressAt);
    this.#earliest(quietSince + limits.idleTimeoutMs, "idle-timeout");
    if (this.#parked || !this.#inbox.idle) return;
    this.#earliest(Math.max(quietSince, this.#wokenAt) + PARK_AFTER_MS, "park");
  }

  #earliest(at: number, due: Due): void {
    if (at >= this.at) return;
    this.at = at;
    this.due = due;
  }
}
