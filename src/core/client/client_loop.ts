import { type CloseReason, type ErrorCode, SpillwayError } from "../errors/errors.ts";
import { codecError } from "../errors/faults.ts";
import { checkSignal } from "../options/abort_signal.ts";
import { checkDuration } from "../options/limits.ts";
import type { Outbox } from "../output/outbox.ts";
import type { SendResult } from "../output/send_result.ts";
import type { DrainResult, ServerEvent } from "../session/observer.ts";
import { ServedSession } from "../session/served_session.ts";
import type { SessionSettings } from "../session/session_settings.ts";
import { add, NO_TRAFFIC, type Traffic } from "../session/traffic.ts";
import { Deadline, DeadlineQueue } from "../time/deadline.ts";
import type { TickOwner } from "../time/end_of_tick.ts";
import { schedulerOf } from "../time/scheduler.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { Connection, Transport } from "../transport/transport.ts";
import { ClientConnection, type ClientConnectionEvents } from "./client_connection.ts";
import { clientClosed, connectionOver, endedEarly, unanswered } from "./client_errors.ts";
import type { ClientEnd, ClientEvent } from "./client_event.ts";
import { ClientReporting } from "./client_reporting.ts";
import { type ClientSessionOwner, ConnectedSession } from "./client_session.ts";
import { clientSessionSettings } from "./client_session_settings.ts";
import type { ClientSettings } from "./client_settings.ts";
import { connectAborted, dial } from "./dial.ts";
import { Heartbeat, type HeartbeatEvents } from "./heartbeat.ts";
import { Hosts } from "./hosts.ts";
import { Pushes } from "./pushes.ts";
import { Reconnection, type ReconnectionEvents } from "./reconnection.ts";
import type { RequestOptions } from "./request.ts";
import { Requests, type RequestsEvents } from "./requests.ts";

type Events<In, Out> = RequestsEvents & ReconnectionEvents & HeartbeatEvents & Owner<In, Out>;
type Owner<In, Out> = ClientConnectionEvents<In, Out> & ClientSessionOwner<In, Out>;

/**
 * Runs a client: a session whose frames are matched to requests instead of being handled, and another one when that is lost.
 *
 * - **Owns** the connection, the requests and the pushes.
 * - **Pushes back**: sends requests while the outbox has room, and takes frames while the pushes have.
 * - **On abort** rejects every request and drops the pushes.
 */
export class ClientLoop<In, Out> implements Events<In, Out>, TickOwner {
  readonly closed: Promise<ClientEnd>;
  readonly settings: ClientSettings<In, Out>;
  readonly requests: Requests<In, Out>;
  readonly pushes: Pushes<In>;
  connectionCount = 0;
  readonly #transport: Transport;
  readonly #reporting: ClientReporting;
  readonly #deadlines: DeadlineQueue;
  readonly #sessionSettings: SessionSettings<In, Out, undefined>;
  readonly #hosts: Hosts;
  readonly #reconnection: Reconnection | undefined;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #drainDeadline = new Deadline({ onDeadline: () => this.#abort("drain-timeout", "the drain's time was up") });
  #current: ClientConnection<In, Out> | undefined;
  /** `connect` waits until the first connection is ready: tells it that, or why it will not be. */
  #first: ((error?: SpillwayError) => void) | undefined;
  /** What the connections that are over have carried. */
  #past: Traffic = NO_TRAFFIC;
  /** How the last of them ended. */
  #end: ClientEnd = { reason: "drained" };
  /** There may be room for requests that wait: looks when the tick ends. */
  #sendingAtTickEnd = false;
  /** Waits for room in the outbox. */
  #flushing = false;
  /** `close` or `abort` was called: takes no more requests, and this connection is the last. */
  #closing = false;
  #over = false;
  #drain: Promise<DrainResult> | undefined;
  /** Requests that its end has rejected, and those that `onConnect` has added since `close` was called. */
  #rejected = 0;
  #late = 0;
  #resolveClosed!: (end: ClientEnd) => void;

