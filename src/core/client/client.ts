import { allFailed } from "../errors/all_failed.ts";
import { describe } from "../errors/describe.ts";
import { type CloseReason, type ErrorCode, SpillwayError } from "../errors/errors.ts";
import { codecError } from "../errors/faults.ts";
import { checkSignal } from "../options/abort_signal.ts";
import { checkDuration } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Outbox } from "../output/outbox.ts";
import type { SendResult } from "../output/send_result.ts";
import { ErrorLog } from "../session/error_log.ts";
import { EventSink } from "../session/event_sink.ts";
import type { DrainResult, ServerEvent } from "../session/observer.ts";
import { ServedSession } from "../session/served_session.ts";
import type { SessionSettings } from "../session/session_settings.ts";
import { add, NO_TRAFFIC, type Traffic } from "../session/traffic.ts";
import { Deadline, DeadlineQueue } from "../time/deadline.ts";
import type { TickOwner } from "../time/end_of_tick.ts";
import { schedulerOf } from "../time/scheduler.ts";
import { type ConnectionInfo, connectionInfo } from "../transport/connection_info.ts";
import type { Connection, ConnectOptions, Transport } from "../transport/transport.ts";
import { Backoff } from "./backoff.ts";
import { clientClosed, connectionOver, endedEarly, unanswered } from "./client_errors.ts";
import type { ClientEnd, ClientEvent } from "./client_event.ts";
import type { ClientSession } from "./client_session.ts";
import { clientSessionSettings } from "./client_session_settings.ts";
import type { ClientSettings } from "./client_settings.ts";
import { connectAborted, dial } from "./dial.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Pushes } from "./pushes.ts";
import type { RequestOptions } from "./request_options.ts";
import { Requests } from "./requests.ts";

/** Options of {@link Client.close}. */
export interface CloseOptions {
  /** The time after which pending requests and waiting output are aborted. Default: the client's `drainTimeoutMs`. */
  readonly timeoutMs?: number;
}

const REQUEST_OPTIONS: OptionNames<RequestOptions> = { signal: true, timeoutMs: true };
const CLOSE_OPTIONS: OptionNames<CloseOptions> = { timeoutMs: true };

/** The result of `client.stats()`: counts since the client connected. */
export interface ClientStats extends Traffic {
  /** The number of connections made so far. */
  readonly connections: number;
  /** The number of requests that wait to be sent. */
  readonly waitingRequests: number;
  /** The number of requests that were sent and not answered, including cancelled ones. */
  readonly pendingRequests: number;
  /** The number of pushes that wait for the iteration. */
  readonly waitingPushes: number;
  /** The number of pushes dropped by `abort()`, or without room during a drain or at the end of their connection. */
  readonly pushesDropped: number;
  /** The number of events on which the observer threw. */
  readonly observerErrors: number;
}

/**
 * The state of a client: the progress of its present connection, or of the next one.
 *
 * | state        | connection              | may be sent            | ends with                                         |
 * | ------------ | ----------------------- | ---------------------- | ------------------------------------------------- |
 * | `connecting` | an attempt is under way |                        | made: `preparing`; failed: *next*                 |
 * | `preparing`  | open, `onConnect` runs  | what `onConnect` sends | done: `ready`; threw, or took too long: `failing` |
 * | `ready`      | open                    | requests, frames       | a bad frame, `isPush` threw: `failing`            |
 * | `failing`    | open, about to end      |                        |                                                   |
 * | `pausing`    | none                    |                        | the deadline, `reconnect()`: `connecting`         |
 * | `closed`     | none, for good          |                        |                                                   |
 *
 * The end of an open connection leads to *next* from any state. Until `connect()` has fulfilled, that is `connecting` to another
 * host, or `closed` when each was tried once. Later it is `pausing`, or `closed` without `reconnect` and when no attempt is left.
 *
 * `close()` and `abort()` may be called in any state (`#closing`). From then on no request is taken, except those of an `onConnect`
 * that still runs, and the end of the present connection leads to `closed`. Without a connection the client is `closed` at once.
 */
type State = "connecting" | "preparing" | "ready" | "failing" | "pausing" | "closed";

