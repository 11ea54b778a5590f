import type { Encoder } from "../codecs/codec.ts";
import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import { handlerError } from "../errors/faults.ts";
import { checkOptions } from "../options/option_names.ts";
import type { Clock } from "../time/clock.ts";
import { isPromiseLike } from "../time/is_promise_like.ts";
import type { EstablishStep } from "../transport/establish.ts";
import {
  Exchange,
  type ExchangeOwner,
  type FrameHandler,
  HookExchange,
  type HookName,
  TruncatedExchange,
} from "./exchange.ts";
import { checkProtocol, PROTOCOL_OPTIONS, type Protocol, type Reply } from "./handler.ts";
import { PendingReply, type PendingReplyOwner } from "./pending_reply.ts";
import { isStream, ReplyStream } from "./reply_stream.ts";
import type { Semaphore } from "./semaphore.ts";
import type { Session } from "./session.ts";
import { SettlingTick, type SettlingTickOwner } from "./settling_tick.ts";

/** The session that owns a {@link Pipeline}. */
export interface PipelineOwner<In, Out, State> extends Session<Out, State> {
  /** Whether there is room for a reply. Replies wait for room, and so do streams before they are asked for a frame. */
  readonly roomy: boolean;
  /** Whether replies are discarded: handlers run to their end, and streams are asked for no further frame. */
  readonly finishing: boolean;
  /**
   * Returns whether a stream may be asked for a frame now. If not, the session calls `answerFinished` in its next
   * slice.
   */
  mayPull(): boolean;
  /** Sends a reply, in its position. @throws {SpillwayError} it cannot be sent */
  onReply(reply: Out): void;
  /** Ends with a fault, in its position. Everything behind it is void. */
  onFault(error: SpillwayError): void;
  /** A handler failed. Its fault waits for its position. */
  onHandlerError(error: SpillwayError): void;
  /** No further frame is handled. The connection will end with this reason. */
  onLastFrame(reason: CloseReason): void;
  /** Asynchronous handlers have finished: call `answerFinished`, and take more frames. */
  onSettled(): void;
  /** Switches to the decoder, and to the goodbye, of another protocol. @throws {TypeError} that is not possible */
  onUpgrade(to: Protocol<In, Out, State>): void;
  /** Switches to another encoder for later replies. */
  onEncoder(encoder: Encoder<Out>): void;
  /** The last reply was sent: its handler closes the connection. */
  onLast(): void;
  /** The reply was sent behind which its handler starts TLS. */
  onStartTls(step: EstablishStep): void;
  /** Everything is answered that was taken before `takeTurn`. */
  onTurn(turn: object): void;
}

/** With fewer answered replies in front, the array is not compacted. */
const FEW_ANSWERED = 32;

const NONE: never[] = [];

/**
 * The frames of a connection that are not answered, in request order: those with the handler, and finished ones that
 * wait for an earlier one. A synchronous handler costs no promise: while nothing waits, its reply passes straight
 * through.
 */
