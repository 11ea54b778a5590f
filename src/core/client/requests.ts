import { SpillwayError } from "../errors/errors.ts";
import type { Outbox } from "../output/outbox.ts";
import type { Asked } from "../session/session_settings.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import { type Linked, LinkedQueue } from "./linked_queue.ts";

/** What {@link Requests} need of the client, and tell it. */
export interface RequestsEvents {
  /** Returns how many bytes have come on the present connection. */
  bytesIn(): number;
  /** A request was answered, given up, or found to be no frame. */
  onSettled(): void;
  /** The connection answers nothing any more: see {@link RequestLimits}. */
  onUnanswered(): void;
}

/** When a connection is of no use any more. */
export interface RequestLimits {
  /** Requests that may be on their way. */
  readonly maxPendingRequests: number;
  /** So many were given up in a row, each sent after the one before was given up, and no byte came meanwhile. */
  readonly maxConsecutiveTimeouts: number;
  /** Requests that were given up hold all places, nothing was answered for so long, and one more has waited in vain. */
  readonly requestTimeoutMs: number;
}

/** A frame that asks for one, from the call to its reply. It owns a listener on the caller's signal until it is settled. */
class Request<In, Out> implements DeadlineOwner, Linked<Request<In, Out>> {
  previous: Request<In, Out> | undefined = undefined;
  next: Request<In, Out> | undefined = undefined;
  readonly reply: Promise<In>;
  readonly deadline: Deadline = new Deadline(this);
  /** The frame to send; `undefined` when it was sent. */
  frame: Out | undefined;
  sent = false;
  settled = false;
  /** The queue that holds it until it is sent. */
  queue: LinkedQueue<Request<In, Out>> | undefined = undefined;
  /** Its number among all that were sent, and how many bytes had come on its connection by then. */
  number = 0;
  heard = 0;
  readonly #requests: Requests<In, Out>;
  readonly #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined = undefined;
  #fulfil!: (reply: In) => void;
  #reject!: (reason: unknown) => void;

  constructor(frame: Out, signal: AbortSignal | undefined, requests: Requests<In, Out>) {
    this.frame = frame;
    this.#requests = requests;
    this.#signal = signal;
    this.reply = new Promise((fulfil, reject) => {
      this.#fulfil = fulfil;
      this.#reject = reject;
    });
    if (signal !== undefined) this.#listen(signal);
  }

  onDeadline(): void {
    const whether = this.sent ? "whether it was carried out is unknown" : "it was not sent";
    const message = `the request was not answered in time: ${whether}`;
    this.#requests.timeOut(this, new SpillwayError("request-timeout", message));
  }

  /** Marks a request whose reply nobody waits for: it only keeps its place. */
  disown(): void {
    this.settled = true;
    this.#fulfil(undefined as In);
  }

  fulfil(reply: In): void {
    this.#settle();
    this.#fulfil(reply);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#reject(reason);
  }

  #listen(signal: AbortSignal): void {
    this.#onAbort = () => {
      if (isTimeout(signal.reason)) this.#requests.timeOut(this, signal.reason);
      else this.#requests.giveUp(this, signal.reason);
    };
    signal.addEventListener("abort", this.#onAbort);
  }

  #settle(): void {
    this.settled = true;
    this.frame = undefined;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

/**
 * The requests of a client: those that wait to be sent, and those that were sent, each in its order.
 *
 * A frame answers the first request that was sent. A request that was given up keeps its place, so that its late reply is
 * dropped and later replies still match.
 */
export class Requests<In, Out> implements Asked {
  readonly #limits: RequestLimits;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #events: RequestsEvents;
  /** Not sent yet: requests for the present connection alone, and those that any connection may carry. */
  readonly #own = new LinkedQueue<Request<In, Out>>();
  readonly #waiting = new LinkedQueue<Request<In, Out>>();
  /** Sent, and not answered by the peer. */
  readonly #sent = new LinkedQueue<Request<In, Out>>();
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

  /** Queues a request for `send`; with `own`, for the present connection alone. */
  add(frame: Out, signal: AbortSignal | undefined, timeoutMs: number, own: boolean): Promise<In> {
    const request = new Request<In, Out>(frame, signal, this);
    request.queue = own ? this.#own : this.#waiting;
    request.queue.add(request);
    request.deadline.at = this.#clock.now() + timeoutMs;
    this.#deadlines.arm(request.deadline);
    return request.reply;
  }

