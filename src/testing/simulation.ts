import {
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
import type { SimulatedConnection } from "./simulated_connection.ts";
import { type SimulatedNetwork, type SimulatedNetworkOptions, simulatedNetwork } from "./simulated_network.ts";
import { SimulatedProcess } from "./simulated_process.ts";
import { tickEnd } from "./tick.ts";
import { Trace } from "./trace.ts";
import { watched } from "./watched_service.ts";

/** Longer than any default of a server may take to end: what is there then was left behind. */
const LONGEST_END_MS = 24 * 3_600_000;

/** Something that is done to a simulated world. */
export interface Step {
  /** The instant, in virtual milliseconds. */
  readonly at: number;
  /** As the trace shows it. */
  readonly label: string;
  readonly run: (world: Simulation) => void;
}

/** What a simulation is made of. */
export interface SimulationParts {
  readonly seed: number;
  /** Made once the clock is there. */
  readonly service: (clock: ManualClock) => Service<never, never, never>;
  readonly invariants: readonly Invariant[];
  readonly conditions?: SimulatedNetworkOptions["conditions"];
  /** Keeps the lines of the trace. */
  readonly keepTrace?: boolean;
}

/** What always holds of a server, checked by a simulation. */
export abstract class Invariant {
  /** As it is printed. */
  abstract readonly name: string;
  /** How often it was checked. */
  checks = 0;

  /** The server reported something. */
  onEvent?(event: ServerEvent, world: Simulation): void;
  /** All that follows from one event has happened: for each connection that is not over. */
  onSettled?(model: ServedModel, world: Simulation): void;
  /** The same, once for all. */
  onTick?(world: Simulation): void;
  /** The server has finished, in this tick. */
  onFinished?(world: Simulation): void;
  /** The server has finished, and everybody has left. */
  onEnd?(world: Simulation): void;

  /** @throws {BrokenInvariant} `kept` is false */
  protected expect(kept: boolean, message: () => string): void {
    this.checks += 1;
    if (!kept) throw new BrokenInvariant(this.name, message());
  }
}

/** A server on a simulated network, and all that is known of it. */
export class Simulation {
  readonly clock: ManualClock = manualClock();
  /** What the server and the service run in; and the server's own view of it. */
  readonly process: SimulatedProcess = new SimulatedProcess(this.clock);
  readonly serverClock: CountedClock = new CountedClock(this.process);
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  server!: Server;
  /** Of this tick. */
  stats!: ServerStats;
  /** Connections that the server has accepted, by their id; and those of them that are not over. */
  readonly served: Map<number, ServedModel> = new Map();
  readonly open: Set<ServedModel> = new Set();
  /** What the server has accepted, as the network sees it. */
  readonly accepted: Set<SimulatedConnection> = new Set();
  /** How often what was done, or happened. */
  readonly tally: Map<string, number> = new Map();
  /** How far the clock has jumped, or the process has stalled, and how long the drain may take. */
  jumped = 0;
  drainTimeoutMs: number;
  /** Whether the server was asked to drain. */
  asked = false;
  /** Whether its listener has closed, or is about to: then it drains, though nobody has asked. */
  deaf = false;
  /** Whether it drains, or has, or gives a grace before: connections may be on their way out. */
  draining = false;
  /** When handlers last had to wait for those of other connections. */
  crowdedAt: number = -Infinity;
  /** Ticks of the clock. */
  events = 0;
  /** What went wrong, first. */
  failure: unknown;
  /** Units of work of this tick: frames that were handed to handlers, and frames of streams. */
  work = 0;
  /** Defaults included. */
  readonly limits: Limits;
  readonly #service: Service<never, never, never>;
  readonly #invariants: readonly Invariant[];
  /** What clients do when it is over. */
  readonly #leavers = new Set<() => void>();
  readonly #random: Random;
  #stalledUntil = -Infinity;
  #finished = false;
  #finishedBefore = false;

  constructor(parts: SimulationParts) {
    const { seed, conditions } = parts;
    this.#service = parts.service(this.process);
    this.limits = resolveLimits(this.#service);
    this.#invariants = parts.invariants;
    this.network = simulatedNetwork({
      clock: this.clock,
      seed,
      process: this.process,
      ...(conditions && { conditions }),
    });
    this.#random = seededRandom(seed).fork("server");
    this.trace = new Trace(parts.keepTrace ?? false);
    this.drainTimeoutMs = this.limits.drainTimeoutMs;
  }

  get now(): number {
    return this.clock.now();
  }

  /** Does the steps, which are sorted, and goes on until `until`; then drains the server, and sees everything to its end. */
  async run(steps: readonly Step[], until: number): Promise<void> {
    try {
      const service = watched(this.#service, this);
      const observer = (event: ServerEvent) => this.#observe(event);
      this.server = (await serve(this.network, {
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
      while (this.failure === undefined && this.clock.next <= until) await this.#tick();
      if (this.failure === undefined) await this.#end();
    } catch (error) {
      this.failure ??= error;
    }
  }

  /** Whether all has happened that is to happen at this instant, and the process does not stall. */
  get settled(): boolean {
    return this.clock.next > this.now && !this.process.stalled;
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  /** Whether a frame may wait for the handlers of other connections. */
  get crowded(): boolean {
    return this.stats.handlers >= this.limits.maxConcurrentHandlers;
  }

  /** Time passes, and no timer notices. */
  jump(ms: number): void {
    this.jumped += ms;
    this.clock.jump(ms);
  }

  /** The server's process stalls as a whole. */
  stall(ms: number): void {
    this.jumped += ms;
    this.#stalledUntil = Math.max(this.#stalledUntil, this.now + ms);
    this.process.stall(ms);
  }

  /** How long the process stalls from now on. */
  get stallLeftMs(): number {
    return Math.max(0, this.#stalledUntil - this.now);
  }

  /** Drains the server, after a grace if there is to be one; if that is under way, cuts off what is left. */
  shutdown(timeoutMs: number, graceMs?: number): void {
    if (this.#finished) return;
    this.drainTimeoutMs = this.asked ? this.drainTimeoutMs : timeoutMs;
    this.asked = true;
    this.process.receive(
      () => void this.server.shutdown({ timeoutMs, ...(graceMs !== undefined && { graceMs }) }).catch(() => undefined),
    );
  }

  /** A connection that the server has accepted. */
  modelOf({ id }: ConnectionInfo): ServedModel {
    return this.served.get(id) as ServedModel;
  }

  /** `leave` is called when the server is no more. */
  onEnd(leave: () => void): void {
    this.#leavers.add(leave);
  }

  /** Stops here, with that failure. */
  fail(error: unknown): void {
    this.failure ??= error;
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
      this.trace.add(0, step.label);
      step.run(this);
    }, step.at - this.clock.now());
  }

  async #tick(): Promise<void> {
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
    while (this.failure === undefined && this.clock.next <= limit) await this.#tick();
    if (this.failure !== undefined) return;
    for (const invariant of this.#invariants) invariant.onEnd?.(this);
  }

  #observe(event: ServerEvent): void {
    this.#note(event);
    this.count(event.type);
    try {
      for (const invariant of this.#invariants) invariant.onEvent?.(event, this);
    } catch (error) {
      this.fail(error);
    }
  }

  #note(event: ServerEvent): void {
    switch (event.type) {
      case "connection-opened": {
        const link = this.network.connectionFrom(event.connection.remoteAddress.port ?? 0);
        if (link === undefined) throw new BrokenInvariant("connections are real", "a connection that nobody made");
        const model = new ServedModel(event.connection, link, this.now);
        this.served.set(event.connection.id, model);
        this.open.add(model);
        this.accepted.add(link);
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
      case "frame-error":
      case "handler-error":
        return this.#say(event.connection, `${event.type} ${event.error.code}`);
      case "slow-consumer":
        return this.#say(event.connection, `slow-consumer ${event.waitingBytes} ${event.waitingFrames}`);
      case "accept-error":
        this.count(`accept-error ${event.error.code}`);
        return this.trace.add(0, `accept-error ${event.error.code} ${event.retryInMs ?? "for good"}`);
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

  #say({ id }: ConnectionInfo, text: string): void {
    this.trace.add(2 * id, `connection ${id} ${text}`);
  }
}
