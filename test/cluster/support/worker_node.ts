import { ChildChannel } from "../../../src/cluster/child_channel.ts";
import type { Assignment, Envelope, ToWorker } from "../../../src/cluster/messages.ts";
import { WORKER_PROTOCOL } from "../../../src/cluster/protocol_version.ts";
import { serveOnLink } from "../../../src/cluster/serve_worker.ts";
import type { Exit, ProcessOwner, WorkerProcess } from "../../../src/cluster/worker.ts";
import type { WorkerHost } from "../../../src/cluster/worker_host.ts";
import { WorkerLink } from "../../../src/cluster/worker_link.ts";
import {
  type CloseReason,
  lines,
  type Server,
  type ServerEvent,
  type Session,
  type Transport,
} from "../../../src/core/mod.ts";
import { SimulatedProcess } from "../../../src/testing/mod.ts";
import { PATIENT_MS } from "./cluster_scenario.ts";
import type { ClusterWorld } from "./cluster_world.ts";
import { type Counts, GROUPS, Heard, noCounts } from "./heard.ts";
import { processBus } from "./process_bus.ts";
import { withResident } from "./resident.ts";
import type { SupervisorNode } from "./supervisor_node.ts";

/** How a worker starts: as it should, slowly, never, or it ends with an error. */
export type StartKind = "well" | "slowly" | "never" | "badly";

export const MOST_BUS_BYTES = 20_000;
const BROADCASTS = 3;
const BROADCAST_PAUSE_MS = 20;
const LOADING_MS: Record<StartKind, number> = { well: 150, slowly: 4_000, never: Infinity, badly: 150 };

/**
 * The process of a worker: a server of Spillway and the real link to its supervisor, on a simulated network, with a clock of its
 * own. Its peers ask for echoes; one that is in the process hears every broadcast.
 */
export class WorkerNode implements WorkerProcess {
  readonly pid: number;
  readonly slot: number;
  readonly process: SimulatedProcess;
  readonly supervisor: SupervisorNode;
  server: Server<string, string> | undefined;
  /** The requests that its handler got. */
  readonly handled = new Set<string>();
  /** The connections that it took, by the ports of the peers, and why they were closed. */
  readonly taken = new Map<number, CloseReason | undefined>();
  readonly sent: Counts = noCounts();
  readonly heard = new Heard();
  /** The broadcasts of each other worker before this one was started; and until both had known each other for a while. */
  readonly least = new Map<WorkerNode, Counts>();
  readonly base = new Map<WorkerNode, Counts>();
  /** Whether it was stopped, or killed, or spun, or failed to start: it owes nothing any more. */
  hurt = false;
  /** Whether it has paused, if only for a moment. */
  paused = false;
  /** Whether it was told to abort what remains. */
  forced = false;
  drainingSince = Infinity;
  /** The grace of its drain, once it drains. */
  graceMs: number | undefined;
  exit: Exit | undefined;
  readonly #world: ClusterWorld;
  readonly #owner: ProcessOwner;
  readonly #host: Host;
  readonly #channel = new ChildChannel((message, handle) => this.#toWorker(message, handle), true);
  #link: WorkerLink | undefined;
  #hasResident = false;

  constructor(world: ClusterWorld, supervisor: SupervisorNode, slot: number, owner: ProcessOwner) {
    this.#world = world;
    this.#owner = owner;
    this.supervisor = supervisor;
    this.slot = slot;
    this.pid = world.workers.length + 1;
    this.process = new SimulatedProcess(world.clock);
    const { address, workers } = supervisor;
    const target = { hostname: address.hostname, port: address.port };
    const { fd } = world.scenario.inherits ? supervisor.held : {};
    const assignment: Assignment = {
      version: WORKER_PROTOCOL.version,
      slot,
      workers,
      sockets: [{ place: `tcp://${target.hostname}:${target.port}`, target, address, ...(fd !== undefined && { fd }) }],
      inheritor: 0,
    };
    this.#host = new Host(
      assignment,
      (message) => this.#toSupervisor(message),
      (code) => this.end(code, null),
    );
    const kind = world.takeStartKind();
    if (kind === "never" || kind === "badly") this.hurt = true;
    this.process.setTimeout(() => void this.#run(kind), LOADING_MS.well);
  }