/**
 * A client, created by {@link connect}. It sends requests, and receives replies and pushes.
 *
 * - **Owns** its connection, and the next one when it reconnects.
 * - **Backpressure** applies in both directions. A request waits while `maxPendingRequests` are pending, or while more than
 *   `maxOutboundBytes` wait to be written. While `maxPushes` wait for the iteration, nothing is read, **not even replies**, which come
 *   in the same stream. A client that gets pushes must be iterated, or its requests time out.
 * - **On abort** every request rejects, and waiting pushes are dropped.
 *
 * The iteration yields *pushes*: frames for which `isPush` returns true, and frames that come while no request is pending. Several
 * iterations share the pushes: each push goes to one of them. The iteration ends when either side closes the client in order, and throws
 * a {@link SpillwayError} when the connection broke. Earlier pushes are yielded first. Leaving the loop does not close the client.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 */
export class Client<In = unknown, Out = unknown> implements AsyncDisposable, AsyncIterable<In> {
  /** Fulfils when the client is closed and has released everything. Never rejects. */
  readonly closed: Promise<ClientEnd>;
  readonly #transport: Transport;
  readonly #settings: ClientSettings<In, Out>;
  readonly #events: EventSink<ClientEvent>;
  readonly #deadlines: DeadlineQueue;
  readonly #sessionSettings: SessionSettings<In, Out, undefined>;
  readonly #requests: Requests<In, Out>;
  readonly #pushes: Pushes<In>;
  readonly #heartbeat: Heartbeat | undefined;
  /** Present with the option `reconnect`. */
  readonly #backoff: Backoff | undefined;
  #state: State = "connecting";
  #closing = false;
  /** The end of `onConnect`'s time while `preparing`, and of the pause while `pausing`. */
  readonly #deadline = new Deadline({ onDeadline: () => this.#onDeadline() });
  readonly #drainDeadline = new Deadline({ onDeadline: () => this.#end("drain-timeout", "the drain's time was up") });
  /** Aborts the attempt that is under way when the client is closed. */
  readonly #dialing = new AbortController();
  #session: ServedSession<In, Out, undefined> | undefined;
  /** The instant at which `onConnect` was done on the present connection. */
  #readyAt: number | undefined;
  /** Settles the promise of `connect()`. Undefined once it is settled. */
  #settleConnect: ((error?: SpillwayError) => void) | undefined;
  /** The errors of the failed attempts of `connect()` so far. */
  readonly #failures: SpillwayError[] = [];
  #attemptCount = 0;
  #connectionCount = 0;
  /** Whether `reconnect()` was called: then the next pause is skipped. */
  #hurried = false;
  /**
   * Whether `isPush` or `expect` is looking at a frame. The frame cannot be the reply to a request that is sent
   * meanwhile.
   */
  #judging = false;
  /** Whether waiting requests are sent at the end of the tick. */
  #sendingAtTickEnd = false;
  readonly #tickOwner: TickOwner = { onTickEnd: () => this.#onTickEnd() };
  /** Whether the client waits for room in the outbox. */
  #flushing = false;
  /** The end of the last connection, and finally of the client. */
  #lastEnd: ClientEnd = { reason: "drained" };
  /** The traffic of the connections that are over. */
  #past: Traffic = NO_TRAFFIC;
  #drain: Promise<DrainResult> | undefined;
  /**
   * The number of requests that were rejected because their connection or the client ended, and of those that
   * `onConnect` made while `#closing`.
   */
  #rejected = 0;
  #late = 0;
  #resolveClosed!: (end: ClientEnd) => void;

