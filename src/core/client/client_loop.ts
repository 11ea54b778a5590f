import { Deadline, DeadlineQueue } from "../deadline.ts";
import { EndOfTurn, type TurnOwner } from "../end_of_turn.ts";
import { type CloseReason, type ErrorCode, SpillwayError } from "../errors.ts";
import type { ConnectionInfo } from "../exchange.ts";
import { codecError } from "../faults.ts";
import { Groups } from "../group.ts";
import { keepAliveOf } from "../limits.ts";
import type { DrainResult, ServerEvent } from "../observer.ts";
import { Permits } from "../permits.ts";
import { SessionLoop } from "../session_loop.ts";
import type { SessionSettings } from "../session_settings.ts";
import { add, NO_TRAFFIC, type Traffic } from "../traffic.ts";
import type { Connection, Transport } from "../transport.ts";
import type { ClientEnd, ClientEvent } from "./client_observer.ts";
import type { ClientSettings } from "./client_options.ts";
import { dial } from "./dial.ts";
import { Pushes } from "./pushes.ts";
import { Reconnection, type ReconnectionEvents } from "./reconnection.ts";
import { Requests, type RequestsEvents } from "./requests.ts";
import { withoutFaults } from "./without_faults.ts";

/**
 * Runs a client: a session whose frames are matched to requests instead of being handled, and another one when that is lost.
 *
 * - **Owns** the connection, the requests and the pushes.
 * - **Pushes back**: sends requests while the outbox has room, and takes frames while the pushes have.
 * - **On abort** rejects every request and drops the pushes.
 */
export class ClientLoop<In, Out> implements RequestsEvents, ReconnectionEvents, TurnOwner {
  readonly closed: Promise<ClientEnd>;
  readonly settings: ClientSettings<In, Out>;
  readonly requests: Requests<In, Out>;
  readonly pushes: Pushes<In>;
  connectionCount = 0;
  observerErrors = 0;
  readonly #transport: Transport;
  readonly #deadlines: DeadlineQueue;
  readonly #sessionSettings: SessionSettings<In, Out, undefined>;
  readonly #reconnection: Reconnection | undefined;
  readonly #drainDeadline = new Deadline({ onDeadline: () => this.#abort("drain-timeout", "the drain's time was up") });
  #session: SessionLoop<In, Out, undefined> | undefined;
  /** What the connections that are over have carried. */
  #past: Traffic = NO_TRAFFIC;
  /** How the last of them ended. */
  #end: ClientEnd = { reason: "drained" };
  /** There may be room for requests that wait: looks when the turn ends. */
  #sendingAtTurnEnd = false;
  /** Waits for room in the outbox. */
  #flushing = false;
  /** `close` or `abort` was called: takes no more requests, and this connection is the last. */
  #closing = false;
  #over = false;
  #drain: Promise<DrainResult> | undefined;
  /** Requests that its end has rejected. */
  #rejected = 0;
  #resolveClosed!: (end: ClientEnd) => void;

  constructor(transport: Transport, settings: ClientSettings<In, Out>) {
    const { clock, maxPendingRequests, maxPushes, random, reconnect, requestTimeoutMs } = settings;
    const deadlines = new DeadlineQueue(clock);
    this.#transport = transport;
    this.settings = settings;
    this.#deadlines = deadlines;
    this.requests = new Requests(maxPendingRequests, requestTimeoutMs, clock, deadlines, this);
    this.pushes = new Pushes(maxPushes);
    this.#sessionSettings = this.#makeSessionSettings();
    if (reconnect !== undefined) this.#reconnection = new Reconnection(reconnect, random, clock, deadlines, this);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Where it is connected to, if it is. */
  get connection(): ConnectionInfo | undefined {
    return this.#session?.session.connection;
  }

  get session(): SessionLoop<In, Out, undefined>["session"] | undefined {
    return this.#session?.session;
  }

  /** There once `close` was called. */
  get drain(): Promise<DrainResult> | undefined {
    return this.#drain;
  }

  get traffic(): Traffic {
    return this.#session === undefined ? this.#past : add(this.#past, this.#session.traffic);
  }

  dial(signal: AbortSignal | undefined): Promise<Connection> {
    const { clock, connectTimeoutMs, hostname, limits, port } = this.settings;
    const deadlines = this.#deadlines;
    return dial(
      this.#transport,
      { hostname, port, connectTimeoutMs, ...keepAliveOf(limits), clock, deadlines },
      signal,
    );
  }

  request(frame: Out, signal: AbortSignal | undefined, timeoutMs: number): Promise<In> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closing || this.#over) return Promise.reject(this.#closedError());
    const reply = this.requests.add(frame, signal, timeoutMs);
    this.#sendRequests();
    return reply;
  }

  /** Takes no more requests, waits for what is on its way, and closes in order. A second call aborts. */
  close(timeoutMs: number): Promise<DrainResult> {
    if (this.#drain === undefined) {
      this.#drain = this.#whenDrained(this.requests.unsettled);
      this.#startDrain(timeoutMs);
    } else this.#abort("drain-timeout", "the drain was forced");
    return this.#drain;
  }

  abort(): void {
    this.pushes.drop();
    this.#abort("aborted", "the client was aborted");
  }

  onConnected(connection: Connection): void {
    const { localAddress, remoteAddress } = connection;
    const info = { id: this.connectionCount + 1, remoteAddress, localAddress };
    this.#session = this.#open(connection, info);
    this.connectionCount += 1;
    this.observe({ type: "connection-opened", connection: info });
    this.#session.start();
    this.#sendRequests();
  }

