import type { ServerBus } from "../bus/bus.ts";
import { SpillwayError } from "../errors/errors.ts";
import { codecError } from "../errors/faults.ts";
import { compose } from "../handler/middleware.ts";
import { Semaphore } from "../handler/semaphore.ts";
import type { Group, Recipient, Session } from "../handler/session.ts";
import type { Limits } from "../options/limits.ts";
import { Budgets } from "../output/budgets.ts";
import { ErrorLog } from "../session/error_log.ts";
import { EventSink, listOf } from "../session/event_sink.ts";
import { Groups } from "../session/groups.ts";
import { connectionClosed, type DrainResult, type ObservedServer, type ServerEvent } from "../session/observer.ts";
import { ServedSession, type SessionOwner } from "../session/served_session.ts";
import type { ServerStats } from "../session/server_stats.ts";
import { hooksOf } from "../session/session_hooks.ts";
import type { SessionSettings } from "../session/session_settings.ts";
import { checkShutdown, type ShutdownOptions } from "../session/shutdown_options.ts";
import { add, NO_TRAFFIC, type Traffic } from "../session/traffic.ts";
import { systemClock } from "../time/clock.ts";
import { Deadline, DeadlineQueue } from "../time/deadline.ts";
import { EndOfTick } from "../time/end_of_tick.ts";
import { schedulerOf } from "../time/scheduler.ts";
import { type ConnectionInfo, connectionInfo } from "../transport/connection_info.ts";
import type { Address, Connection, TcpAddress, Transport } from "../transport/transport.ts";
import { Acceptor, type Bound } from "./acceptor.ts";
import { DrainCounts } from "./drain_counts.ts";
import { Fullness } from "./fullness.ts";
import { Grace } from "./grace.ts";
import { Refusals } from "./refusals.ts";
import type { ServeOptions } from "./service.ts";
import { settingsOfProtocols } from "./settings_of_protocols.ts";
import { startBus } from "./start_bus.ts";
import { Tracker } from "./tracker.ts";

/**
 * A running server, created by `serve`: `listening → (accepting stopped →) draining → closed`.
 *
 * **Owns** its listener and every connection that it accepted.
 */
export class Server<In = unknown, Out = unknown, State = unknown> implements AsyncDisposable {
  /** The addresses that the server listens on, in the order of its options. */
  readonly addresses: readonly Address[];
  /**
   * Fulfils when a shutdown is complete. Rejects when accepting failed permanently, after the server has drained. If the rejection is
   * not handled, the runtime reports it, so that a dead listener does not go unnoticed.
   */
  readonly finished: Promise<DrainResult>;
  readonly #options: ServeOptions<In, Out, State>;
  readonly #limits: Limits;
  readonly #settings: SessionSettings<In, Out, State>;
  /** The settings of sessions whose protocol ALPN has chosen, by its name. */
  readonly #protocols: ReadonlyMap<string, SessionSettings<In, Out, State>>;
  readonly #sessionOwner: SessionOwner<In, Out, State> = { onOver: (session) => this.#onOver(session) };
  readonly #events: EventSink<ServerEvent>;
  readonly #groups = new Groups();
  readonly #budgets: Budgets;
  readonly #acceptor: Acceptor;
  readonly #sessions = new Tracker<ServedSession<In, Out, State>>();
  /** Refused connections that get a fault frame. */
  readonly #refusals: Refusals<In, Out, State>;
  /** Sessions that the drain aborted before their output was written. */
  readonly #cutOff = new Set<ServedSession<In, Out, State>>();
  readonly #fullness: Fullness;
  #state: ObservedServer["state"] = "listening";
  /** Whether a shutdown has begun, with its grace or its drain. */
  #ending = false;
  #grace: Grace | undefined;
  /** Tells `finished` that a shutdown has begun. */
  #onEnding: (() => void) | undefined;
  #drain: Promise<DrainResult> | undefined;
  readonly #counts = new DrainCounts();
  /** The traffic of connections that are over. */
  #past: Traffic = NO_TRAFFIC;

