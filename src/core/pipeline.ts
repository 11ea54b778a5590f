import type { Clock } from "./clock.ts";
import type { Decoder, Encoder } from "./codec.ts";
import { SpillwayError } from "./errors.ts";
import {
  type ConnectionInfo,
  checkUpgrade,
  Exchange,
  type ExchangeOwner,
  type Handler,
  type Upgrade,
} from "./exchange.ts";
import { handlerError } from "./faults.ts";

/** What a {@link Pipeline} tells its session. */
export interface PipelineEvents<In, Out> {
  /** A reply whose turn it is. @throws {SpillwayError} when it cannot be sent */
  onReply(reply: Out): void;
  /** A fault whose turn it is; what is behind it is void. */
  onFault(error: SpillwayError): void;
  /** A handler failed; its fault waits for its turn. */
  onHandlerError(error: SpillwayError): void;
  /** An asynchronous handler has finished: `answerFinished`, and take more. */
  onSettled(): void;
  /** The frames that come next are another decoder's, and so is the goodbye. @throws {TypeError} they cannot be */
  onUpgrade(decoder: Decoder<In>, onDrain: Upgrade<In, Out>["onDrain"]): void;
  /** The replies that come next are another encoder's. */
  onEncoder(encoder: Encoder<Out>): void;
  /** That was the last reply: its handler closes the connection. */
  onLast(): void;
}

/** Microtasks without a finished handler after which a turn counts as over: more than a chain of plain `await`s needs. */
const QUIET_MICROTASKS = 6;

/**
 * The frames of one connection that are with the handler, and the replies that wait for an earlier one, in request order.
 *
 * A synchronous handler costs no promise: while nothing waits, its reply goes straight through.
 */
export class Pipeline<In, Out> implements ExchangeOwner<Out> {
  /** A fault or the last reply is on its way out: no further frame may be handled. */
  ended = false;
  /** Handlers finish within this turn of the event loop: their replies should leave together. */
  turnOpen = false;
  /** When an asynchronous handler last finished. */
  settledAt = 0;
  readonly connection: ConnectionInfo;
  #handler: Handler<In, Out>;
  readonly #clock: Clock;
  readonly #events: PipelineEvents<In, Out>;
  readonly #exchanges: Exchange<Out>[] = [];
  #settledInTurn = false;

  constructor(connection: ConnectionInfo, handler: Handler<In, Out>, clock: Clock, events: PipelineEvents<In, Out>) {
    this.connection = connection;
    this.#handler = handler;
    this.#clock = clock;
    this.#events = events;
  }

  /** Frames that are not answered yet. */
  get length(): number {
    return this.#exchanges.length;
  }

  /** When the handler that has been at work for longest began; `Infinity` when none is. */
  get busySince(): number {
    for (const exchange of this.#exchanges) if (!exchange.finished) return exchange.startedAt;
    return Infinity;
  }

  /** Runs the handler. */
  handle(frame: In): void {
    const exchange = new Exchange<Out>(this);
    try {
      const result = this.#handler(frame, exchange);
      if (isPromiseLike(result)) {
        exchange.startedAt = this.#clock.now();
        this.#exchanges.push(exchange);
        void this.#await(exchange, result);
        return;
      }
      exchange.succeed(result as Out | undefined);
    } catch (cause) {
      this.#fail(exchange, handlerError(cause));
    }
    this.#enqueue(exchange);
  }

  /** Ends the sequence: after everything before it is answered, `onFault` is called. */
  fault(error: SpillwayError): void {
    this.ended = true;
    const exchange = new Exchange<Out>(this);
    exchange.fail(error);
    this.#enqueue(exchange);
  }

  /** The handler of `exchange` wants another protocol behind the frames that were taken so far. */
  upgrade<NewIn, NewOut>(exchange: Exchange<Out>, to: Upgrade<NewIn, NewOut>): void {
    checkUnfinished(exchange, "upgrade");
    checkUpgrade(to);
    if (this.ended) return;
    // From here on, its frames are the ones that this pipeline is about.
    const upgrade = to as unknown as Upgrade<In, Out>;
    const encoder = upgrade.codec.encoder();
    this.#events.onUpgrade(upgrade.codec.decoder(), upgrade.onDrain);
    this.#handler = upgrade.handler;
    const last = this.#exchanges.includes(exchange) ? this.#exchanges.at(-1) : exchange;
    (last as Exchange<Out>).next = encoder;
    this.#events.onSettled();
  }

  /** The handler of `exchange` has the last word. */
  close(exchange: Exchange<Out>): void {
    checkUnfinished(exchange, "close");
    exchange.next = "close";
    this.ended = true;
  }

  /** The handler that has been at work for longest is out of time. */
  timeOut(): void {
    const late = this.#exchanges.find((exchange) => !exchange.finished);
    if (late === undefined) return;
    const error = new SpillwayError("handler-timeout", "the handler did not finish in time");
    this.#fail(late, error);
    late.abort(error);
    this.answerFinished();
  }

  /** Hands out what is finished, up to the first that is not. */
  answerFinished(): void {
    for (let first = this.#exchanges[0]; first?.finished; first = this.#exchanges[0]) {
      this.#exchanges.shift();
      this.#answer(first);
    }
  }

  /** Nobody waits for what is still here: signals the handlers and forgets them. */
  abort(error: SpillwayError): void {
    this.ended = true;
    for (const exchange of this.#exchanges.splice(0)) {
      if (exchange.finished) continue;
      exchange.finished = true;
      exchange.abort(error);
    }
  }

  async #await(exchange: Exchange<Out>, result: PromiseLike<Out | undefined | void>): Promise<void> {
    try {
      exchange.succeed((await result) as Out | undefined);
    } catch (cause) {
      this.#fail(exchange, handlerError(cause));
    }
    this.settledAt = this.#clock.now();
    this.#settledInTurn = true;
    if (!this.turnOpen) void this.#runTurn();
  }

  /** Microtasks only: nothing from outside can come in between. */
  async #runTurn(): Promise<void> {
    this.turnOpen = true;
    for (let quiet = 0; quiet < QUIET_MICROTASKS; quiet++) {
      if (this.#settledInTurn) {
        this.#settledInTurn = false;
        quiet = 0;
        this.#events.onSettled();
      }
      await Promise.resolve();
    }
    this.turnOpen = false;
    this.#events.onSettled();
  }

  #enqueue(exchange: Exchange<Out>): void {
    if (this.#exchanges.length > 0) this.#exchanges.push(exchange);
    else this.#answer(exchange);
  }

  #answer(exchange: Exchange<Out>): void {
    if (exchange.fault === undefined && exchange.reply !== undefined) {
      try {
        this.#events.onReply(exchange.reply);
      } catch (error) {
        exchange.finished = false;
        this.#fail(exchange, error as SpillwayError);
      }
    }
    if (exchange.fault !== undefined) this.#events.onFault(exchange.fault);
    if (exchange.next === "close") this.#events.onLast();
    else if (exchange.next !== undefined) this.#events.onEncoder(exchange.next);
  }

  #fail(exchange: Exchange<Out>, error: SpillwayError): void {
    if (exchange.finished) return;
    exchange.fail(error);
    this.ended = true;
    this.#events.onHandlerError(error);
  }
}

function checkUnfinished({ finished }: { readonly finished: boolean }, call: string): void {
  if (finished) throw new TypeError(`${call}() must be called before the handler has finished`);
}

function isPromiseLike(result: unknown): result is PromiseLike<unknown> {
  return typeof result === "object" && result !== null && typeof (result as PromiseLike<unknown>).then === "function";
}
