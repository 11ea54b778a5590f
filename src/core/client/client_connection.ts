import { describe } from "../errors/describe.ts";
import { SpillwayError } from "../errors/errors.ts";
import type { SendResult } from "../output/send_result.ts";
import type { ServedSession } from "../session/served_session.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import type { ClientSession } from "./client_session.ts";
import type { ClientSettings } from "./client_settings.ts";
import type { Requests } from "./requests.ts";

/** Whom a {@link ClientConnection} tells. */
export interface ClientConnectionEvents<In, Out> {
  /** `onConnect` is done: the connection carries what waits. */
  onReady(connection: ClientConnection<In, Out>): void;
  /** The connection is of no use, for what this side has done. It is `failed` once that is reported. */
  onFailed(connection: ClientConnection<In, Out>, error: SpillwayError): void;
}

/** One connection of a client, and what may be sent on it: first what `onConnect` sends, then what waits, and nothing when it has failed. */
export class ClientConnection<In, Out> implements DeadlineOwner {
  readonly session: ServedSession<In, Out, undefined>;
  /** When `onConnect` was done. */
  readyAt: number | undefined;
  /** It failed, and is about to end. */
  failed = false;
  /** A frame is being looked at: what is sent now cannot be what it answers. */
  judging = false;
  readonly #settings: ClientSettings<In, Out>;
  readonly #deadlines: DeadlineQueue;
  readonly #events: ClientConnectionEvents<In, Out>;
  /** `onConnect` has so long. */
  readonly #deadline = new Deadline(this);

  constructor(
    session: ServedSession<In, Out, undefined>,
    settings: ClientSettings<In, Out>,
    deadlines: DeadlineQueue,
    events: ClientConnectionEvents<In, Out>,
  ) {
    this.session = session;
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** Whether anything can be sent. */
  get sendable(): boolean {
    return !this.failed && this.session.sendable;
  }

  /** Whether what is not part of `onConnect` may be sent. */
  get ready(): boolean {
    return this.readyAt !== undefined;
  }

  /** For how long it has been ready. */
  get aliveMs(): number {
    return this.readyAt === undefined ? 0 : this.#settings.clock.now() - this.readyAt;
  }

  /** Runs `onConnect`, if there is one. */
  prepare(face: ClientSession<In, Out>): void {
    const { limits, onConnect } = this.#settings;
    if (onConnect === undefined) return this.#beReady();
    this.#deadline.at = this.session.openedAt + limits.authenticationTimeoutMs;
    this.#deadlines.arm(this.#deadline);
    void this.#run(onConnect, face);
  }

  send(frame: Out): SendResult {
    return this.ready && !this.failed ? this.session.send(frame) : "closed";
  }

  /** What a frame answers: a request, nothing, or a heartbeat. @throws what `isPush` and `expect` throw */
  kindOf(frame: In): "reply" | "push" | "beat" {
    const { heartbeat, isPush } = this.#settings;
    this.judging = true;
    try {
      if (heartbeat?.expect?.(frame)) return "beat";
      return isPush(frame) ? "push" : "reply";
    } finally {
      this.judging = false;
    }
  }

  /** Sends a heartbeat. False when now is no time for it. */
  beat(requests: Requests<In, Out>): boolean {
    const { heartbeat } = this.#settings;
    if (heartbeat === undefined || !this.sendable) return false;
    const isRequest = heartbeat.expect === undefined;
    // That has a deadline of its own, and the peer may be at work on it.
    if (isRequest && requests.awaited > 0) return false;
    try {
      if (isRequest) requests.sendUnawaited(heartbeat.frame, this.session.outbox);
      else this.session.outbox.ask(heartbeat.frame);
    } catch (error) {
      this.#fail(error as SpillwayError);
      return false;
    }
    return true;
  }

  onDeadline(): void {
    const message = "onConnect was not done in time; requests of the client wait for it, those of its session do not";
    this.#fail(new SpillwayError("authentication-timeout", message));
  }

  /** It is over. */
  end(): void {
    this.#deadlines.disarm(this.#deadline);
  }

  async #run(
    onConnect: NonNullable<ClientSettings<In, Out>["onConnect"]>,
    face: ClientSession<In, Out>,
  ): Promise<void> {
    try {
      await onConnect(face);
      if (this.sendable) this.#beReady();
    } catch (cause) {
      this.#fail(new SpillwayError("handler-failed", `onConnect threw: ${describe(cause)}`, { cause }));
    }
  }

  #beReady(): void {
    this.#deadlines.disarm(this.#deadline);
    this.readyAt = this.#settings.clock.now();
    this.#events.onReady(this);
  }

  #fail(error: SpillwayError): void {
    this.#deadlines.disarm(this.#deadline);
    if (!this.sendable) return;
    this.#events.onFailed(this, error);
    this.session.fail(error);
  }
}