  /** Use `serve`. */
  constructor(
    transport: Transport,
    listeners: readonly Bound[],
    limits: Limits,
    options: ServeOptions<In, Out, State>,
    onOver: () => void,
  ) {
    const { clock = systemClock, codec, handler, middleware = [] } = options;
    const observe = (event: ServerEvent) => this.#events.emit(event);
    const scheduler = schedulerOf(clock, transport);
    this.addresses = listeners.map(({ listener }) => listener.address);
    this.#options = options;
    this.#limits = limits;
    this.#refusals = new Refusals(limits.maxConnections);
    this.#events = new EventSink(listOf(options.observer), new ErrorLog(clock), "the observer");
    const deadlines = new DeadlineQueue(clock);
    this.#budgets = new Budgets(limits, clock, deadlines, this.#sessions);
    this.#settings = {
      codec,
      handler: compose(middleware, handler),
      hooks: hooksOf(options),
      authenticates: middleware.some(({ authenticates }) => authenticates === true),
      invalidFrame: options.invalidFrame ?? "close",
      slowConsumer: options.slowConsumer ?? "reset",
      afterReset: options.afterReset ?? "drop",
      limits,
      clock,
      deadlines,
      semaphore: new Semaphore(limits.maxConcurrentHandlers),
      budgets: this.#budgets,
      groups: this.#groups,
      scheduler,
      endOfTick: new EndOfTick(clock, scheduler),
      observe,
    };
    this.#protocols = settingsOfProtocols(options.protocols, this.#settings);
    this.#fullness = new Fullness(limits.maxConnections, this.#settings.deadlines, clock, observe);
    this.#acceptor = new Acceptor(listeners, this.#settings, limits, {
      isFull: (establishing) => this.#isFull(establishing),
      onConnection: (connection, id) => this.#onConnection(connection, id),
      onRoom: () => this.#onRoom(),
      observe,
    });
    for (const address of this.addresses)
      observe({ type: "listening", address, transport: transport.name, server: this });
    startBus(transport, options, this.#settings, this.#groups, observe);
    const { signal } = options;
    const onAbort = () => {
      if (!this.#ending) void this.shutdown();
    };
    this.finished = this.#run().finally(() => {
      signal?.removeEventListener("abort", onAbort);
      onOver();
    });
    // An observer of "listening" may have aborted it.
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort);
  }

  /**
   * The address that the server listens on: the first one that is TCP. `port` is the actual port, even if 0 was given.
   *
   * @throws {TypeError} it listens on no TCP address: see `addresses`
   */
  get address(): TcpAddress {
    for (const address of this.addresses) if (address.path === undefined) return address;
    throw new TypeError("the server has no TCP address: see server.addresses");
  }

  /**
   * The sessions that are open when an iteration begins, oldest first; those that end meanwhile are left out. A session is open until
   * its connection is released.
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway";
   *
   * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line });
   * for (const session of server.sessions) {
   *   if (session.connection.remoteAddress.hostname === "192.0.2.1") session.abort();
   * }
   * console.log([...server.sessions].length); // 0
   * ```
   */
  get sessions(): Iterable<Session<Out, State>> {
    return { [Symbol.iterator]: () => this.#openSessions() };
  }

  /**
   * Returns the group of that name. The group may be empty: a session becomes a member with `session.join(name)`.
   *
   * @throws {TypeError} the name is not a string
   */
  group(this: this, name: string): Group<Out, State> {
    return this.#groups.group(name);
  }

  /** Returns the sessions with a key, in all servers of the bus; or the one session with that `id`. */
  to(this: this, key: string): Recipient<Out> {
    return this.#groups.to(key);
  }

  /** The bus, if the service has one. */
  get bus(): ServerBus | undefined {
    return this.#groups.bus;
  }

  /** The groups that have members, at the beginning of an iteration. */
  get groups(): Iterable<Group<Out, State>> {
    return this.#groups.all();
  }

  /** The state: the server accepts connections, only serves those that it has, ends them, or has ended. */
  get state(): ObservedServer["state"] {
    return this.#state;
  }

  /** Returns a snapshot of the counts. */
  stats(this: this): ServerStats {
    let traffic = this.#past;
    for (const session of this.#sessions) traffic = add(traffic, session.traffic);
    for (const session of this.#refusals) traffic = add(traffic, session.traffic);
    return {
      connections: this.#sessions.size,
      establishing: this.#acceptor.establishing,
      accepted: this.#acceptor.accepted - this.#refusals.count - this.#acceptor.failed - this.#acceptor.establishing,
      establishFailed: this.#acceptor.failed,
      refused: this.#refusals.count,
      handlers: this.#settings.semaphore.used,
      groups: this.#groups.size,
      waitingOutboundBytes: this.#budgets.outbound.used,
      waitingInboundBytes: this.#budgets.inbound.used,
      observerErrors: this.#events.observerErrors,
      ...traffic,
    };
  }

  /**
   * Stops accepting connections. The server continues to serve open connections, and accepted ones that wait for their turn. New
   * connections are refused, so that another server can take them. Usually `shutdown()` follows. A second call has no effect.
   */
  stopAccepting(): void {
    this.#stopAccepting(undefined);
  }

  /**
   * Drains the server: stops accepting, calls `onDrain`, closes idle connections, lets busy ones answer frames that were read in full,
   * and aborts the rest after `timeoutMs`. With `graceMs` it calls `onDrain` and continues to serve before that. A second call aborts
   * at once, in any step. All calls return the same result.
   *
   * @throws {RangeError} a `timeoutMs` or `graceMs` of 0, negative or NaN, or a `graceMs` without end
   *
   * @example
   * ```ts
   * import { lines, serve } from "spillway";
   *
   * const server = await serve({ port: 0, codec: lines(), handler: (line) => line });
   * console.log(await server.shutdown({ graceMs: 30_000, timeoutMs: 5_000 })); // { drained: 0, aborted: 0 }
   * ```
   */
  shutdown(this: this, options: ShutdownOptions = {}): Promise<DrainResult> {
    const { timeoutMs = this.#limits.drainTimeoutMs, graceMs } = checkShutdown(options);
    if (this.#ending) this.#force();
    else this.#drain = this.#end(timeoutMs, graceMs);
    // It is undefined while an observer of `draining` calls this.
    return this.#drain ?? this.finished;
  }

  /** Calls `shutdown()`, or waits for a drain that is under way, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#drain ?? this.shutdown());
  }

  *#openSessions(): Generator<Session<Out, State>, undefined> {
    // The set grows meanwhile.
    const open = [...this.#sessions];
    for (const session of open) if (!session.over) yield session;
  }

  async #run(): Promise<DrainResult> {
    try {
      await this.#acceptor.done;
    } catch (error) {
      await (this.#drain ?? this.shutdown());
      throw error;
    }
    if (this.#state === "accepting-stopped" && !this.#ending) {
      await new Promise<void>((resolve) => {
        this.#onEnding = resolve;
      });
    }
    return this.#drain ?? this.shutdown();
  }

  async #end(timeoutMs: number, graceMs: number | undefined): Promise<DrainResult> {
    this.#ending = true;
    this.#fullness.end();
    if (graceMs !== undefined) await this.#giveGrace(graceMs);
    const drain = this.#startDrain(timeoutMs);
    this.#onEnding?.();
    return drain;
  }

  async #giveGrace(graceMs: number): Promise<void> {
    const { clock, deadlines } = this.#settings;
    const { random = Math.random } = this.#options;
    const grace = new Grace(graceMs, this.#sessions, { clock, deadlines, random });
    this.#grace = grace;
    this.#stopAccepting(graceMs);
    void this.#whenAlone().then(() => grace.end());
    await grace.begin();
    this.#grace = undefined;
  }

  /** Fulfils when nothing more will be accepted, and no connection is left. */
  async #whenAlone(): Promise<void> {
    await this.#acceptor.whenDone();
    await this.#sessions.whenEmpty();
  }

  #stopAccepting(graceMs: number | undefined): void {
    // A grace is observed whether or not accepting had stopped before.
    if (this.#state !== "listening" && (this.#state !== "accepting-stopped" || graceMs === undefined)) return;
    this.#state = "accepting-stopped";
    const connections = this.#sessions.size;
    const type = "accepting-stopped";
    this.#events.emit(graceMs === undefined ? { type, connections } : { type, connections, graceMs });
    this.#acceptor.finish();
  }

  /** Handles a second call of `shutdown`. */
  #force(): void {
    this.#acceptor.stop();
    this.#abortAll("the drain was forced");
    this.#groups.bus?.abort();
    this.#grace?.end();
  }

  async #startDrain(timeoutMs: number): Promise<DrainResult> {
    this.#state = "draining";
    this.#events.emit({ type: "draining", connections: this.#sessions.size });
    this.#acceptor.stop();
    const deadline = new Deadline({ onDeadline: () => this.#abortAll("the drain's time was up") });
    deadline.at = this.#settings.clock.now() + timeoutMs;
    this.#settings.deadlines.arm(deadline);
    for (const session of this.#sessions) session.drain();
    await this.#whenAlone();
    await this.#refusals.whenEmpty();
    await this.#groups.bus?.close();
    this.#settings.deadlines.disarm(deadline);
    const result = this.#counts.result();
    this.#state = "closed";
    this.#events.emit({ type: "drained", ...result });
    this.#events.end();
    return result;
  }

  #abortAll(why: string): void {
    const error = new SpillwayError("drain-timeout", why);
    for (const session of this.#sessions) {
      const known = this.#cutOff.has(session);
      // The session may be over within the call.
      this.#cutOff.add(session);
      if (!session.breakOff("drain-timeout", error) && !known) this.#cutOff.delete(session);
    }
    for (const session of this.#refusals) session.breakOff("too-many-connections", error);
  }

  #isFull(establishing: number): boolean {
    const { maxConnections } = this.#limits;
    const full = this.#sessions.size + establishing >= maxConnections;
    if (!full || this.#options.beyondMaxConnections === "reject") return false;
    if (!this.#ending) this.#fullness.reach();
    return true;
  }

  #onRoom(): void {
    if (this.#sessions.size + this.#acceptor.establishing < this.#limits.maxConnections) this.#fullness.leave();
  }

  #onConnection(connection: Connection, id: number): void {
    const info = connectionInfo(id, connection);
    this.#events.emit({ type: "connection-opened", connection: info });
    const session = this.#open(connection, info);
    if (session === undefined) return this.#onRoom();
    if (this.#sessions.size >= this.#limits.maxConnections) this.#refusals.refuse(session);
    else this.#serve(session);
  }

  #open(connection: Connection, info: ConnectionInfo): ServedSession<In, Out, State> | undefined {
    try {
      const settings = this.#protocols.get(info.tls?.alpn ?? "") ?? this.#settings;
      return new ServedSession(connection, info, settings, this.#sessionOwner);
    } catch (cause) {
      const error = codecError(cause);
      connection.abort(error);
      this.#events.emit({ type: "frame-error", connection: info, error, skipped: false });
      this.#events.emit(connectionClosed(info, "codec-failed", error, NO_TRAFFIC, 0));
      return undefined;
    }
  }

  #serve(session: ServedSession<In, Out, State>): void {
    this.#sessions.add(session);
    session.start();
    session.open();
    if (this.#state === "draining") session.drain();
    else this.#grace?.add(session);
  }

  #onOver(session: ServedSession<In, Out, State>): void {
    this.#past = add(this.#past, session.traffic);
    if (this.#refusals.delete(session)) return;
    if (this.#ending) this.#counts.bytesDiscarded += session.inbox.bytesDiscarded;
    if (this.#cutOff.delete(session)) this.#counts.aborted += 1;
    else if (this.#ending) {
      this.#counts.drained += 1;
      if (session.unconfirmed) this.#counts.unconfirmed += 1;
    }
    this.#sessions.delete(session);
    this.#onRoom();
    this.#acceptor.onRoom();
  }
}
