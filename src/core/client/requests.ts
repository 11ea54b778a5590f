import { SpillwayError } from "../errors/errors.ts";
import type { Outbox } from "../output/outbox.ts";
import type { Asked } from "../session/session_settings.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import { type Linked, LinkedQueue } from "./linked_queue.ts";

/** The methods of a client that its {@link Requests} call. */
export interface RequestsEvents {
  /** Returns the number of bytes received on the present connection. */
  bytesIn(): number;
  /** Called when a request was answered, given up, or refused by the codec. */
  onSettled(): void;
  /** Called when the connection answers no more requests: see {@link RequestLimits}. */
  onUnanswered(): void;
}

/** The limits at which a connection is of no further use. */
export interface RequestLimits {
  /** The maximum number of pending requests. */
  readonly maxPendingRequests: number;
  /**
   * The number of consecutive timeouts: each request was sent after the previous one was given up, and no byte came in
   * between.
   */
  readonly maxConsecutiveTimeouts: number;
  /**
   * The time without an answer while cancelled requests hold all places. The limit applies when another request gives
   * up waiting for a place.
   */
  readonly requestTimeoutMs: number;
}

/** A request, from the call to its reply. It owns a listener on the caller's signal until it is settled. */
class Request<In, Out> implements DeadlineOwner, Linked<Request<In, Out>> {
  previous: Request<In, Out> | undefined = undefined;
  next: Request<In, Out> | undefined = undefined;
  readonly reply: Promise<In>;
  readonly deadline: Deadline = new Deadline(this);
  /** The frame to send; `undefined` once it is sent. */
  frame: Out | undefined;
  sent = false;
  settled = false;
  /** The queue that holds the request until it is sent. */
  queue: LinkedQueue<Request<In, Out>> | undefined = undefined;
  /**
   * The sequence number of the request among all sent ones, and the number of bytes that its connection had received by
   * then.
   */
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

  /** Marks a request whose reply is not awaited: it only keeps its place. */
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
  /** The requests that are not sent: those for the present connection only, and those for any connection. */
  readonly #own = new LinkedQueue<Request<In, Out>>();
  readonly #waiting = new LinkedQueue<Request<In, Out>>();
  /** The requests that are sent and not answered. */
  readonly #sent = new LinkedQueue<Request<In, Out>>();
  /** The number of those requests that are awaited. */
  #awaited = 0;
  #settledAt = 0;
  /** The number of requests sent so far. */
  #number = 0;
  /**
   * Consecutive timeouts without a byte: their number, the number of bytes received by then, and the sequence number of
   * the last request sent before the last of them.
   */
  #timeouts = 0;
  #heardAtTimeout = 0;
  #numberAtTimeout = 0;

  constructor(limits: RequestLimits, clock: Clock, deadlines: DeadlineQueue, events: RequestsEvents) {
    this.#limits = limits;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** The number of requests that wait to be sent. */
  get waiting(): number {
    return this.#own.length + this.#waiting.length;
  }

  /** The number of requests that were sent and have no reply, including cancelled ones. */
  get pending(): number {
    return this.#sent.length;
  }

  /** The number of sent requests that are awaited. */
  get awaited(): number {
    return this.#awaited;
  }

  /** The number of awaited requests, sent or not. */
  get unsettled(): number {
    return this.waiting + this.#awaited;
  }

  get awaitedAt(): number {
    return this.#awaited > 0 ? this.#clock.now() : this.#settledAt;
  }

  /** Queues a request for `send`. With `own`, it is for the present connection only. */
  add(frame: Out, signal: AbortSignal | undefined, timeoutMs: number, own: boolean): Promise<In> {
    const request = new Request<In, Out>(frame, signal, this);
    request.queue = own ? this.#own : this.#waiting;
    request.queue.add(request);
    request.deadline.at = this.#clock.now() + timeoutMs;
    this.#deadlines.arm(request.deadline);
    return request.reply;
  }

  /** Sends waiting requests while there is room. With `onlyOwn`, sends only those for the present connection. */
  send(outbox: Outbox<Out>, onlyOwn: boolean): void {
    this.#sendAll(this.#own, outbox);
    if (!onlyOwn && this.#own.length === 0) this.#sendAll(this.#waiting, outbox);
  }

  /**
   * Sends a request whose reply is not awaited, regardless of other pending requests.
   *
   * @throws as `outbox.ask`
   */
  sendUnawaited(frame: Out, outbox: Outbox<Out>): void {
    outbox.ask(frame);
    const request = new Request<In, Out>(frame, undefined, this);
    request.disown();
    this.#noteSent(request, this.#events.bytesIn());
  }

  /** Fulfils the request that a frame answers. Returns false when there is none. */
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

  /** Gives up a request for its caller. */
  giveUp(request: Request<In, Out>, reason: unknown): void {
    if (!request.sent) request.queue?.delete(request);
    this.#settle(request);
    request.reject(reason);
    this.#events.onSettled();
    if (!request.sent && this.#full) this.#events.onUnanswered();
  }

  /** Gives up a request whose time has passed. */
  timeOut(request: Request<In, Out>, reason: unknown): void {
    const unanswered = request.sent && this.#noteTimeout(request);
    this.giveUp(request, reason);
    if (unanswered) this.#events.onUnanswered();
  }

  /** Rejects the sent requests, because no reply comes any more. Returns the number of awaited ones. */
  rejectSent(error: SpillwayError): number {
    const count = this.#awaited;
    this.#rejectAll(this.#sent, error);
    this.#timeouts = 0;
    return count;
  }

  /** Rejects the requests for the connection that is over. Returns their number. */
  rejectOwn(error: SpillwayError): number {
    const count = this.#own.length;
    this.#rejectAll(this.#own, error);
    return count;
  }

  /** Rejects the requests for any connection, because there will be none. Returns their number. */
  rejectWaiting(error: SpillwayError): number {
    const count = this.#waiting.length;
    this.#rejectAll(this.#waiting, error);
    return count;
  }

  get #full(): boolean {
    if (this.#sent.length < this.#limits.maxPendingRequests || this.#awaited > 0) return false;
    return this.#clock.now() - this.#settledAt >= this.#limits.requestTimeoutMs;
  }

  /** Counts a timeout. Returns whether the limit is reached. */
  #noteTimeout(request: Request<In, Out>): boolean {
    // Requests that were pending at the same time observe one silence, which counts once.
    if (request.number <= this.#numberAtTimeout) return false;
    const bytesIn = this.#events.bytesIn();
    if (bytesIn !== request.heard || request.heard !== this.#heardAtTimeout) this.#timeouts = 0;
    // Replies come in order. While an earlier reply is awaited, the peer may be working on that request.
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

/** Reports whether a reason is that of `AbortSignal.timeout`. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