  /** Sends what waits, as far as there is room; with `onlyOwn`, only what is for the present connection alone. */
  send(outbox: Outbox<Out>, onlyOwn: boolean): void {
    this.#sendAll(this.#own, outbox);
    if (!onlyOwn && this.#own.length === 0) this.#sendAll(this.#waiting, outbox);
  }

  /** Sends a request whose reply nobody waits for, whatever else is on its way. @throws as `outbox.ask` */
  sendUnawaited(frame: Out, outbox: Outbox<Out>): void {
    outbox.ask(frame);
    const request = new Request<In, Out>(frame, undefined, this);
    request.disown();
    this.#noteSent(request, this.#events.bytesIn());
  }

  /** Hands a frame to the request that it answers. Returns false when there is none. */
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

  /** Gives a request up for its caller. */
  giveUp(request: Request<In, Out>, reason: unknown): void {
    if (!request.sent) request.queue?.delete(request);
    this.#settle(request);
    request.reject(reason);
    this.#events.onSettled();
    if (!request.sent && this.#full) this.#events.onUnanswered();
  }

  /** Gives a request up because its time has passed. */
  timeOut(request: Request<In, Out>, reason: unknown): void {
    const unanswered = request.sent && this.#noteTimeout(request);
    this.giveUp(request, reason);
    if (unanswered) this.#events.onUnanswered();
  }

  /** Rejects what was sent: no reply comes any more. Returns how many requests were waited for. */
  rejectSent(error: SpillwayError): number {
    const count = this.#awaited;
    this.#rejectAll(this.#sent, error);
    this.#timeouts = 0;
    return count;
  }

  /** Rejects what only the connection that is over could have carried. Returns how many requests that were. */
  rejectOwn(error: SpillwayError): number {
    const count = this.#own.length;
    this.#rejectAll(this.#own, error);
    return count;
  }

  /** Rejects what any connection could have carried: there is none any more. Returns how many requests that were. */
  rejectWaiting(error: SpillwayError): number {
    const count = this.#waiting.length;
    this.#rejectAll(this.#waiting, error);
    return count;
  }

  get #full(): boolean {
    if (this.#sent.length < this.#limits.maxPendingRequests || this.#awaited > 0) return false;
    return this.#clock.now() - this.#settledAt >= this.#limits.requestTimeoutMs;
  }

  /** Counts a timeout. Returns whether it was one too many. */
  #noteTimeout(request: Request<In, Out>): boolean {
    // Requests that were on their way together find one silence, and not one each.
    if (request.number <= this.#numberAtTimeout) return false;
    const bytesIn = this.#events.bytesIn();
    if (bytesIn !== request.heard || request.heard !== this.#heardAtTimeout) this.#timeouts = 0;
    // Replies come in order: while an earlier one is waited for, the peer may be at work on that.
    if (bytesIn !== request.heard || isBehindAwaited(request)) return false;
    this.#timeouts += 1;
    this.#heardAtTimeout = bytesIn;
    this.#numberAtTimeout = this.#number;
    return this.#timeouts >= this.#limits.maxConsecutiveTimeouts;
  }

  #sendAll(queue: LinkedQueue<Request<In, Out>>, outbox: Outbox<Out>): void {
    for (let next = queue.first; next !== undefined; next = queue.first) {
      if (this.#sent.length >= this.#limits.maxPendingRequests || !outbox.roomy) return;
      queue.delete(next);
      this.#ask(next, outbox);
    }
  }

  #ask(request: Request<In, Out>, outbox: Outbox<Out>): void {
    try {
      outbox.ask(request.frame as Out);
      this.#noteSent(request, this.#events.bytesIn());
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

  #rejectAll(queue: LinkedQueue<Request<In, Out>>, error: SpillwayError): void {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
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
  for (let { previous } = request; previous !== undefined; previous = previous.previous) {
    if (!previous.settled) return true;
  }
  return false;
}

/** Whether it is what `AbortSignal.timeout` aborts with. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