  get name(): string {
    return `worker ${this.pid}`;
  }

  /** Whether it accepts connections now. */
  get accepts(): boolean {
    return this.exit === undefined && !this.process.stalled && this.server?.state === "listening";
  }

  // The supervisor's side.

  send(message: ToWorker): void {
    if (message.type === "force") this.#onForce();
    if (message.type === "drain") this.graceMs ??= message.graceMs ?? 0;
    this.#channel.send(message);
  }

  kill(): void {
    if (this.exit !== undefined) return;
    // One that is about to say that it is ready serves already.
    if (!this.hurt && !this.forced && this.server !== undefined) {
      this.#world.fail("no healthy worker is killed", `${this.name} was killed by its supervisor`);
    }
    this.end(null, "SIGKILL");
  }

  // What happens to it.

  /** It is killed, or pauses for so long: what it owes is excused, but for a pause that its supervisor waits for. */
  hurtBy(what: string, ms: number = Infinity): void {
    if (ms > PATIENT_MS || this.paused) this.hurt = true;
    this.paused = true;
    this.supervisor.excuse(this.slot);
    this.#world.note(this.pid, `${this.name} ${what}`);
    // It catches up in a few ticks.
    if (ms <= PATIENT_MS) this.#world.clock.setTimeout(() => this.supervisor.require(this), ms + 1);
  }

  /** SIGTERM. */
  terminate(): void {
    this.supervisor.excuse(this.slot);
    this.process.receive(() => {
      if (this.#link === undefined) this.end(null, "SIGTERM");
      else if (!this.#link.isDraining) {
        this.graceMs = 0;
        void this.server?.shutdown();
      }
    });
  }

  /** The supervisor has ended, and the channel with it. Nobody else would end a worker that is stopped. */
  abandon(): void {
    this.graceMs ??= 0;
    this.process.continue();
    this.#world.wires.send(this.pid, () => this.process.receive(() => this.#host.close()));
  }

  end(code: number | null, signal: string | null): void {
    if (this.exit !== undefined) return;
    const exit = { code, signal };
    this.exit = exit;
    if (code !== 0) this.supervisor.excuse(this.slot);
    this.process.kill();
    this.#world.onEnded(this);
    this.#world.wires.send(this.pid, () => this.supervisor.process.receive(() => this.#owner.onExit(exit)));
  }

  /** Ends the process, if nothing keeps it alive. */
  endIfDone(): void {
    const { network } = this.#world;
    if (this.exit !== undefined || this.#host.connected || this.server?.state !== "closed") return;
    if (this.process.pending > 0) return;
    for (const port of this.taken.keys()) if (network.connectionFrom(port)?.farOver === false) return;
    this.end(0, null);
  }

  // What it does.

  async #run(kind: StartKind): Promise<void> {
    try {
      const { clock, network, bus } = this.#world;
      const own = network.transportOf(this.process);
      const transport: Transport = withResident(own, (line) => this.#hear(line));
      const link = await WorkerLink.join(this.#host, transport);
      await this.#pause(LOADING_MS[kind]);
      if (kind === "badly") throw new Error("the service does not load");
      this.#link = link;
      const random = this.#world.random.fork(this.name);
      this.server = await serveOnLink<string, string, unknown>(link, {
        codec: lines(),
        concurrency: 4,
        idleTimeoutMs: Infinity,
        maxOutboundFrames: Infinity,
        clock: this.process,
        random: () => random.next() / 2 ** 32,
        bus: { via: processBus(bus, clock, this.process), maxWaitingBytes: MOST_BUS_BYTES },
        observer: (event) => this.#observe(event),
        onGap: (gap) => {
          this.heard.noteGap(gap);
          this.#world.note(
            this.pid,
            `${this.name} misses ${gap.missed} of ${this.#world.nameOf(gap.origin)}: ${gap.why}`,
          );
        },
        onConnect: (session) => this.#onConnect(session),
        handler: (line, { session }) => this.#handle(line, session),
      });
      link.serving(this.server);
    } catch {
      this.end(1, null);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (ms < Infinity) this.process.setTimeout(resolve, ms);
    });
  }

  #onConnect(session: Session<string>): void {
    if (!this.#hasResident) {
      this.#hasResident = true;
      for (const group of GROUPS) session.join(group);
      return;
    }
    const { port = 0 } = session.connection.remoteAddress;
    this.taken.set(port, undefined);
    this.#world.takers.set(port, this);
  }