export class Pipeline<In, Out, State>
  implements ExchangeOwner<Out, State>, PendingReplyOwner<Out, State>, SettlingTickOwner
{
  /** Whether a fault or the last reply is pending: no further frame may be handled. */
  ended = false;
  /** Whether a handler starts TLS: no further frame may be handled before that is done. */
  held = false;
  /** The instant at which an asynchronous handler last finished. */
  settledAt = 0;
  #handler: FrameHandler<In, Out, State>;
  readonly #semaphore: Semaphore;
  readonly #clock: Clock;
  readonly #owner: PipelineOwner<In, Out, State>;
  /** The frames that are not answered, in order, from `#first` on. */
  #pending: PendingReply<Out, State>[] = NONE;
  #first = 0;
  /** Whether handlers have begun, and whether one has finished, since the last `date`. */
  #begun = false;
  #settled = false;
  /** Created for the first asynchronous handler. */
  #tick: SettlingTick | undefined;

  constructor(
    handler: FrameHandler<In, Out, State>,
    semaphore: Semaphore,
    clock: Clock,
    owner: PipelineOwner<In, Out, State>,
  ) {
    this.#handler = handler;
    this.#semaphore = semaphore;
    this.#clock = clock;
    this.#owner = owner;
  }

  get session(): Session<Out, State> {
    return this.#owner;
  }

  /** The number of frames that are not answered. */
  get length(): number {
    return this.#pending.length - this.#first;
  }

  /** Whether handlers are finishing within this tick, and others may: their replies wait until the tick is over. */
  get tickOpen(): boolean {
    return this.#tick?.open === true && this.length > 0;
  }

  /** The instant at which the oldest handler, or the pending frame of a stream, began; `Infinity` without one. */
  get busySince(): number {
    return this.#oldest()?.startedAt ?? Infinity;
  }

  /** Runs the handler for a frame, which may be the beginning of a longer one (`truncated`). */
  handle(frame: In, truncated: boolean = false): void {
    const exchange = truncated ? new TruncatedExchange<Out, State>(this) : new Exchange<Out, State>(this);
    this.#run(this.#handler, frame, exchange);
  }

  /** Runs a hook, and sends its result like a reply. */
  runHook(name: HookName, hook: (exchange: HookExchange<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>): void {
    const exchange = new HookExchange<Out, State>(this, name);
    this.#run(() => hook(exchange), undefined, exchange);
  }

  /**
   * Returns a turn behind the frames that are not answered, of which `onTurn` is told, unless there are none, or the connection ends or
   * is upgraded behind them.
   */
  takeTurn(): object {
    const exchange = new Exchange<Out, State>(this);
    exchange.finished = true;
    exchange.next = "turn";
    this.#answerInOrder(exchange, undefined, undefined);
    return exchange;
  }

  /** Ends the sequence: calls `onFault` when everything before is answered. */
  fault(error: SpillwayError): void {
    this.#end(error.code as CloseReason);
    const exchange = new Exchange<Out, State>(this);
    exchange.finished = true;
    this.#answerInOrder(exchange, undefined, error);
  }

  /** Switches to another protocol behind the frames taken so far, for the handler of `exchange`. */
  upgrade<NewIn, NewOut>(exchange: Exchange<Out, State>, to: Protocol<NewIn, NewOut, State>): void {
    exchange.checkUnfinished("upgrade");
    checkOptions(to, PROTOCOL_OPTIONS);
    checkProtocol(to);
    if (this.ended) return;
    const last = this.#lastFrom(exchange);
    if (typeof last.next === "function") throw new TypeError("upgrade() and startTls() do not go together");
    // From here on, the frames are those of the new protocol.
    const protocol = to as unknown as Protocol<In, Out, State>;
    const encoder = protocol.codec.encoder();
    this.#owner.onUpgrade(protocol);
    this.#handler = protocol.handler;
    last.next = encoder;
    this.#owner.onSettled();
  }

  /** Ends the connection behind the reply to `exchange`, for its handler. */
  close(exchange: Exchange<Out, State>): void {
    exchange.checkUnfinished("close");
    exchange.next = "close";
    this.#end("handler-closed");
  }

  /** Starts TLS behind the reply to `exchange`, for its handler. */
  startTls(exchange: Exchange<Out, State>, step: EstablishStep): void {
    exchange.checkUnfinished("startTls");
    if (typeof step !== "function")
      throw new TypeError("startTls() takes an establish step, such as tls({ cert, key })");
    if (this.ended) return;
    if (exchange.next !== undefined) throw new TypeError("startTls() is called once, and not with upgrade()");
    exchange.next = step;
    this.held = true;
  }

  /** Fails the oldest handler at work because its time is up. If none is at work, ends the sequence. */
  timeOut(error: SpillwayError): void {
    const late = this.#oldest();
    if (late === undefined) return this.fault(error);
    // A listener of the signal may have the frame answered, and `late` given back.
    const { exchange, stream } = late;
    this.#fail(late, error);
    exchange.abort(error);
    stream?.stop();
    this.answerFinished();
  }

  /** Dates what began or finished since the last call: the clock is read once a tick, not for every frame. */
  date(): void {
    if (!this.#begun && !this.#settled) return;
    const now = this.#clock.now();
    if (this.#settled) this.settledAt = now;
    if (this.#begun) this.#dateBegun(now);
    this.#begun = this.#settled = false;
  }

  /** Answers finished frames, up to the first unfinished one. */
  answerFinished(): void {
    while (this.length > 0) {
      const first = this.#pending[this.#first] as PendingReply<Out, State>;
      if (!first.exchange.finished) {
        if (first.stream !== undefined) this.#pull(first, first.stream);
        break;
      }
      if (!this.#owner.roomy) break;
      this.#removeFirst();
      const { exchange, fault, reply } = first;
      first.giveBack();
      this.#answer(exchange, reply, fault);
    }
  }

  onSettled(): void {
    this.#owner.onSettled();
  }

  /** Takes the result of an asynchronous handler. */
  onFulfilled(pending: PendingReply<Out, State>, reply: Reply<Out>): void {
    const { exchange } = pending;
    try {
      if (isStream<Out>(reply)) return this.#stream(pending, reply);
      if (!exchange.finished) pending.reply = reply as Out | undefined;
      exchange.finished = true;
    } catch (cause) {
      this.#fail(pending, handlerError(cause, exchange.thrower));
    }
    this.#settle(pending);
  }

  onRejected(pending: PendingReply<Out, State>, cause: unknown): void {
    this.#fail(pending, handlerError(cause, pending.exchange.thrower));
    this.#settle(pending);
  }

  /** Signals and forgets every handler at work: no reply is wanted. */
  abort(reason: CloseReason, error?: SpillwayError): void {
    this.ended = true;
    if (this.length === 0) return;
    const why = error ?? new SpillwayError(reason, "the connection is over");
    const pending = this.#pending.slice(this.#first);
    this.#pending = NONE;
    this.#first = 0;
    for (const one of pending) {
      if (one.exchange.finished) continue;
      one.exchange.finished = true;
      this.#rest(one);
      one.exchange.abort(why);
      one.stream?.stop();
    }
  }

  #run<Frame>(handler: FrameHandler<Frame, Out, State>, frame: Frame, exchange: Exchange<Out, State>): void {
    let reply: Reply<Out>;
    try {
      const result = handler(frame, exchange);
      if (isPromiseLike(result)) return this.#await(exchange, result);
      if (isStream<Out>(result)) return this.#stream(this.#begin(exchange), result);
      reply = result;
    } catch (cause) {
      exchange.finished = true;
      return this.#answerInOrder(exchange, undefined, this.#report(handlerError(cause, exchange.thrower)));
    }
    exchange.finished = true;
    this.#answerInOrder(exchange, reply as Out | undefined, undefined);
  }

  #await(exchange: Exchange<Out, State>, result: PromiseLike<Reply<Out>>): void {
    const pending = PendingReply.take<Out, State>(this, exchange);
    pending.await(result);
    this.#add(pending);
  }

  #begin(exchange: Exchange<Out, State>): PendingReply<Out, State> {
    const pending = PendingReply.take<Out, State>(this, exchange);
    this.#add(pending);
    return pending;
  }

  /** Adds a frame whose handler is at work. */
  #add(pending: PendingReply<Out, State>): void {
    this.#begun = pending.working = true;
    this.#semaphore.acquire();
    this.#push(pending);
  }

  /** Releases the permit of a handler. */
  #rest(pending: PendingReply<Out, State>): void {
    if (!pending.working) return;
    pending.working = false;
    this.#semaphore.release();
  }

  /** Sends the frames of a stream, in the position of its frame. */
  #stream(pending: PendingReply<Out, State>, frames: AsyncIterable<Out>): void {
    pending.startedAt = undefined;
    const { thrower } = pending.exchange;
    try {
      const onStopError = (cause: unknown) => this.#owner.onHandlerError(handlerError(cause, thrower));
      pending.stream = new ReplyStream(frames, onStopError);
      // The result comes too late.
      if (pending.exchange.finished) pending.stream.stop();
    } catch (cause) {
      this.#fail(pending, handlerError(cause, thrower));
    }
    this.#startTick();
  }

  #pull(pending: PendingReply<Out, State>, stream: ReplyStream<Out>): void {
    if (this.#owner.finishing && !stream.waiting) {
      stream.stop();
      pending.exchange.finished = true;
      return this.#settle(pending);
    }
    if (stream.waiting || !this.#owner.roomy || !this.#owner.mayPull()) return;
    pending.startedAt = this.#clock.now();
    void this.#awaitFrame(pending, stream);
  }

  async #awaitFrame(pending: PendingReply<Out, State>, stream: ReplyStream<Out>): Promise<void> {
    const { exchange } = pending;
    try {
      const next = await stream.next();
      if (exchange.finished) return;
      pending.startedAt = undefined;
      if (next === undefined) exchange.finished = true;
      else if (next.frame !== undefined) this.#send(pending, stream, next.frame);
    } catch (cause) {
      if (exchange.finished) return;
      this.#fail(pending, handlerError(cause, exchange.thrower));
    }
    this.#settle(pending);
  }

  #settle(pending: PendingReply<Out, State>): void {
    if (pending.exchange.finished) this.#rest(pending);
    this.#settled = true;
    this.#startTick();
  }

  #startTick(): void {
    this.#tick ??= new SettlingTick(this);
    this.#tick.settle();
  }

  #answerInOrder(exchange: Exchange<Out, State>, reply: Out | undefined, fault: SpillwayError | undefined): void {
    if (this.length === 0) return this.#answer(exchange, reply, fault);
    const pending = PendingReply.take<Out, State>(this, exchange);
    pending.reply = reply;
    pending.fault = fault;
    this.#push(pending);
  }

  #answer(exchange: Exchange<Out, State>, reply: Out | undefined, fault: SpillwayError | undefined): void {
    let error = fault;
    if (reply !== undefined && error === undefined) {
      try {
        this.#owner.onReply(reply);
      } catch (cause) {
        error = this.#report(cause as SpillwayError);
      }
    }
    if (error !== undefined) this.#owner.onFault(error);
    if (exchange.next === undefined) return;
    if (exchange.next === "close") this.#owner.onLast();
    else if (exchange.next === "turn") this.#owner.onTurn(exchange);
    else if (typeof exchange.next === "function") this.#owner.onStartTls(exchange.next);
    else this.#owner.onEncoder(exchange.next);
  }

  /** Sends a frame of a stream. */
  #send(pending: PendingReply<Out, State>, stream: ReplyStream<Out>, frame: Out): void {
    try {
      this.#owner.onReply(frame);
    } catch (error) {
      this.#fail(pending, error as SpillwayError);
      stream.stop();
    }
  }

  #fail(pending: PendingReply<Out, State>, error: SpillwayError): void {
    if (pending.exchange.finished) return;
    // An observer may advance or end the session: until it returns, the frame is at work.
    this.#report(error);
    if (pending.exchange.finished) return;
    pending.exchange.finished = true;
    this.#rest(pending);
    pending.fault = error;
  }

  /** Reports a failed handler: nothing behind its frame is handled. */
  #report(error: SpillwayError): SpillwayError {
    this.#end(error.code as CloseReason);
    this.#owner.onHandlerError(error);
    return error;
  }

  #end(reason: CloseReason): void {
    this.ended = true;
    this.#owner.onLastFrame(reason);
  }

  #push(pending: PendingReply<Out, State>): void {
    if (this.#pending === NONE) this.#pending = [];
    this.#pending.push(pending);
  }

  #removeFirst(): void {
    // Usually there is one, and `pop` costs least.
    if (this.#pending.length === 1) return void this.#pending.pop();
    this.#first += 1;
    if (this.#first < FEW_ANSWERED && this.#first < this.#pending.length) return;
    if (2 * this.#first < this.#pending.length) return;
    this.#pending = this.#pending.slice(this.#first);
    this.#first = 0;
  }

  /** Returns the frame whose handler has been at work for longest. */
  #oldest(): PendingReply<Out, State> | undefined {
    let oldest: PendingReply<Out, State> | undefined;
    for (let index = this.#first; index < this.#pending.length; index++) {
      const one = this.#pending[index] as PendingReply<Out, State>;
      if (one.exchange.finished || one.startedAt === undefined) continue;
      if (oldest?.startedAt === undefined || one.startedAt < oldest.startedAt) oldest = one;
      // Handlers begin in order. Only the first stream may have begun later than the frames behind it.
      if (one.stream === undefined) break;
    }
    return oldest;
  }

  /** Returns the last exchange, or `exchange` if that is answered already. */
  #lastFrom(exchange: Exchange<Out, State>): Exchange<Out, State> {
    const here = this.#pending.some((one, index) => index >= this.#first && one.exchange === exchange);
    return here ? (this.#pending.at(-1)?.exchange ?? exchange) : exchange;
  }

  /** Dates handlers that began since the last call. */
  #dateBegun(now: number): void {
    for (let index = this.#pending.length - 1; index >= this.#first; index--) {
      const one = this.#pending[index] as PendingReply<Out, State>;
      if (one.startedAt !== undefined) break;
      if (one.working && one.stream === undefined) one.startedAt = now;
    }
  }
}
