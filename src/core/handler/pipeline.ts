import type { Encoder } from "../codecs/codec.ts";
import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import { handlerError } from "../errors/faults.ts";
import { checkOptions } from "../options/option_names.ts";
import type { ServedSession } from "../session/served_session.ts";
import type { Clock } from "../time/clock.ts";
import {
  Exchange,
  type ExchangeOwner,
  type FrameHandler,
  HookExchange,
  type HookName,
  TruncatedExchange,
} from "./exchange.ts";
import { checkProtocol, PROTOCOL_OPTIONS, type Protocol, type Reply } from "./handler.ts";
import { InFlight, NONE_IN_FLIGHT } from "./in_flight.ts";
import { isPromiseLike, PendingResults, type PendingResultsEvents } from "./pending_results.ts";
import { isStream, ReplyStream } from "./reply_stream.ts";
import type { Semaphore } from "./semaphore.ts";
import { Turn } from "./turn.ts";

/** What a {@link Pipeline} tells its session. */
export interface PipelineEvents<In, Out, State> {
  /** Whether there is room for a reply: they wait for it, and a stream is asked for a frame only then. */
  readonly roomy: boolean;
  /** Whether a stream may be asked for a frame now. If not, `answerFinished` is called when the session has a slice again. */
  mayPull(): boolean;
  /** Whether replies go nowhere: handlers run to their end all the same, and streams are asked for no further frame. */
  readonly finishing: boolean;
  /** A reply whose turn it is. @throws {SpillwayError} when it cannot be sent */
  onReply(reply: Out): void;
  /** A fault whose turn it is; what is behind it is void. */
  onFault(error: SpillwayError): void;
  /** A handler failed; its fault waits for its turn. */
  onHandlerError(error: SpillwayError): void;
  /** An asynchronous handler has finished: `answerFinished`, and take more. */
  onSettled(): void;
  /** The frames that come next are another codec's, and so is the goodbye. @throws {TypeError} they cannot be */
  onUpgrade(to: Protocol<In, Out, State>): void;
  /** The replies that come next are another encoder's. */
  onEncoder(encoder: Encoder<Out>): void;
  /** That was the last reply: its handler closes the connection. */
  onLast(): void;
}

/**
 * The frames of one connection that are with the handler, and the replies that wait for an earlier one, in request order.
 *
 * A synchronous handler costs no promise: while nothing waits, its reply goes straight through.
 */
