import type { SpillwayError } from "../errors/errors.ts";
import type { Outbox } from "../output/outbox.ts";
import type { Asked } from "../session/session_settings.ts";
import type { Clock } from "../time/clock.ts";
import type { DeadlineQueue } from "../time/deadline.ts";
import { Line } from "./line.ts";
import { Request, type RequestOwner } from "./request.ts";

/** Whom {@link Requests} tell, and ask. */
export interface RequestsEvents {
  /** Bytes that have come on the present connection. */
  readonly bytesIn: number;
  /** One was answered, given up, or found to be no frame. */
  onSettled(): void;
  /** The connection answers nothing any more: see {@link RequestLimits}. */
  onUnanswered(): void;
}

/** When a connection is of no use any more. */
export interface RequestLimits {
  /** Requests that may be on their way. */
  readonly maxPendingRequests: number;
  /** So many that were given up in a row, each sent after the one before was given up, without a byte since. */
  readonly maxConsecutiveTimeouts: number;
  /** All places are taken by requests that were given up, nothing was answered for so long, and one more waits in vain. */
  readonly requestTimeoutMs: number;
}

/**
 * The requests of a client: those that wait to be sent, and those that were, each in its order.
 *
 * A frame answers the first that was sent. One that was given up keeps its place there, so that its late reply is dropped
 * and the later ones still match.
 */
export class Requests<In, Out> implements Asked, RequestOwner<In, Out> {
  readonly #limits: RequestLimits;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #events: RequestsEvents;
  /** Not sent yet: those of the present connection alone, and those that any connection may carry. */
  readonly #own = new Line<Request<In, Out>>();
  readonly #waiting = new Line<Request<In, Out>>();
  /** Sent, and not answered by the peer. */
  readonly #sent = new Line<Request<In, Out>>();
  /** How many of those somebody waits for. */
  #awaited = 0;
  #settledAt = 0;
  /** How many were sent so far. */
  #number = 0;
  /** Timeouts in a row without a byte: how many, how many bytes had come by then, and what was sent before the last of them. */
  #timeouts = 0;
  #heardAtTimeout = 0;
  #numberAtTimeout = 0;

  constructor(limits: RequestLimits, clock: Clock, deadlines: DeadlineQueue, events: RequestsEvents) {
    this.#limits = limits;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** How many wait to be sent. */
  get waiting(): number {
    return this.#own.length + this.#waiting.length;
  }

  /** How many were sent and have no reply, those that were given up among them. */
  get pending(): number {
    return this.#sent.length;
  }

  /** How many of those somebody waits for. */
  get awaited(): number {
    return this.#awaited;
  }

  /** How many somebody waits for. */
  get unsettled(): number {
    return this.waiting + this.#awaited;
  }

  get awaitedAt(): number {
    return this.#awaited > 0 ? this.#clock.now() : this.#settledAt;
  }

  /** A request at the end of the line; `own`: of that for the present connection alone. `send` sends it. */
  add(frame: Out, signal: AbortSignal | undefined, timeoutMs: number, own: boolean): Promise<In> {
    const request = new Request<In, Out>(frame, signal, this);
    request.line = own ? this.#own : this.#waiting;
    request.line.add(request);
    request.deadline.at = this.#clock.now() + timeoutMs;
    this.#deadlines.arm(request.deadline);
    return request.reply;
  }

  /** Sends what waits, as far as there is room; `onlyOwn`: what the present connection alone may carry. */
  send(outbox: Outbox<Out>, onlyOwn: boolean): void {
    this.#sendAll(this.#own, outbox);
    if (!onlyOwn && this.#own.length === 0) this.#sendAll(this.#waiting, outbox);
  }

  /** Sends a request whose reply nobody waits for, whatever else is on its way. @throws as `outbox.ask` */
  sendUnawaited(frame: Out, outbox: Outbox<Out>): void {
    outbox.ask(frame);
    const request = new Request<In, Out>(frame, undefined, this);
    request.disown();
    this.#noteSent(request, this.#events.bytesIn);
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
    if (!request.sent) request.line?.delete(request);
    this.#settle(request);
    request.reject(reason);
    this.#events.onSettled();
    if (!request.sent && this.#full) this.#events.onUnanswered();
  }

  timeOut(request: Request<In, Out>, reason: unknown): void {
    const unanswered = request.sent && this.#noteTimeout(request);
    this.giveUp(request, reason);
    if (unanswered) this.#events.onUnanswered();
  }

  /** No reply comes to what was sent. Returns how many wait for one in vain. */
  rejectSent(error: SpillwayError): number {
    const count = this.#awaited;
    this.#rejectAll(this.#sent, error);
    this.#timeouts = 0;
    return count;
  }

  /** What only the connection that is over could have carried is not sent. Returns how many wait in vain. */
  rejectOwn(error: SpillwayError): number {
    const count = this.#own.length;
    this.#rejectAll(this.#own, error);
    return count;
  }

  /** Nothing more is sent. Returns how many wait in vain. */
  rejectWaiting(error: SpillwayError): number {
    const count = this.#waiting.length;
    this.#rejectAll(this.#waiting, error);
    return count;
  }

  get #full(): boolean {
    if (this.#sent.length < this.#limits.maxPendingRequests || this.#awaited > 0) return false;
    return this.#clock.now() - this.#settledAt >= this.#limits.requestTimeoutMs;
  }

  /** Whether that was one timeout too many. */
  #noteTimeout(request: Request<In, Out>): boolean {
    // Requests that were on their way together find one silence, and not one each.
    if (request.number <= this.#numberAtTimeout) return false;
    const { bytesIn } = this.#events;
    if (bytesIn !== request.heard || request.heard !== this.#heardAtTimeout) this.#timeouts = 0;
    // Replies come in order: while an earlier one is waited for, the peer may be at work on that.
    if (bytesIn !== request.heard || isBehindAwaited(request)) return false;
    this.#timeouts += 1;
    this.#heardAtTimeout = bytesIn;
    this.#numberAtTimeout = this.#number;
    return this.#timeouts >= this.#limits.maxConsecutiveTimeouts;
  }

  #sendAll(line: Line<Request<In, Out>>, outbox: Outbox<Out>): void {
    for (let next = line.first; next !== undefined; next = line.first) {
      if (this.#sent.length >= this.#limits.maxPendingRequests || !outbox.roomy) return;
      line.delete(next);
      this.#ask(next, outbox);
    }
  }

  #ask(request: Request<In, Out>, outbox: Outbox<Out>): void {
    try {
      outbox.ask(request.frame as Out);
      this.#noteSent(request, this.#events.bytesIn);
      this.#awaited += 1;
    } catch (error) {
      this.#settle(request);
      request.reject(error);
      this.#events.onSettled();
    }
  }

  #noteSent(request: Request<In, Out>, bytesIn: number): void {
    this.#number += 1;
    request.frame = undefined;
    request.sent = true;
    request.number = this.#number;
    request.heard = bytesIn;
    this.#sent.add(request);
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

function isBehindAwaited<In, Out>(request: Request<In, Out>): boolean {
  for (let { before } = request; before !== undefined; before = before.before) {
    if (!before.settled) return true;
  }
  return false;
}