  #observe(event: ServerEvent): void {
    if (event.type === "connection-closed") {
      const { port = 0 } = event.connection.remoteAddress;
      if (this.taken.has(port)) this.taken.set(port, event.reason);
    }
    if (event.type === "accepting-stopped" || event.type === "draining") {
      this.drainingSince = Math.min(this.drainingSince, this.#world.clock.now());
    }
  }

  async #handle(line: string, session: Session<string>): Promise<string> {
    const [request = "", verb, argument = ""] = line.split(" ");
    this.handled.add(request);
    if (verb === "slow") await this.#pause(Number(argument));
    if (verb === "join") session.join(argument);
    if (verb === "say") await this.#say(argument, request, session);
    return request;
  }

  /** Broadcasts a few frames, each in a message of its own. */
  async #say(group: string, request: string, session: Session<string>): Promise<void> {
    for (let count = 0; count < BROADCASTS; count++) {
      if (count > 0) await this.#pause(BROADCAST_PAUSE_MS);
      const number = (this.sent[group] ?? 0) + 1;
      this.sent[group] = number;
      this.server?.group(group).broadcast(`@${this.pid} ${group} ${number} ${request}`, { except: session });
    }
  }

  #hear(line: string): void {
    const [, pid = "", group = "", number] = /^@(\d+) (\w) (\d+) /.exec(line) ?? [];
    const wrong = this.heard.note(pid, group, Number(number));
    if (wrong !== undefined) this.#world.fail("broadcasts come once, in order", `${this.name}: ${wrong}`);
  }

  #toWorker(message: ToWorker, handle?: object): void {
    this.#world.wires.send(this.pid, () =>
      this.process.receive(() => this.#host.tell(structuredClone(message), handle)),
    );
  }

  #toSupervisor({ spillway: message }: Envelope): void {
    this.#world.wires.send(this.pid, () =>
      this.supervisor.process.receive(() => {
        this.#channel.onMessage(message);
        const isSent = message.type === "up" && !this.#world.scenario.inherits;
        if (isSent) this.#channel.sendSocket(0, this.supervisor.held.handle as object);
        this.#owner.onMessage(structuredClone(message));
      }),
    );
  }

  #onForce(): void {
    this.forced = true;
    const { drainPatienceMs } = this.supervisor;
    if (!this.hurt && this.#world.clock.now() - this.drainingSince >= drainPatienceMs) {
      this.#world.fail("healthy workers drain in time", `${this.name} drained for ${drainPatienceMs} ms`);
    }
  }
}

/** The process of a worker, as the real link sees it. */
class Host implements WorkerHost {
  readonly env: Record<string, string | undefined>;
  readonly exit: (code: number) => void;
  connected = true;
  readonly #say: (message: Envelope) => void;
  readonly #hearers: ((message: ToWorker, handle?: object) => void)[] = [];
  readonly #leavers: (() => void)[] = [];

  constructor(assignment: Assignment, say: (message: Envelope) => void, exit: (code: number) => void) {
    this.env = { SPILLWAY_WORKER: JSON.stringify(assignment) };
    this.#say = say;
    this.exit = exit;
  }

  send(message: Envelope): void {
    this.#say(message);
  }

  on(event: "message" | "disconnect", listener: (...heard: never[]) => void): void {
    if (event === "message") this.#hearers.push(listener as (message: ToWorker, handle?: object) => void);
    else this.#leavers.push(listener);
  }

  disconnect(): void {
    this.close();
  }

  tell(message: ToWorker, handle?: object): void {
    if (this.connected) for (const hear of this.#hearers) hear(message, handle);
  }

  /** The channel is closed, by whichever end. */
  close(): void {
    if (!this.connected) return;
    this.connected = false;
    for (const leave of this.#leavers) leave();
  }
}