  constructor(transport: Transport, settings: ClientSettings<In, Out>, observer?: (event: ClientEvent) => void) {
    const { clock, heartbeat, hosts, maxPushes, random, reconnect } = settings;
    const deadlines = new DeadlineQueue(clock);
    const scheduler = schedulerOf(clock, transport);
    this.#transport = transport;
    this.#reporting = new ClientReporting(observer, clock);
    this.settings = settings;
    this.#deadlines = deadlines;
    this.requests = new Requests(settings, clock, deadlines, this);
    this.pushes = new Pushes(maxPushes, scheduler);
    this.#sessionSettings = clientSessionSettings(settings, deadlines, scheduler, {
      asked: this.requests,
      handler: (frame) => this.#onFrame(frame),
      observe: (event) => this.#onEvent(event as ClientEvent & ServerEvent),
    });
    this.#hosts = new Hosts(settings);
    if (heartbeat !== undefined) this.#heartbeat = new Heartbeat(heartbeat, clock, deadlines, this);
    if (reconnect !== undefined) {
      this.#reconnection = new Reconnection(reconnect, hosts.length, random, clock, deadlines, this);
    }
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Where it is connected to, if it is. */
  get connection(): ConnectionInfo | undefined {
    return this.session?.connection;
  }

  get session(): ServedSession<In, Out, undefined> | undefined {
    return this.#current?.session;
  }

  get bytesIn(): number {
    return this.#current?.session.inbox.bytesIn ?? 0;
  }

  get heardAt(): number {
    return this.#current?.session.inbox.heardAt ?? 0;
  }

  get observerErrors(): number {
    return this.#reporting.observerErrors;
  }

  /** There once `close` was called. */
  get drain(): Promise<DrainResult> | undefined {
    return this.#drain;
  }

  get traffic(): Traffic {
    return this.#current === undefined ? this.#past : add(this.#past, this.#current.session.traffic);
  }

  /** The first connection: fulfils when it is ready. @throws {SpillwayError} why there is none; then the client is closed */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const open = async () => this.#openFirst(await this.dial(signal), signal);
    try {
      await this.#hosts.tryEach(open, () => this.#closing || signal?.aborted === true);
    } catch (error) {
      this.#closing = true;
      if (this.connectionCount > 0) this.#finish(this.#end);
      throw error;
    }
  }

  dial(signal: AbortSignal | undefined): Promise<Connection> {
    const { clock, connectTimeoutMs } = this.settings;
    const deadlines = this.#deadlines;
    return dial(this.#transport, { to: this.#hosts.next(), connectTimeoutMs, clock, deadlines }, signal);
  }

  request(frame: Out, signal: AbortSignal | undefined, timeoutMs: number): Promise<In> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closing || this.#over) return Promise.reject(clientClosed(this.#end.error));
    const reply = this.requests.add(frame, signal, timeoutMs, false);
    this.#sendRequests();
    return reply;
  }

  send(frame: Out): SendResult {
    return this.#current?.send(frame) ?? "closed";
  }

  /** A request for that connection alone. */
  requestOn(session: ServedSession<In, Out, undefined>, frame: Out, options: RequestOptions): Promise<In> {
    const { signal, timeoutMs = this.settings.requestTimeoutMs } = options;
    checkSignal(signal);
    checkDuration("timeoutMs", timeoutMs);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const current = this.#current;
    if (current?.session !== session || !current.sendable) return Promise.reject(connectionOver());
    // Of a client that drains, only `onConnect` may go on.
    if (this.#closing && current.ready) return Promise.reject(clientClosed(this.#end.error));
    if (this.#closing) this.#late += 1;
    const reply = this.requests.add(frame, signal, timeoutMs, true);
    this.#sendRequests();
    return reply;
  }

  /** Ends the present connection, and makes the next without a pause. @throws {TypeError} there is no next one */
  reconnect(): void {
    if (this.#reconnection === undefined) throw new TypeError("reconnect() needs the option reconnect");
    if (this.#first !== undefined) throw new TypeError("reconnect() before connect() is done");
    if (this.#closing || this.#over) return;
    this.#reconnection.hurry();
    this.#current?.session.breakOff("aborted", new SpillwayError("aborted", "the client reconnects"));
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
    const session = this.#open(connection, info);
    const current = new ClientConnection(session, this.settings, this.#deadlines, this);
    this.#current = current;
    this.connectionCount += 1;
    // Before anybody is told: who is may send something at once.
    session.start();
    this.observe({ type: "connection-opened", connection: info });
    // Who was told may have ended it.
    if (current.sendable) current.prepare(new ConnectedSession(session, this));
  }

  onReady(): void {
    this.#first?.();
    this.#heartbeat?.start();
    this.#sendRequests();
  }

  onFailed({ session }: ClientConnection<In, Out>, error: SpillwayError): void {
    this.#onEvent({ type: "handler-error", connection: session.connection, error });
    // A push that finds no room would hold up the end.
    this.pushes.dropHeld();
  }

  onGivenUp(error: SpillwayError | undefined): void {
    this.#finish(error === undefined ? this.#end : { reason: "connection-failed", error });
  }

  onSettled(): void {
    this.#stopWhenAnswered();
    if (this.requests.waiting > 0) this.#sendAtTickEnd();
  }

  onUnanswered(): void {
    // The replies may be here, behind pushes that nobody takes.
    if (this.pushes.holding) return;
    const error = new SpillwayError("request-timeout", "nothing that was asked is answered any more");
    this.#current?.session.breakOff("request-timeout", error);
  }

  sendBeat(): boolean {
    return this.#current?.beat(this.requests) === true;
  }

  /** What was received with a reply is no answer to what is sent now. */
  onTickEnd(): void {
    this.#sendingAtTickEnd = false;
    this.#sendRequests();
  }

  observe(event: ClientEvent): void {
    this.#reporting.observe(event);
  }

  #open(connection: Connection, info: ConnectionInfo): ServedSession<In, Out, undefined> {
    try {
      return new ServedSession(connection, info, this.#sessionSettings, { onOver: (session) => this.#onOver(session) });
    } catch (cause) {
      const error = codecError(cause);
      connection.abort(error);
      throw error;
    }
  }

  /** Fulfils when the first connection is ready. */
  #openFirst(connection: Connection, signal: AbortSignal | undefined): Promise<void> {
    if (this.#closing) {
      connection.abort();
      return Promise.reject(clientClosed(this.#end.error));
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#current?.session.breakOff("aborted", connectAborted(signal));
      const settle = (error?: SpillwayError) => {
        this.#first = undefined;
        signal?.removeEventListener("abort", onAbort);
        if (error === undefined) resolve();
        else reject(signal?.aborted ? connectAborted(signal) : error);
      };
      signal?.addEventListener("abort", onAbort);
      this.#first = settle;
      try {
        this.onConnected(connection);
      } catch (error) {
        settle(error as SpillwayError);
      }
    });
  }

  #onFrame(frame: In): Promise<undefined> | undefined {
    const kind = this.#current?.kindOf(frame);
    if (kind === "beat") return undefined;
    if (kind === "push" || !this.requests.answer(frame)) return this.pushes.add(frame);
    if (this.#current?.ready === true) this.#reconnection?.prove();
    return undefined;
  }

  #sendRequests(): void {
    const current = this.#current;
    if (current?.sendable !== true) return;
    // What is sent while a frame is looked at must not be taken for what it answers.
    if (current.judging) return this.#sendAtTickEnd();
    const { outbox } = current.session;
    this.requests.send(outbox, !current.ready);
    if (this.requests.waiting > 0 && !outbox.roomy && !this.#flushing) void this.#sendWhenFlushed(outbox);
  }

  async #sendWhenFlushed(outbox: Outbox<Out>): Promise<void> {
    this.#flushing = true;
    await outbox.flushed();
    this.#flushing = false;
    this.#sendRequests();
  }

  #sendAtTickEnd(): void {
    if (this.#sendingAtTickEnd) return;
    this.#sendingAtTickEnd = true;
    this.#sessionSettings.endOfTick.add(this);
  }

  /** Before an observer gets it: what that calls must find things as they are. */
  #onEvent(event: ClientEvent): void {
    if (event.type === "frame-error" || event.type === "handler-error") {
      if (this.#current !== undefined) this.#current.failed = true;
      // The connection may take its time to end: nobody needs to wait for that.
      this.#rejectSent(event.error.code, event.error);
    } else if (event.type === "connection-closed") {
      const { reason, error } = event;
      this.#end = error === undefined ? { reason } : { reason, error };
    }
    this.observe(event);
  }

  #onOver(session: ServedSession<In, Out, undefined>): void {
    const { reason, error } = this.#end;
    const first = this.#first;
    const aliveMs = this.#current?.aliveMs ?? 0;
    this.#past = add(this.#past, session.traffic);
    this.#current?.end();
    this.#current = undefined;
    this.#heartbeat?.stop();
    this.pushes.dropHeld();
    this.#rejectSent(reason, error);
    this.#rejected += this.requests.rejectOwn(connectionOver(error));
    if (first !== undefined) first(this.#closing ? clientClosed(this.#end.error) : (error ?? endedEarly(reason)));
    else if (this.#closing || this.#reconnection === undefined) this.#finish(this.#end);
    else this.#reconnection.lose(this.#end, aliveMs);
  }

  #rejectSent(code: ErrorCode, cause: SpillwayError | undefined): void {
    this.#rejected += this.requests.rejectSent(unanswered(code, cause));
  }

  #startDrain(timeoutMs: number): void {
    this.#closing = true;
    this.observe({ type: "client-draining", requests: this.requests.unsettled });
    if (this.#over) return;
    this.#drainDeadline.at = this.settings.clock.now() + timeoutMs;
    this.#deadlines.arm(this.#drainDeadline);
    this.pushes.stopWaiting();
    if (this.#current === undefined) this.#finish({ reason: "drained" });
    else this.#stopWhenAnswered();
  }

  #stopWhenAnswered(): void {
    if (this.#closing && this.requests.unsettled === 0) this.#current?.session.stop("drained");
  }

  async #whenDrained(requests: number): Promise<DrainResult> {
    const before = this.#rejected;
    await this.closed;
    const aborted = this.#rejected - before;
    const result = { drained: requests + this.#late - aborted, aborted };
    this.observe({ type: "client-drained", ...result });
    return result;
  }

  #abort(reason: CloseReason, message: string): void {
    const error = new SpillwayError(reason, message);
    this.#closing = true;
    this.pushes.stopWaiting();
    if (this.#current === undefined) this.#finish({ reason, error });
    else this.#current.session.breakOff(reason, error);
  }

  #finish(end: ClientEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#end = end;
    this.#deadlines.disarm(this.#drainDeadline);
    this.#reconnection?.stop();
    this.#rejected += this.requests.rejectWaiting(clientClosed(this.#end.error));
    this.pushes.end(end.error);
    this.observe({ type: "client-closed", ...end });
    this.#reporting.end();
    this.#resolveClosed(end);
  }
}
