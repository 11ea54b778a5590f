import type { Clock } from "../clock.ts";
import type { DeadlineQueue } from "../deadline.ts";
import type { SpillwayError } from "../errors.ts";
import type { Outbox } from "../outbox.ts";
import type { Asked } from "../session_settings.ts";
import { Line } from "./line.ts";
import { Request, type RequestOwner } from "./request.ts";

/** Whom {@link Requests} tell. */
export interface RequestsEvents {
  /** One was answered, given up, or found to be no frame. */
  onSettled(): void;
  /** All places are taken by requests that were given up, and one more has waited for a place in vain. */
  onUnanswered(): void;
}

/**
 * The requests of a client: those that wait to be sent, and those that were, each in its order.
 *
 * A frame answers the first that was sent. One that was given up keeps its place there, so that its late reply is dropped
 * and the later ones still match.
 */
export class Requests<In, Out> implements Asked, RequestOwner<In, Out> {
  readonly #max: number;
  readonly #patienceMs: number;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #events: RequestsEvents;
  /** Not sent yet. */
  readonly #waiting = new Line<Request<In, Out>>();
  /** Sent, and not answered by the other side. */
  readonly #sent = new Line<Request<In, Out>>();
  /** How many of those somebody waits for. */
  #awaited = 0;
  #settledAt = 0;

  /** At most `max` are on their way. When none of them is awaited, and none is answered for `patienceMs`, that is told. */
  constructor(max: number, patienceMs: number, clock: Clock, deadlines: DeadlineQueue, events: RequestsEvents) {
    this.#max = max;
    this.#patienceMs = patienceMs;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** How many wait to be sent. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many were sent and have no reply, those that were given up among them. */
  get pending(): number {
    return this.#sent.length;
  }

  /** How many somebody waits for. */
  get unsettled(): number {
    return this.#waiting.length + this.#awaited;
  }

  get awaitedAt(): number {
    return this.#awaited > 0 ? this.#clock.now() : this.#settledAt;
  }

  /** A request at the end of the line. `send` sends it. */
  add(frame: Out, signal: AbortSignal | undefined, timeoutMs: number): Promise<In> {
    const request = new Request<In, Out>(frame, signal, this);
    this.#waiting.add(request);
    request.deadline.at = this.#clock.now() + timeoutMs;
    this.#deadlines.arm(request.deadline);
    return request.reply;
  }

  /** Sends what waits, as far as there is room. */
  send(outbox: Outbox<Out>): void {
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      if (this.#sent.length >= this.#max || !outbox.roomy) return;
      this.#waiting.delete(next);
      this.#ask(next, outbox);
    }
  }

  /** Hands a frame to the request that it answers. False when there is none. */
  answer(frame: In): boolean {
    const request = this.#sent.shift();
    if (request === undefined) return false;
    if (!request.settled) {
      this.#settle(request);
      request.fulfil(frame);
    }
    this.#events.onSettled();
    return true;
  }

  giveUp(request: Request<In, Out>, reason: unknown): void {
    if (!request.sent) this.#waiting.delete(request);
    this.#settle(request);
    request.reject(reason);
    this.#events.onSettled();
    if (!request.sent && this.#unanswered) this.#events.onUnanswered();
  }

  /** No reply comes to what was sent. Returns how many wait for one in vain. */
  rejectSent(error: SpillwayError): number {
    const count = this.#awaited;
    this.#rejectAll(this.#sent, error);
    return count;
  }

  /** Nothing more is sent. Returns how many wait in vain. */
  rejectWaiting(error: SpillwayError): number {
    const count = this.#waiting.length;
    this.#rejectAll(this.#waiting, error);
    return count;
  }

  get #unanswered(): boolean {
    if (this.#sent.length < this.#max || this.#awaited > 0) return false;
    return this.#clock.now() - this.#settledAt >= this.#patienceMs;
  }

  #ask(request: Request<In, Out>, outbox: Outbox<Out>): void {
    try {
      outbox.ask(request.frame as Out);
      request.frame = undefined;
      request.sent = true;
      this.#sent.add(request);
      this.#awaited += 1;
    } catch (error) {
      this.#settle(request);
      request.reject(error);
      this.#events.onSettled();
    }
  }

  #rejectAll(line: Line<Request<In, Out>>, error: SpillwayError): void {
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      if (next.settled) continue;
      this.#settle(next);
      next.reject(error);
    }
  }

  #settle(request: Request<In, Out>): void {
    this.#deadlines.disarm(request.deadline);
    if (!request.sent) return;
    this.#awaited -= 1;
    this.#settledAt = this.#clock.now();
  }
}
