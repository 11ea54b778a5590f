import {
  type Connection,
  type ConnectionInfo,
  type Limits,
  resolveLimits,
  type Server,
  type ServerEvent,
  type ServerStats,
  type Service,
  serve,
} from "../core/mod.ts";
import { BrokenInvariant } from "./broken_invariant.ts";
import { CountedClock } from "./counted_clock.ts";
import { type ManualClock, manualClock } from "./manual_clock.ts";
import { type Random, seededRandom } from "./random.ts";
import { ServedModel } from "./served_model.ts";
import type { ServiceTap } from "./service_tap.ts";
import type { SimulatedConnection } from "./simulated_connection.ts";
import { type SimulatedNetwork, type SimulatedNetworkOptions, simulatedNetwork } from "./simulated_network.ts";
import { SimulatedProcess } from "./simulated_process.ts";
import { TakenConnection } from "./taken_connection.ts";
import { tickEnd } from "./tick.ts";
import { Trace } from "./trace.ts";
import { watched } from "./watched_service.ts";
import { watchedTransport } from "./watched_transport.ts";

/** Longer than any server with default limits takes to end: anything left after it is a leak. */
const LONGEST_END_MS = 24 * 3_600_000;

const REAL = "connections are real, and begin once";

/** One action on a simulated world. */
export interface Step {
  /** The instant, in virtual milliseconds. */
  readonly at: number;
  /** The text in the trace; none, if what happens then is there anyway. */
  readonly label?: string;
  readonly run: (world: Simulation) => void;
}

/** The parts of a simulation. */
export interface SimulationParts {
  readonly seed: number;
  /** Makes the service, once the clock exists. */
  readonly service: (clock: ManualClock) => Service<never, never, never>;
  /** The clock and the process, if the service was made before. */
  readonly clock?: ManualClock;
  readonly process?: SimulatedProcess;
  readonly network?: SimulatedNetwork;
  readonly invariants: readonly Invariant[];
  readonly conditions?: SimulatedNetworkOptions["conditions"];
  /** Whether the lines of the trace are kept. */
  readonly keepTrace?: boolean;
  /** The observer of the service's calls, if there is one. */
  readonly tap?: ServiceTap;
  /** Called before time moves on, for work that does not wait for the clock. */
  readonly beforeMove?: () => Promise<void>;
  /** Whether a failure is not to count. */
  readonly ignores?: (failure: unknown) => boolean;
  /** Called when the server has finished and its clients have left, before the last checks. */
  readonly onLeft?: (world: Simulation) => void;
}

/** A property of every server that always holds, checked by a simulation. */
export abstract class Invariant {
  /** The name in messages. */
  abstract readonly name: string;
  /** The number of checks so far. */
  checks = 0;

  /** Called when the server reports an event. */
  onEvent?(event: ServerEvent, world: Simulation): void;
  /** Called for each open connection when all consequences of one event have happened. */
  onSettled?(model: ServedModel, world: Simulation): void;
  /** Called once when all consequences of one event have happened. */
  onTick?(world: Simulation): void;
  /** Called in the tick in which the server finishes. */
  onFinished?(world: Simulation): void;
  /** Called when the server has finished and all clients have left. */
  onEnd?(world: Simulation): void;

  /** @throws {BrokenInvariant} `kept` is false */
  protected expect(kept: boolean, message: () => string): void {
    this.checks += 1;
    if (!kept) throw new BrokenInvariant(this.name, message());
  }
}

/** A server on a simulated network, and the state that the invariants check. */
export class Simulation {
  readonly clock: ManualClock;
  /** The process that the server and the service run in; and the server's own view of its clock. */
  readonly process: SimulatedProcess;
  readonly serverClock: CountedClock;
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  server!: Server;
  /** The server's statistics in this tick. */
  stats!: ServerStats;
  /** The connections that the server has taken from its listener, by id; and those of them that are in their establish steps. */
  readonly taken: Map<number, TakenConnection> = new Map();
  readonly undecided: Set<TakenConnection> = new Set();
  /** The connections that got a session, by id; and those of them that are open. */
  readonly served: Map<number, ServedModel> = new Map();
  readonly open: Set<ServedModel> = new Set();
  /** The connections that were taken, as the network sees them. */
  readonly accepted: Set<SimulatedConnection> = new Set();
  /** Counts of events and faults. */
  readonly tally: Map<string, number> = new Map();
  /** The total of clock jumps and process stalls, and the time limit of the drain; both in milliseconds. */
  jumped = 0;
  drainTimeoutMs: number;
  /** Whether the server was asked to drain. */
  asked = false;
  /** Whether the listener has closed, or is about to: the server then drains without a request. */
  deaf = false;
  /** Whether the server drains, has drained, or is in the grace period before: connections may be closing. */
  draining = false;
  /** The last instant at which handlers had to wait for those of other connections. */
  crowdedAt: number = -Infinity;
  /** The number of ticks of the clock. */
  events = 0;
  /** The first failure. */
  failure: unknown;
  /** The units of work in this tick: frames handed to handlers, and frames of streams. */
  work = 0;
  /** The limits of the service, defaults included. */
  readonly limits: Limits;
  /** Whether connections beyond `maxConnections` wait, and whether connections have steps before their session. */
  readonly waitsForRoom: boolean;
  readonly hasSteps: boolean;
  readonly tap: ServiceTap | undefined;
  /** The instant of the drain, at the latest. */
  until = 0;
  readonly #parts: SimulationParts;
  readonly #service: Service<never, never, never>;
  readonly #invariants: readonly Invariant[];
  /** Callbacks that make the clients leave after the server has finished. */
  readonly #leavers = new Set<() => void>();
  readonly #random: Random;
  #stalledUntil = -Infinity;
  #finished = false;
  #finishedBefore = false;

