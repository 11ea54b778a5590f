import type { WorkerInfo } from "../../../src/cluster/cluster_event.ts";
import { WorkerSupervisor } from "../../../src/cluster/supervisor.ts";
import type { HeldSocket, TcpAddress } from "../../../src/core/mod.ts";
import { SimulatedProcess } from "../../../src/testing/mod.ts";
import type { ClusterWorld } from "./cluster_world.ts";
import { WorkerNode } from "./worker_node.ts";

const BEAT_MS = 1_000;
const PATIENCE = { starting: 8, silent: 6, draining: 15, forced: 5 } as const;
const ADDRESS = { hostname: "127.0.0.1", port: 4_000, backlog: 64 };
/** The new supervisor has so long to get ready. */
const UPGRADE_MS = 3 * PATIENCE.starting * BEAT_MS;
/** Workers that drain, for each slot, before the oldest is forced. */
const MOST_DRAINING = 4;

/** The process of a supervisor: the real one, with workers that are simulated. */
export class SupervisorNode {
  readonly process: SimulatedProcess;
  readonly held: HeldSocket;
  readonly number: number;
  readonly supervisor: WorkerSupervisor;
  readonly nodes: WorkerNode[] = [];
  /** The slots that need not have a worker which accepts, until one is ready there. */
  readonly #excused = new Set<number>();
  readonly #world: ClusterWorld;
  /** Whether it has been told to end, or another one takes over. */
  retired = false;
  #upgrading = false;

  /** Binds the socket, or takes that of another supervisor, and starts the workers. @throws {SpillwayError} as `hold` */
  static async start(world: ClusterWorld, from?: SupervisorNode): Promise<SupervisorNode> {
    const process = new SimulatedProcess(world.clock);
    const transport = world.network.transportOf(process);
    const socket = from === undefined ? ADDRESS : { fd: from.held.fd as number, backlog: ADDRESS.backlog };
    const held = await transport.hold?.(socket);
    return new SupervisorNode(world, process, held as HeldSocket);
  }

  private constructor(world: ClusterWorld, process: SimulatedProcess, held: HeldSocket) {
    this.#world = world;
    this.process = process;
    this.held = held;
    this.number = world.supervisors.length + 1;
    world.supervisors.push(this);
    for (let slot = 1; slot <= this.workers; slot++) this.#excused.add(slot);
    this.supervisor = new WorkerSupervisor({
      workers: this.workers,
      clock: process,
      beatMs: BEAT_MS,
      patience: PATIENCE,
      graceMs: world.scenario.graceMs,
      start: (slot, owner) => {
        const node = new WorkerNode(world, this, slot, owner);
        this.nodes.push(node);
        world.onStarted(node);
        return node;
      },
      refusal: () => undefined,
      observe: (event) => {
        if (event.type === "worker-ready") this.#onReady(event.worker);
        const { pid = "" } = "worker" in event ? event.worker : {};
        const why = "why" in event ? `: ${event.why}` : "";
        world.note(0, `supervisor ${this.number} ${event.type} ${pid}${why}`);
      },
    });
    void this.supervisor.finished.then(() => this.#end());
  }

  get workers(): number {
    return this.#world.scenario.workers;
  }

  get address(): TcpAddress {
    return this.held.address as TcpAddress;
  }

  /** Whether it keeps its workers running. */
  get runs(): boolean {
    const { phase } = this.supervisor;
    return !this.process.ended && !this.retired && (phase === "starting" || phase === "running");
  }

  get drainPatienceMs(): number {
    return (this.#world.scenario.graceMs ?? 0) + PATIENCE.draining * BEAT_MS;
  }

  get alive(): WorkerNode[] {
    return this.nodes.filter(({ exit }) => exit === undefined);
  }

  /** The slot need not have a worker which accepts, until one is ready. */
  excuse(slot: number): void {
    this.#excused.add(slot);
  }

  /** The word may have waited: the worker may be stopped since. */
  #onReady({ pid }: WorkerInfo): void {
    for (const node of this.alive) if (node.pid === pid) this.require(node);
  }

  /** The worker accepts, so that its slot has one from now on. */
  require({ accepts, slot }: WorkerNode): void {
    if (accepts) this.#excused.delete(slot);
  }

  reload(): void {
    this.process.receive(() => void this.supervisor.reload());
  }

  /** Lets one worker drain; another one takes its place. */
  drainWorker(slot: number): void {
    this.process.receive(() => {
      if (this.supervisor.drainWorker(slot)) this.excuse(slot);
    });
  }

  /** Starts the next supervisor with the same socket, and retires when that is ready. */
  async upgrade(): Promise<void> {
    if (this.#upgrading || this.supervisor.phase !== "running") return;
    this.#upgrading = true;
    const next = await SupervisorNode.start(this.#world, this);
    const settle = (isReady: boolean) => {
      if (!this.#upgrading) return;
      this.#upgrading = false;
      this.process.clearTimeout(late);
      if (!isReady) return next.kill();
      this.retired = true;
      void this.supervisor.retire(this.#world.scenario.graceMs);
    };
    const late = this.process.setTimeout(() => settle(false), UPGRADE_MS);
    const told = (isReady: boolean) => () => this.process.receive(() => settle(isReady));
    next.supervisor.ready.then(told(true), told(false));
    next.process.onKill(told(false));
  }

  shutdown(): void {
    this.retired = true;
    this.process.receive(() => void this.supervisor.shutdown(this.#world.scenario.graceMs));
  }

  kill(): void {
    if (this.process.ended) return;
    this.#end();
    for (const node of this.alive) node.abandon();
  }

  /** Checks the invariants that hold at every instant. */
  check(): void {
    if (this.process.ended) return;
    const { alive } = this;
    const forced = alive.filter((node) => node.forced).length;
    const most = this.workers + 1 + MOST_DRAINING * this.workers + forced;
    if (alive.length > most) {
      this.#world.fail(
        "the number of processes is bounded",
        `${alive.length} workers of supervisor ${this.number} live`,
      );
    }
    if (!this.runs) return;
    for (let slot = 1; slot <= this.workers; slot++) {
      if (this.#excused.has(slot) || alive.some((node) => node.slot === slot && node.accepts)) continue;
      this.#world.fail(
        "a healthy slot always accepts",
        `no worker of slot ${slot} of supervisor ${this.number} accepts`,
      );
    }
  }

  #end(): void {
    this.process.kill();
    this.#world.onSupervisorEnded(this);
  }
}