export class Pipeline<In, Out, State>
  implements ExchangeOwner<Out, State>, PendingResultsEvents<Exchange<Out, State>, Reply<Out>>
{
  /** A fault or the last reply is on its way out: no further frame may be handled. */
  ended = false;
  /** When an asynchronous handler last finished. */
  settledAt = 0;
  readonly session: ServedSession<Out, State>;
  #handler: FrameHandler<In, Out, State>;
  readonly #semaphore: Semaphore;
  readonly #clock: Clock;
  readonly #events: PipelineEvents<In, Out, State>;
  #inFlight: InFlight<Out, State> = NONE_IN_FLIGHT;
  /** What `date` is to note: handlers that began, and that one has finished. */
  #begun = false;
  #settled = false;
  /** Made when a handler is asynchronous. */
  #pendingResults: PendingResults<Exchange<Out, State>, Reply<Out>> | undefined;
  #turn: Turn | undefined;

  constructor(
    session: ServedSession<Out, State>,
    handler: FrameHandler<In, Out, State>,
    semaphore: Semaphore,
    clock: Clock,
    events: PipelineEvents<In, Out, State>,
  ) {
    this.session = session;
    this.#handler = handler;
    this.#semaphore = semaphore;
    this.#clock = clock;
    this.#events = events;
  }

  /** Frames that are not answered yet. */
  get length(): number {
    return this.#inFlight.length;
  }

  /** Handlers finish within this tick of the event loop, and others may: what follows from that waits until it is over. */
  get turnOpen(): boolean {
    return this.#turn?.open === true && this.length > 0;
  }

  /** When the handler, or the frame of a stream, that has been at work for longest began; `Infinity` when none is. */
  get busySince(): number {
    return this.#inFlight.oldest?.startedAt ?? Infinity;
  }

  /** Runs the handler. `truncated`: the frame is the beginning of a longer one. */
  handle(frame: In, truncated: boolean = false): void {
    this.#run(
      this.#handler,
      frame,
      truncated ? new TruncatedExchange<Out, State>(this) : new Exchange<Out, State>(this),
    );
  }

  /** Runs a hook, whose result is sent like a reply. */
  runHook(name: HookName, hook: (exchange: HookExchange<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>): void {
    const exchange = new HookExchange<Out, State>(this, name);
    this.#run(() => hook(exchange), undefined, exchange);
  }

  /** Ends the sequence: after everything before it is answered, `onFault` is called. */
  fault(error: SpillwayError): void {
    this.#end(error.code as CloseReason);
    const exchange = new Exchange<Out, State>(this);
    exchange.fail(error);
    this.#enqueue(exchange);
  }

  /** The handler of `exchange` wants another protocol behind the frames that were taken so far. */
  upgrade<NewIn, NewOut>(exchange: Exchange<Out, State>, to: Protocol<NewIn, NewOut, State>): void {
    exchange.checkUnfinished("upgrade");
    checkOptions(to, PROTOCOL_OPTIONS);
    checkProtocol(to);
    if (this.ended) return;
    // From here on, its frames are the ones that this pipeline is about.
    const upgrade = to as unknown as Protocol<In, Out, State>;
    const encoder = upgrade.codec.encoder();
    this.#events.onUpgrade(upgrade);
    this.#handler = upgrade.handler;
    this.#inFlight.lastFrom(exchange).next = encoder;
    this.#events.onSettled();
  }

  /** The handler of `exchange` has the last word. */
  close(exchange: Exchange<Out, State>): void {
    exchange.checkUnfinished("close");
    exchange.next = "close";
    this.#end("handler-closed");
  }

  /** What has been at work for longest is out of time; if nothing is, nothing more is waited for. */
  timeOut(error: SpillwayError): void {
    const late = this.#inFlight.oldest;
    if (late === undefined) return this.fault(error);
    this.#fail(late, error);
    late.abort(error);
    this.answerFinished();
  }

  /** Notes what began or finished since the last time, as of now: the clock is read once a tick, not for every frame. */
  date(): void {
    if (!this.#begun && !this.#settled) return;
    const now = this.#clock.now();
    if (this.#settled) this.settledAt = now;
    if (this.#begun) this.#inFlight.date(now);
    this.#begun = this.#settled = false;
  }

  /** Hands out what is finished, up to the first that is not. */
  answerFinished(): void {
    for (let first = this.#inFlight.first; first !== undefined; first = this.#inFlight.first) {
      if (!first.finished) {
        if (first.stream !== undefined) this.#pull(first, first.stream);
        break;
      }
      if (!this.#events.roomy) break;
      this.#inFlight.removeFirst();
      this.#answer(first);
    }
  }

  /** A handler has kept its promise. */
  onFulfilled(exchange: Exchange<Out, State>, reply: Reply<Out>): void {
    try {
      if (isStream<Out>(reply)) return this.#stream(exchange, reply);
      exchange.succeed(reply as Out | undefined);
    } catch (cause) {
      this.#fail(exchange, handlerError(cause, exchange.thrower));
    }
    this.#settle(exchange);
  }

  onRejected(exchange: Exchange<Out, State>, cause: unknown): void {
    this.#fail(exchange, handlerError(cause, exchange.thrower));
    this.#settle(exchange);
  }

  /** Nobody waits for what is still here: signals the handlers and forgets them. */
  abort(reason: CloseReason, error?: SpillwayError): void {
    this.ended = true;
    if (this.length === 0) return;
    const why = error ?? new SpillwayError(reason, "the connection is over");
    for (const exchange of this.#inFlight.removeAll()) {
      if (exchange.finished) continue;
      exchange.finished = true;
      this.#rest(exchange);
      exchange.abort(why);
    }
  }

  #run<Frame>(handler: FrameHandler<Frame, Out, State>, frame: Frame, exchange: Exchange<Out, State>): void {
    try {
      const result = handler(frame, exchange);
      if (isPromiseLike(result)) {
        this.#pendingResults ??= new PendingResults(this);
        this.#pendingResults.add(exchange, result);
        return this.#begin(exchange);
      }
      if (isStream<Out>(result)) {
        this.#begin(exchange);
        this.#stream(exchange, result);
        return;
      }
      exchange.succeed(result as Out | undefined);
    } catch (cause) {
      this.#fail(exchange, handlerError(cause, exchange.thrower));
    }
    this.#enqueue(exchange);
  }

  #begin(exchange: Exchange<Out, State>): void {
    this.#begun = true;
    exchange.working = true;
    this.#semaphore.acquire();
    if (this.#inFlight === NONE_IN_FLIGHT) this.#inFlight = new InFlight();
    this.#inFlight.add(exchange);
  }

  /** It is at work no more. */
  #rest(exchange: Exchange<Out, State>): void {
    if (!exchange.working) return;
    exchange.working = false;
    this.#semaphore.release();
  }

  /** Its frames are sent when its turn has come. */
  #stream(exchange: Exchange<Out, State>, frames: AsyncIterable<Out>): void {
    exchange.startedAt = undefined;
    try {
      const onStopError = (cause: unknown) => this.#events.onHandlerError(handlerError(cause, exchange.thrower));
      exchange.stream = new ReplyStream(frames, onStopError);
      if (exchange.finished) exchange.stream.stop();
    } catch (cause) {
      this.#fail(exchange, handlerError(cause, exchange.thrower));
    }
    this.#startTurn();
  }

  #pull(exchange: Exchange<Out, State>, stream: ReplyStream<Out>): void {
    if (this.#events.finishing && !stream.waiting) {
      stream.stop();
      exchange.succeed(undefined);
      return this.#settle(exchange);
    }
    if (stream.waiting || !this.#events.roomy || !this.#events.mayPull()) return;
    exchange.startedAt = this.#clock.now();
    void this.#awaitFrame(exchange, stream);
  }

  async #awaitFrame(exchange: Exchange<Out, State>, stream: ReplyStream<Out>): Promise<void> {
    try {
      const next = await stream.next();
      if (exchange.finished) return;
      exchange.startedAt = undefined;
      if (next === undefined) exchange.succeed(undefined);
      else if (next.frame !== undefined) this.#reply(exchange, next.frame);
    } catch (cause) {
      this.#fail(exchange, handlerError(cause, exchange.thrower));
    }
    this.#settle(exchange);
  }

  #settle(exchange: Exchange<Out, State>): void {
    if (exchange.finished) this.#rest(exchange);
    this.#settled = true;
    this.#startTurn();
  }

  #startTurn(): void {
    this.#turn ??= new Turn(this.#inFlight, this.#events);
    this.#turn.settle();
  }

  #enqueue(exchange: Exchange<Out, State>): void {
    if (this.length > 0) this.#inFlight.add(exchange);
    else this.#answer(exchange);
  }

  #answer(exchange: Exchange<Out, State>): void {
    if (exchange.fault === undefined && exchange.reply !== undefined) this.#reply(exchange, exchange.reply);
    if (exchange.fault !== undefined) this.#events.onFault(exchange.fault);
    if (exchange.next === "close") this.#events.onLast();
    else if (exchange.next !== undefined) this.#events.onEncoder(exchange.next);
  }

  #reply(exchange: Exchange<Out, State>, reply: Out): void {
    try {
      this.#events.onReply(reply);
    } catch (error) {
      exchange.finished = false;
      this.#fail(exchange, error as SpillwayError);
      exchange.stream?.stop();
    }
  }

  #fail(exchange: Exchange<Out, State>, error: SpillwayError): void {
    if (exchange.finished) return;
    this.#rest(exchange);
    exchange.fail(error);
    this.#end(error.code as CloseReason);
    this.#events.onHandlerError(error);
  }

  /** Nothing new is taken: what would go on for ever should know. */
  #end(reason: CloseReason): void {
    this.ended = true;
    this.session.drain(reason);
  }
}