  /**
   * Use {@link connect}. `settle` is called once: when the first connection is ready, or with the error if there is
   * none.
   */
  constructor(
    transport: Transport,
    settings: ClientSettings<In, Out>,
    observers: readonly ((event: ClientEvent, client: Client<In, Out>) => void)[] | undefined,
    settle: (error?: SpillwayError) => void,
  ) {
    const { clock, heartbeat, hosts, maxPushes, random, reconnect } = settings;
    const deadlines = new DeadlineQueue(clock);
    const scheduler = schedulerOf(clock, transport);
    const onUnanswered = () => this.#onUnanswered();
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#transport = transport;
    this.#settings = settings;
    const observing = observers?.map((observer) => (event: ClientEvent) => observer(event, this));
    this.#events = new EventSink(observing, new ErrorLog(clock, "outbound"), "the observer of a client");
    this.#deadlines = deadlines;
    this.#requests = new Requests(settings, clock, deadlines, {
      bytesIn: () => this.#session?.inbox.bytesIn ?? 0,
      onSettled: () => this.#onSettled(),
      onUnanswered,
    });
    this.#pushes = new Pushes(maxPushes, scheduler);
    if (heartbeat !== undefined) {
      this.#heartbeat = new Heartbeat(heartbeat, clock, deadlines, { sendBeat: () => this.#sendBeat(), onUnanswered });
    }
    if (reconnect !== undefined) this.#backoff = new Backoff(reconnect, hosts.length, random);
    this.#sessionSettings = clientSessionSettings(settings, deadlines, scheduler, {
      asked: this.#requests,
      handler: (frame) => this.#onFrame(frame),
      observe: (event) => this.#onSessionEvent(event as ClientEvent & ServerEvent),
    });
    this.#connectFirst(settle);
  }

  /** The present connection; `undefined` while there is none. */
  get connection(): ConnectionInfo | undefined {
    return this.#session?.connection;
  }

  /**
   * Sends a frame, and fulfils with its reply. Requests are sent in the order of the calls, without waiting for earlier replies. Replies
   * are matched by that order only: a greeting or a fault frame of the peer that `isPush` does not recognise is taken for a reply.
   *
   * Rejects with the signal's reason, or with a {@link SpillwayError}:
   *
   * | `code` | the request |
   * |---|---|
   * | `client-closed` | was not sent: the client was closed first |
   * | `request-timeout` | was not answered in time |
   * | `reply-invalid`, `codec-failed` | was not sent: it is not a frame of the codec, or the codec threw |
   * | the connection's close reason | was sent, and its connection ended: whether it was carried out is unknown |
   *
   * A request rejects at once when its signal aborts or its deadline passes. If it was sent, it keeps its place: its late reply is
   * dropped, and later replies still match. The peer may have carried it out.
   *
   * @throws {TypeError | RangeError} at the call: `signal` is not an AbortSignal; `timeoutMs` is 0, negative or NaN
   *
   * @example
   * ```ts
   * import { connect, lines, serve } from "spillway";
   *
   * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line.toUpperCase() });
   * await using client = await connect({ ...server.address, codec: lines() });
   * const replies = ["one", "two"].map((line) => client.request(line, { timeoutMs: 1_000 }));
   * console.log(await Promise.all(replies)); // [ "ONE", "TWO" ]
   * ```
   */
  request(this: this, frame: Out, options: RequestOptions = {}): Promise<In> {
    const refusal = this.#closing ? clientClosed(this.#lastEnd.error) : undefined;
    return this.#ask(frame, options, refusal, false);
  }

  /**
   * Sends a frame that has no reply, ahead of waiting requests. Never waits. Returns the result, as `session.send` does: `"closed"` while
   * there is no connection, or while `onConnect` is running.
   *
   * @throws {SpillwayError} `reply-invalid` when this is not a frame of the codec, `codec-failed` when the codec threw
   */
  send(this: this, frame: Out): SendResult {
    if (this.#state !== "ready" || this.#session === undefined) return "closed";
    return this.#session.send(frame);
  }

  /**
   * Fulfils with true when everything sent before this call has been written, except waiting requests, and with false when the
   * connection ended first. Never rejects.
   */
  flushed(this: this): Promise<boolean> {
    return this.#session?.flushed() ?? Promise.resolve(false);
  }

  /** Iterates over the pushes. */
  [Symbol.asyncIterator](): AsyncIterator<In, undefined> {
    return { next: () => this.#pushes.next() };
  }

  /** Returns a snapshot of the counts. */
  stats(this: this): ClientStats {
    const traffic = this.#session === undefined ? this.#past : add(this.#past, this.#session.traffic);
    return {
      connections: this.#connectionCount,
      waitingRequests: this.#requests.waiting,
      pendingRequests: this.#requests.pending,
      waitingPushes: this.#pushes.length,
      pushesDropped: this.#pushes.dropped,
      observerErrors: this.#events.observerErrors,
      ...traffic,
    };
  }

  /**
   * Drains the client: accepts no more requests, waits for pending replies, writes waiting output, sends FIN and waits for the peer's
   * FIN. Pushes without room are dropped meanwhile. After `timeoutMs` the rest is aborted. A second call aborts at once and returns the
   * same result: the number of requests that finished (`drained`) and that did not (`aborted`). While reconnecting, no request is
   * pending, and the client closes at once.
   *
   * @throws {RangeError} a `timeoutMs` of 0, negative or NaN
   *
   * @example
   * ```ts
   * import { connect, lines, serve } from "spillway";
   *
   * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line });
   * const client = await connect({ ...server.address, codec: lines() });
   * const reply = client.request("last words");
   * console.log(await client.close({ timeoutMs: 1_000 })); // { drained: 1, aborted: 0 }
   * console.log(await reply, (await client.closed).reason); // last words drained
   * ```
   */
  close(this: this, options: CloseOptions = {}): Promise<DrainResult> {
    checkOptions(options, CLOSE_OPTIONS);
    const timeoutMs = checkDuration("timeoutMs", options.timeoutMs ?? this.#settings.limits.drainTimeoutMs);
    if (this.#drain === undefined) {
      this.#drain = this.#whenDrained(this.#requests.unsettled);
      this.#startDrain(timeoutMs);
    } else this.#end("drain-timeout", "the drain was forced");
    return this.#drain;
  }

  /**
   * Ends the present connection at once, as `aborted`, and makes the next one without a pause, with the next host if there are several.
   * Requests that were sent reject, as with any lost connection. The next connection sends waiting requests. While there is no connection,
   * it only ends the pause. It has no effect while an attempt is under way, or when the client is closed.
   *
   * @throws {TypeError} the option `reconnect` is not set, or `connect()` has not finished
   */
  reconnect(this: this): void {
    if (this.#backoff === undefined) throw new TypeError("reconnect() needs the option reconnect");
    if (this.#settleConnect !== undefined) throw new TypeError("reconnect() before connect() is done");
    if (this.#closing || this.#state === "connecting") return;
    this.#hurried = true;
    if (this.#state === "pausing") return this.#cutPauseShort();
    this.#session?.breakOff("aborted", new SpillwayError("aborted", "the client reconnects"));
  }

  /** Ends the client now, as `aborted`: with a reset (RST) where the runtime can send one. Does nothing when the client is closed. */
  abort(this: this): void {
    this.#pushes.drop();
    this.#end("aborted", "the client was aborted");
  }

  /** Calls `close()`, or waits for a drain that is under way, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#drain ?? this.close());
  }

  // Connecting: attempts, `onConnect`, pauses.

  /** Begins the attempts of `connect()`, one at each host. The caller's signal cancels them. */
  #connectFirst(settle: (error?: SpillwayError) => void): void {
    const { signal } = this.#settings;
    const onAbort = () => {
      if (this.#session === undefined) this.#onFirstFailed(connectAborted(signal));
      else this.#session.breakOff("aborted", connectAborted(signal));
    };
    this.#settleConnect = (error) => {
      this.#settleConnect = undefined;
      signal?.removeEventListener("abort", onAbort);
      settle(error);
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort);
    void this.#connect();
  }

  async #connect(): Promise<void> {
    const { clock, connectTimeoutMs, hosts, limits, steps } = this.#settings;
    const { establishTimeoutMs } = limits;
    const id = this.#connectionCount + 1;
    const to = hosts[this.#attemptCount % hosts.length] as ConnectOptions;
    this.#state = "connecting";
    this.#hurried = false;
    this.#attemptCount += 1;
    try {
      const how = { to, id, steps, connectTimeoutMs, establishTimeoutMs, clock, deadlines: this.#deadlines };
      this.#onConnected(await dial(this.#transport, how, this.#dialing.signal));
    } catch (error) {
      this.#onAttemptFailed(error as SpillwayError);
    }
  }

  /** @throws {SpillwayError} `codec-failed` */
  #onConnected(connection: Connection): void {
    if (this.#state === "closed") return connection.abort();
    const info = connectionInfo(this.#connectionCount + 1, connection);
    const session = this.#sessionOver(connection, info);
    this.#session = session;
    this.#state = "preparing";
    this.#readyAt = undefined;
    this.#connectionCount += 1;
    // The observer may send at once, so the session starts before the observer is called.
    session.start();
    this.#events.emit({ type: "connection-opened", connection: info });
    // The observer may also have ended the session.
    if (this.#usable !== session) return;
    session.open();
    if (this.#usable === session) this.#prepare(session);
  }

  #sessionOver(connection: Connection, info: ConnectionInfo): ServedSession<In, Out, undefined> {
    try {
      return new ServedSession(connection, info, this.#sessionSettings, { onOver: (session) => this.#onOver(session) });
    } catch (cause) {
      const error = codecError(cause);
      connection.abort(error);
      throw error;
    }
  }

  #prepare(session: ServedSession<In, Out, undefined>): void {
    const { limits, onConnect } = this.#settings;
    if (onConnect === undefined) return this.#onReady(session);
    this.#deadline.at = session.openedAt + limits.authenticationTimeoutMs;
    this.#deadlines.arm(this.#deadline);
    void this.#runOnConnect(session, onConnect);
  }

  async #runOnConnect(
    session: ServedSession<In, Out, undefined>,
    onConnect: (session: ClientSession<In, Out>) => unknown,
  ): Promise<void> {
    try {
      await onConnect({
        connection: session.connection,
        get draining() {
          return session.draining;
        },
        request: (frame, options = {}) => this.#askOn(session, frame, options),
        send: (frame) => session.send(frame),
        flushed: () => session.flushed(),
      });
      if (this.#usable === session) this.#onReady(session);
    } catch (cause) {
      this.#fail(session, new SpillwayError("handler-failed", `onConnect threw: ${describe(cause)}`, { cause }));
    }
  }

  #onReady(session: ServedSession<In, Out, undefined>): void {
    this.#deadlines.disarm(this.#deadline);
    this.#state = "ready";
    this.#readyAt = this.#settings.clock.now();
    this.#settleConnect?.();
    this.#heartbeat?.start(session.inbox);
    this.#sendRequests();
  }

  #onDeadline(): void {
    if (this.#state === "pausing") return void this.#connect();
    if (this.#state !== "preparing") return;
    const message = "onConnect was not done in time; requests of the client wait for it, those of its session do not";
    const session = this.#session as ServedSession<In, Out, undefined>;
    this.#fail(session, new SpillwayError("authentication-timeout", message));
  }

  #onAttemptFailed(error: SpillwayError): void {
    if (this.#state === "closed") return;
    if (this.#settleConnect !== undefined) return this.#onFirstFailed(error);
    this.#state = "pausing";
    this.#events.emit({ type: "connect-error", attempt: (this.#backoff as Backoff).attempts, error });
    this.#pause(error);
  }

  /** An attempt of `connect()` failed, or its connection ended before it was ready. */
  #onFirstFailed(error: SpillwayError): void {
    const { hosts, signal } = this.#settings;
    const why = signal?.aborted ? connectAborted(signal) : error;
    this.#failures.push(why);
    const givenUp = this.#closing || signal?.aborted === true;
    if (!givenUp && this.#failures.length < hosts.length) return void this.#connect();
    this.#settleConnect?.(givenUp ? why : allFailed(`cannot connect to any of ${hosts.length} hosts`, this.#failures));
    this.#finish(this.#lastEnd);
  }

  /**
   * Begins the pause before the next attempt, unless no attempt is left. `error` is the error of the last attempt or of
   * its connection.
   */
  #pause(error: SpillwayError | undefined): void {
    if (this.#state === "closed") return;
    const backoff = this.#backoff as Backoff;
    if (backoff.exhausted && !this.#hurried) {
      return this.#finish(error === undefined ? this.#lastEnd : { reason: "connection-failed", error });
    }
    const delayMs = backoff.next(this.#hurried);
    this.#state = "pausing";
    this.#deadline.at = this.#settings.clock.now() + delayMs;
    this.#deadlines.arm(this.#deadline);
    this.#events.emit({ type: "reconnecting", attempt: backoff.attempts, delayMs });
  }

  #cutPauseShort(): void {
    // The pause has not begun while the observer is being called with the failed attempt.
    if (this.#deadline.at === Infinity) return;
    this.#deadline.at = this.#settings.clock.now();
    this.#deadlines.arm(this.#deadline);
  }

  // Requests, replies and pushes.

  /** The session, while something can be sent on it. */
  get #usable(): ServedSession<In, Out, undefined> | undefined {
    const open = this.#state === "preparing" || this.#state === "ready";
    return open && this.#session?.sendable ? this.#session : undefined;
  }

  /** Makes a request; with `own`, for the present connection alone. */
  #ask(frame: Out, options: RequestOptions, refusal: SpillwayError | undefined, own: boolean): Promise<In> {
    checkOptions(options, REQUEST_OPTIONS);
    const { signal, timeoutMs = this.#settings.requestTimeoutMs } = options;
    checkSignal(signal);
    checkDuration("timeoutMs", timeoutMs);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (refusal !== undefined) return Promise.reject(refusal);
    if (this.#closing) this.#late += 1;
    const reply = this.#requests.add(frame, signal, timeoutMs, own);
    this.#sendRequests();
    return reply;
  }

  /** Makes a request for the connection of `session` alone. */
  #askOn(session: ServedSession<In, Out, undefined>, frame: Out, options: RequestOptions): Promise<In> {
    if (this.#usable !== session) return this.#ask(frame, options, connectionOver(), true);
    // While the client drains, only `onConnect` may go on.
    const refused = this.#closing && this.#state === "ready";
    return this.#ask(frame, options, refused ? clientClosed(this.#lastEnd.error) : undefined, true);
  }

  #sendRequests(): void {
    const session = this.#usable;
    if (session === undefined) return;
    if (this.#judging) return this.#sendAtTickEnd();
    const { outbox } = session;
    this.#requests.send(outbox, this.#state !== "ready");
    if (this.#requests.waiting > 0 && !outbox.roomy && !this.#flushing) void this.#sendWhenFlushed(outbox);
  }

  async #sendWhenFlushed(outbox: Outbox<Out>): Promise<void> {
    this.#flushing = true;
    await outbox.flushed();
    this.#flushing = false;
    this.#sendRequests();
  }

  /**
   * Sends waiting requests at the end of the tick: a frame that was received together with a reply cannot answer a
   * request that is sent after that reply.
   */
  #sendAtTickEnd(): void {
    if (this.#sendingAtTickEnd) return;
    this.#sendingAtTickEnd = true;
    this.#sessionSettings.endOfTick.add(this.#tickOwner);
  }

  #onTickEnd(): void {
    this.#sendingAtTickEnd = false;
    this.#sendRequests();
  }

  #onFrame(frame: In): Promise<undefined> | undefined {
    const { heartbeat, isPush } = this.#settings;
    let push: boolean;
    this.#judging = true;
    try {
      if (heartbeat?.expect?.(frame)) return undefined;
      push = isPush(frame);
    } finally {
      this.#judging = false;
    }
    if (push || !this.#requests.answer(frame)) return this.#pushes.add(frame);
    if (this.#state === "ready") this.#backoff?.reset();
    return undefined;
  }

  #sendBeat(): boolean {
    const { heartbeat } = this.#settings;
    const session = this.#usable;
    if (heartbeat === undefined || session === undefined) return false;
    const isRequest = heartbeat.expect === undefined;
    // A request has a deadline of its own, and the peer may be working on it.
    if (isRequest && this.#requests.awaited > 0) return false;
    try {
      if (isRequest) this.#requests.sendUnawaited(heartbeat.frame, session.outbox);
      else session.outbox.ask(heartbeat.frame);
    } catch (error) {
      this.#fail(session, error as SpillwayError);
      return false;
    }
    return true;
  }

  #onSettled(): void {
    this.#stopWhenAnswered();
    if (this.#requests.waiting > 0) this.#sendAtTickEnd();
  }

  #onUnanswered(): void {
    // The replies may have arrived, behind pushes that no iteration takes.
    if (this.#pushes.holding) return;
    const error = new SpillwayError("request-timeout", "nothing that was asked is answered any more");
    this.#session?.breakOff("request-timeout", error);
  }

  // The end of a connection, and of the client.

  /** Ends a connection that is of no use, for a failure of this side. */
  #fail(session: ServedSession<In, Out, undefined>, error: SpillwayError): void {
    if (session !== this.#session) return;
    this.#deadlines.disarm(this.#deadline);
    if (this.#usable === undefined) return;
    this.#onSessionEvent({ type: "handler-error", connection: session.connection, error });
    // A push that finds no room would hold up the end.
    this.#pushes.dropHeld();
    session.fail(error);
  }

  /** Records an event before the observer is called: the methods that an observer calls must see the new state. */
  #onSessionEvent(event: ClientEvent): void {
    if (event.type === "frame-error" || event.type === "handler-error") {
      if (this.#session !== undefined) this.#state = "failing";
      // The connection may take time to end. Callers need not wait for that.
      this.#rejectSent(event.error.code, event.error);
    } else if (event.type === "connection-closed") {
      const { reason, error } = event;
      this.#lastEnd = error === undefined ? { reason } : { reason, error };
    }
    this.#events.emit(event);
  }

  #onOver(session: ServedSession<In, Out, undefined>): void {
    const { reason, error } = this.#lastEnd;
    const aliveMs = this.#readyAt === undefined ? 0 : this.#settings.clock.now() - this.#readyAt;
    this.#past = add(this.#past, session.traffic);
    this.#session = undefined;
    this.#deadlines.disarm(this.#deadline);
    this.#heartbeat?.stop();
    this.#pushes.dropHeld();
    this.#rejectSent(reason, error);
    this.#rejected += this.#requests.rejectOwn(connectionOver(error));
    if (this.#settleConnect !== undefined) {
      this.#onFirstFailed(this.#closing ? clientClosed(error) : (error ?? endedEarly(reason)));
    } else if (this.#closing || this.#backoff === undefined) this.#finish(this.#lastEnd);
    else {
      this.#backoff.noteEnd(this.#lastEnd, aliveMs);
      this.#pause(error);
    }
  }

  #rejectSent(code: ErrorCode, cause: SpillwayError | undefined): void {
    this.#rejected += this.#requests.rejectSent(unanswered(code, cause));
  }

  #startDrain(timeoutMs: number): void {
    this.#closing = true;
    this.#events.emit({ type: "client-draining", requests: this.#requests.unsettled });
    if (this.#state === "closed") return;
    this.#drainDeadline.at = this.#settings.clock.now() + timeoutMs;
    this.#deadlines.arm(this.#drainDeadline);
    this.#pushes.stopWaiting();
    if (this.#session === undefined) this.#finish({ reason: "drained" });
    else this.#stopWhenAnswered();
  }

  #stopWhenAnswered(): void {
    if (this.#closing && this.#requests.unsettled === 0) this.#session?.stop("drained");
  }

  async #whenDrained(requests: number): Promise<DrainResult> {
    const before = this.#rejected;
    await this.closed;
    const aborted = this.#rejected - before;
    const result = { drained: requests + this.#late - aborted, aborted };
    this.#events.emit({ type: "client-drained", ...result });
    return result;
  }

  /** Ends the client now, and its connection with it. */
  #end(reason: CloseReason, message: string): void {
    const error = new SpillwayError(reason, message);
    this.#closing = true;
    this.#pushes.stopWaiting();
    if (this.#session === undefined) this.#finish({ reason, error });
    else this.#session.breakOff(reason, error);
  }

  #finish(end: ClientEnd): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closing = true;
    this.#lastEnd = end;
    this.#deadlines.disarm(this.#deadline);
    this.#deadlines.disarm(this.#drainDeadline);
    this.#dialing.abort();
    this.#rejected += this.#requests.rejectWaiting(clientClosed(end.error));
    this.#pushes.end(end.error);
    // Before the first connection, no observer knows the client.
    if (this.#connectionCount > 0) this.#events.emit({ type: "client-closed", ...end });
    this.#events.end();
    this.#resolveClosed(end);
    this.#settleConnect?.(clientClosed(end.error));
  }
}