  constructor(parts: SimulationParts) {
    const { seed, conditions } = parts;
    this.#parts = parts;
    this.clock = parts.clock ?? manualClock();
    this.process = parts.process ?? new SimulatedProcess(this.clock);
    this.serverClock = new CountedClock(this.process);
    this.tap = parts.tap;
    this.#service = parts.service(this.process);
    this.limits = resolveLimits(this.#service);
    this.waitsForRoom = this.#service.beyondMaxConnections !== "reject";
    this.hasSteps = (this.#service.establish ?? []).length > 0;
    this.#invariants = parts.invariants;
    this.network =
      parts.network ??
      simulatedNetwork({ clock: this.clock, seed, process: this.process, ...(conditions && { conditions }) });
    this.#random = seededRandom(seed).fork("server");
    this.trace = new Trace(parts.keepTrace ?? false);
    this.drainTimeoutMs = this.limits.drainTimeoutMs;
  }

  get now(): number {
    return this.clock.now();
  }

  /** Runs the steps, which must be sorted, and goes on until `until`; then drains the server, and runs until nothing is left. */
  async run(steps: readonly Step[], until: number): Promise<void> {
    this.until = until;
    try {
      const service = watched(this.#service, this);
      const observer = (event: ServerEvent) => this.#observe(event);
      const transport = watchedTransport(this.network, (connection) => this.#take(connection));
      this.server = (await serve(transport, {
        ...service,
        port: 0,
        clock: this.serverClock,
        observer,
        random: () => this.#random.next() / 2 ** 32,
      })) as unknown as Server;
      this.server.finished.then(
        () => this.#finish(),
        () => this.#finish(),
      );
      this.#schedule(steps, 0);
      await tickEnd();
      this.#endTick();
      while (this.failure === undefined && this.clock.next <= this.until) await this.#tick();
      if (this.failure === undefined) await this.#end();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Whether nothing remains to happen at this instant, and the process does not stall. */
  get settled(): boolean {
    return this.clock.next > this.now && !this.process.stalled;
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  /** Whether a frame may have to wait for the handlers of other connections. */
  get crowded(): boolean {
    return this.stats.handlers >= this.limits.maxConcurrentHandlers;
  }

  /** Moves the clock without firing its timers. */
  jump(ms: number): void {
    this.jumped += ms;
    this.clock.jump(ms);
  }

  /** Stalls the server's process as a whole. */
  stall(ms: number): void {
    this.jumped += ms;
    this.#stalledUntil = Math.max(this.#stalledUntil, this.now + ms);
    this.process.stall(ms);
  }

  /** The rest of the current stall of the process, in milliseconds. */
  get stallLeftMs(): number {
    return Math.max(0, this.#stalledUntil - this.now);
  }

  /** Drains the server, after the optional grace period. A second call cuts off the connections that are left. */
  shutdown(timeoutMs: number, graceMs?: number): void {
    if (this.#finished) return;
    this.drainTimeoutMs = this.asked ? this.drainTimeoutMs : timeoutMs;
    this.asked = true;
    this.process.receive(
      () => void this.server.shutdown({ timeoutMs, ...(graceMs !== undefined && { graceMs }) }).catch(() => undefined),
    );
  }

  /** Returns the model of a connection that got a session. */
  modelOf({ id }: ConnectionInfo): ServedModel {
    return this.served.get(id) as ServedModel;
  }

  /** Registers `leave`, which is called when the server has finished. */
  onEnd(leave: () => void): void {
    this.#leavers.add(leave);
  }

  /** Ends the simulation with a failure. */
  fail(error: unknown): void {
    if (this.#parts.ignores?.(error) === true) this.count("ignored");
    else this.failure ??= error;
  }

  #finish(): void {
    this.#finished = true;
    this.trace.add(0, "finished");
  }

  #schedule(steps: readonly Step[], index: number): void {
    const step = steps[index];
    if (step === undefined) return;
    this.clock.setTimeout(() => {
      this.#schedule(steps, index + 1);
      if (step.label !== undefined) this.trace.add(0, step.label);
      step.run(this);
    }, step.at - this.clock.now());
  }

  async #tick(): Promise<void> {
    if (this.#parts.beforeMove !== undefined && this.clock.next > this.now) await this.#parts.beforeMove();
    await this.clock.step();
    this.#endTick();
  }

  #endTick(): void {
    this.events += 1;
    const instant = this.now;
    for (const model of this.open) model.update(instant, this.process.stalled);
    this.trace.endTick(instant);
    const before = this.events > 1 && this.crowded;
    this.stats = this.server.stats();
    if (before || this.crowded) this.crowdedAt = instant;
    try {
      const finished = this.#finished && !this.#finishedBefore;
      this.#finishedBefore = this.#finished;
      for (const invariant of this.#invariants) {
        if (finished) invariant.onFinished?.(this);
        invariant.onTick?.(this);
        if (invariant.onSettled !== undefined) for (const model of this.open) invariant.onSettled(model, this);
      }
    } catch (error) {
      this.fail(error);
    }
    for (const model of this.open) if (!model.live) this.open.delete(model);
    this.work = 0;
  }

  async #end(): Promise<void> {
    if (!this.asked) this.shutdown(this.drainTimeoutMs);
    const limit = this.clock.now() + LONGEST_END_MS;
    await tickEnd();
    this.#endTick();
    while (this.failure === undefined && !this.#finished && this.clock.next <= limit) await this.#tick();
    if (this.failure === undefined && !this.#finished)
      throw new BrokenInvariant("the drain ends", "the server never finished");
    for (const leave of this.#leavers) leave();
    this.#parts.onLeft?.(this);
    while (this.failure === undefined && this.clock.next <= limit) await this.#tick();
    if (this.failure !== undefined) return;
    for (const invariant of this.#invariants) invariant.onEnd?.(this);
  }

  #observe(event: ServerEvent): void {
    this.count(event.type);
    try {
      this.#note(event);
      for (const invariant of this.#invariants) invariant.onEvent?.(event, this);
    } catch (error) {
      this.fail(error);
    }
  }

  #note(event: ServerEvent): void {
    switch (event.type) {
      case "connection-opened": {
        const { link } = this.#decide(event.connection, "opened");
        const model = new ServedModel(event.connection, link, this.now);
        this.served.set(event.connection.id, model);
        this.open.add(model);
        return this.#say(event.connection, "opened");
      }
      case "connection-closed": {
        const model = this.modelOf(event.connection);
        model.closed ??= event;
        model.closedAt = this.now;
        this.count(`reason ${event.reason}`);
        const { bytesIn, bytesOut, framesIn, framesOut, framesDropped } = event;
        const carried = [bytesIn, bytesOut, framesIn, framesOut, framesDropped].join(" ");
        return this.#say(event.connection, `closed ${event.reason} ${carried}`);
      }
      case "establish-failed":
        this.#decide(event.connection, "refused", event.error.code);
        this.count(`establish ${event.error.code}`);
        return this.#say(event.connection, `establish-failed ${event.error.code} ${event.durationMs}`);
      case "frame-error":
      case "handler-error":
        return this.#say(event.connection, `${event.type} ${event.error.code}`);
      case "slow-consumer":
        return this.#say(event.connection, `slow-consumer ${event.waitingBytes} ${event.waitingFrames}`);
      case "accept-error":
        this.count(`accept-error ${event.error.code}`);
        return this.trace.add(0, `accept-error ${event.error.code} ${event.retryInMs ?? "for good"}`);
      case "bus-up":
      case "bus-down":
      case "bus-gap":
      case "bus-error":
        this.count(event.type);
        return this.trace.add(0, event.type);
      case "connections-full":
      case "connections-available":
        return;
      case "accepting-stopped":
        this.draining = true;
        return this.trace.add(0, `accepting-stopped ${event.connections} ${event.graceMs ?? ""}`);
      case "draining":
        this.draining = true;
        if (this.deaf && !this.asked) this.count("accept-error listener-closed");
        return this.trace.add(0, `draining ${event.connections}`);
      case "drained":
        return this.trace.add(0, `drained ${event.drained} aborted ${event.aborted}`);
      case "listening":
        return this.trace.add(0, "listening");
    }
  }

  /** Notes a connection that the server takes. With one listener, connections get their ids in the order of taking. */
  #take({ remoteAddress }: Connection): void {
    const link = this.network.connectionFrom(remoteAddress.port ?? 0);
    if (link === undefined) return this.fail(new BrokenInvariant(REAL, "a connection that nobody made"));
    const taken = new TakenConnection(this.taken.size + 1, link, this.now);
    this.taken.set(taken.id, taken);
    this.undecided.add(taken);
    this.accepted.add(link);
  }

  #decide({ id }: ConnectionInfo, outcome: "opened" | "refused", refusal?: string): TakenConnection {
    const taken = this.taken.get(id);
    if (taken === undefined) throw new BrokenInvariant(REAL, `connection ${id}, which nobody made`);
    if (!taken.decide(outcome, refusal)) {
      throw new BrokenInvariant(REAL, `connection ${id} is ${outcome}, and was ${taken.outcome} before`);
    }
    this.undecided.delete(taken);
    return taken;
  }

  #say({ id }: ConnectionInfo, text: string): void {
    this.trace.add(2 * id, `connection ${id} ${text}`);
  }
}