  onGivenUp(error: SpillwayError | undefined): void {
    this.#finish(error === undefined ? this.#end : { reason: "connection-failed", error });
  }

  onSettled(): void {
    this.#stopWhenAnswered();
    if (this.#sendingAtTurnEnd || this.requests.waiting === 0) return;
    this.#sendingAtTurnEnd = true;
    this.#sessionSettings.endOfTurn.add(this);
  }

  onUnanswered(): void {
    // The replies may be here, behind pushes that nobody takes.
    if (this.pushes.holding) return;
    const error = new SpillwayError("request-timeout", "nothing that was asked is answered any more");
    this.#session?.abort("request-timeout", error);
  }

  /** What was received with a reply is no answer to what is sent now. */
  onTurnEnd(): void {
    this.#sendingAtTurnEnd = false;
    this.#sendRequests();
  }

  observe(event: ClientEvent): void {
    try {
      this.settings.observer?.(event);
    } catch {
      this.observerErrors += 1;
    }
  }

  #makeSessionSettings(): SessionSettings<In, Out, undefined> {
    const { clock, codec, limits, onSlowConsumer } = this.settings;
    return {
      codec: withoutFaults(codec),
      handler: (frame) => this.#onFrame(frame),
      hooks: undefined,
      handshake: false,
      // A bad frame may have been a reply: behind it, nothing would match.
      onInvalidFrame: "close",
      onSlowConsumer,
      limits,
      clock,
      deadlines: this.#deadlines,
      permits: new Permits(limits.maxConcurrentHandlers),
      asked: this.requests,
      groups: new Groups(),
      endOfTurn: new EndOfTurn(clock),
      observe: (event) => this.#onEvent(event as ClientEvent & ServerEvent),
      onOver: (session) => this.#onOver(session),
    };
  }

  #open(connection: Connection, info: ConnectionInfo): SessionLoop<In, Out, undefined> {
    try {
      return new SessionLoop(connection, info, this.#sessionSettings);
    } catch (cause) {
      const error = codecError(cause);
      connection.abort(error);
      throw error;
    }
  }

  #onFrame(frame: In): Promise<undefined> | undefined {
    this.#reconnection?.prove();
    const isPush = this.settings.isPush(frame);
    return !isPush && this.requests.answer(frame) ? undefined : this.pushes.add(frame);
  }

  #sendRequests(): void {
    const session = this.#session;
    if (session === undefined || !session.sendable) return;
    this.requests.send(session.outbox);
    if (this.requests.waiting > 0 && !session.outbox.roomy && !this.#flushing) void this.#sendWhenFlushed(session);
  }

  async #sendWhenFlushed({ outbox }: SessionLoop<In, Out, undefined>): Promise<void> {
    this.#flushing = true;
    await outbox.flushed();
    this.#flushing = false;
    this.#sendRequests();
  }

  #onEvent(event: ClientEvent): void {
    this.observe(event);
    if (event.type === "frame-error" || event.type === "handler-error") {
      // The connection may take its time to end: nobody needs to wait for that.
      this.#rejectSent(event.error.code, event.error);
    } else if (event.type === "connection-closed") {
      const { reason, error } = event;
      this.#end = error === undefined ? { reason } : { reason, error };
    }
  }

  #onOver(session: SessionLoop<In, Out, undefined>): void {
    const { reason, error } = this.#end;
    this.#past = add(this.#past, session.traffic);
    this.#session = undefined;
    this.pushes.dropHeld();
    this.#rejectSent(reason, error);
    if (this.#closing || this.#reconnection === undefined) this.#finish(this.#end);
    else this.#reconnection.lose(this.#end, session.openedAt);
  }

  #rejectSent(code: ErrorCode, cause: SpillwayError | undefined): void {
    const message = "the connection ended before the reply came: whether the request was carried out is unknown";
    this.#rejected += this.requests.rejectSent(new SpillwayError(code, message, causedBy(cause)));
  }

  #startDrain(timeoutMs: number): void {
    this.#closing = true;
    this.observe({ type: "draining", requests: this.requests.unsettled });
    if (this.#over) return;
    this.#drainDeadline.at = this.settings.clock.now() + timeoutMs;
    this.#deadlines.arm(this.#drainDeadline);
    this.pushes.stopWaiting();
    if (this.#session === undefined) this.#finish({ reason: "drained" });
    else this.#stopWhenAnswered();
  }

  #stopWhenAnswered(): void {
    if (this.#closing && this.requests.unsettled === 0) this.#session?.stop("drained");
  }

  async #whenDrained(requests: number): Promise<DrainResult> {
    const before = this.#rejected;
    await this.closed;
    const aborted = this.#rejected - before;
    const result = { drained: requests - aborted, aborted };
    this.observe({ type: "drained", ...result });
    return result;
  }

  #abort(reason: CloseReason, message: string): void {
    const error = new SpillwayError(reason, message);
    this.#closing = true;
    this.pushes.stopWaiting();
    if (this.#session === undefined) this.#finish({ reason, error });
    else this.#session.abort(reason, error);
  }

  #finish(end: ClientEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#end = end;
    this.#deadlines.disarm(this.#drainDeadline);
    this.#reconnection?.stop();
    this.#rejected += this.requests.rejectWaiting(this.#closedError());
    this.pushes.end(end.error);
    this.observe({ type: "client-closed", ...end });
    this.#resolveClosed(end);
  }

  #closedError(): SpillwayError {
    return new SpillwayError(
      "client-closed",
      "the client is closed: the request was not sent",
      causedBy(this.#end.error),
    );
  }
}

function causedBy(cause: SpillwayError | undefined): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}
