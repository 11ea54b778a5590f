import { Agenda } from "../../../src/testing/agenda.ts";
import { BrokenInvariant } from "../../../src/testing/broken_invariant.ts";
import {
  type LinkConditions,
  type ManualClock,
  type MemoryBus,
  manualClock,
  memoryBus,
  type Random,
  type SimulatedNetwork,
  seededRandom,
  simulatedNetwork,
} from "../../../src/testing/mod.ts";
import { tickEnd } from "../../../src/testing/tick.ts";
import { Trace } from "../../../src/testing/trace.ts";
import { ClusterClient } from "./cluster_client.ts";
import { type ClusterAct, type ClusterScenario, clusterActText, PATIENT_MS } from "./cluster_scenario.ts";
import { noCounts } from "./heard.ts";
import { SupervisorNode } from "./supervisor_node.ts";
import { MOST_BUS_BYTES, type StartKind, type WorkerNode } from "./worker_node.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 4_000 };
/** The control topic of the bus: what is lost there delays a report, and makes none. */
const CONTROL_TOPIC = 256;
const CHANNEL_MS = 0.25;
/** The bus drops what has waited for so long; and it connects again within the same time. */
const LONGEST_WAIT_MS = 20_000;
/** Servers on a bus know each other so long after the later one was started. */
const ACQUAINTED_MS = 3_000;
/** Longer than any pause before a worker is started again, and any patience. */
const QUIET_MS = 90_000;
const DRAINED_MS = 60_000;
/** systemd starts a service again after so long, and then tries as often. */
const RESTART_MS = 100;
/** The bus is looked at once in so many ticks: that takes longer than all else. */
const LOOKS = 16;
/** A message more than the limit: batches are added whole. */
const MOST_SLACK_BYTES = 3_000;

/** A network on which no healthy drain takes too long. */
function conditions(random: Random): LinkConditions {
  return {
    latencyMs: random.pick([0, 1, 10, 80]),
    jitterMs: random.pick([0, 0, 0.2, 5]),
    bytesPerSecond: random.pick([100_000, Infinity]),
    bufferBytes: random.pick([4_096, 65_536]),
    cutting: random.pick(["fine", "coarse", "none"] as const),
  };
}

/** Channels between processes: messages of one keep their order. */
class Wires {
  readonly #agenda: Agenda;

  constructor(clock: ManualClock) {
    this.#agenda = new Agenda(clock);
  }

  send(channel: number, deliver: () => void): void {
    this.#agenda.add(this.#agenda.now() + CHANNEL_MS, channel, deliver);
  }
}

/** A cluster of simulated processes, its clients and its bus. */
export class ClusterWorld {
  readonly scenario: ClusterScenario;
  readonly clock: ManualClock = manualClock();
  readonly wires: Wires = new Wires(this.clock);
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly bus: MemoryBus;
  readonly trace: Trace;
  readonly tally = new Map<string, number>();
  readonly supervisors: SupervisorNode[] = [];
  readonly workers: WorkerNode[] = [];
  readonly clients: ClusterClient[] = [];
  /** The worker that took the connection from a port. */
  readonly takers = new Map<number, WorkerNode>();
  /** The last instant at which there was no supervisor, but perhaps one that ends. */
  unsupervisedAt = 0;
  /** The connections that ended in order, and were compared with what their worker had handled. */
  checked = 0;
  events = 0;
  failure: BrokenInvariant | undefined;
  readonly #starts: StartKind[] = [];
  /** Broadcasts that the bus has yet to lose; the instant until which it was in trouble. */
  #toLose = 0;
  #troubledUntil = -Infinity;
  #ending = false;

  constructor(scenario: ClusterScenario, keepTrace: boolean) {
    const { seed } = scenario;
    this.scenario = scenario;
    this.random = seededRandom(seed);
    this.trace = new Trace(keepTrace);
    this.network = simulatedNetwork({ clock: this.clock, seed, conditions });
    this.bus = memoryBus({
      maxQueuedBytes: MOST_BUS_BYTES,
      loses: ({ from, to, topic }) => {
        if (this.#toLose === 0 || topic === CONTROL_TOPIC || from === to) return false;
        this.#toLose -= 1;
        this.count("broadcasts lost");
        return true;
      },
    });
  }

  /** Plays everything, and then checks what must hold in the end. */
  async run(): Promise<void> {
    const { acts, spanMs } = this.scenario;
    await this.#startSupervisor();
    this.#schedule(acts, 0);
    await this.#until(spanMs);
    this.#calm();
    await this.#until(this.clock.now() + QUIET_MS);
    if (this.failure === undefined) this.#checkQuiet();
    this.#ending = true;
    for (const supervisor of this.supervisors) if (supervisor.runs) supervisor.shutdown();
    await this.#until(this.clock.now() + DRAINED_MS);
    if (this.failure === undefined) this.#checkEnd();
  }

  /** The supervisor that keeps the cluster running. */
  get supervisor(): SupervisorNode | undefined {
    return this.supervisors.findLast(({ runs }) => runs);
  }

  get alive(): WorkerNode[] {
    return this.workers.filter(({ exit }) => exit === undefined);
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  note(whom: number, text: string): void {
    this.trace.add(whom, text);
  }

  fail(invariant: string, message: string): void {
    this.note(-1, `${invariant}: ${message}`);
    this.failure ??= new BrokenInvariant(invariant, message);
  }

  nameOf(origin: string): string {
    return this.workers.find(({ server }) => server?.bus?.origin === origin)?.name ?? origin;
  }

  takeStartKind(): StartKind {
    return this.#starts.shift() ?? "well";
  }

  /** A worker is started: notes what it cannot hear, and later what it must. */
  onStarted(worker: WorkerNode): void {
    const now = this.clock.now();
    this.workers.push(worker);
    for (const other of this.alive) {
      if (other === worker) continue;
      // What waited for the broker may still come.
      worker.least.set(other, now > this.#troubledUntil + LONGEST_WAIT_MS ? { ...other.sent } : noCounts());
      other.least.set(worker, noCounts());
    }
    this.clock.setTimeout(() => {
      for (const other of this.alive) {
        const areUp = [worker, other].every(({ hurt, server }) => !hurt && server?.bus?.stats().up === true);
        if (other === worker || !worker.least.has(other) || !areUp || this.#troubledUntil >= now) continue;
        worker.base.set(other, { ...other.sent });
        other.base.set(worker, { ...worker.sent });
      }
    }, ACQUAINTED_MS);
  }

  onEnded(worker: WorkerNode): void {
    const { code, signal } = worker.exit ?? {};
    this.count(`exit ${signal ?? code}`);
    this.note(worker.pid, `${worker.name} ends with ${signal ?? code}, having handled ${worker.handled.size}`);
  }

  onSupervisorEnded({ number }: SupervisorNode): void {
    this.note(0, `supervisor ${number} ends`);
    if (!this.#ending && this.supervisor === undefined) {
      this.clock.setTimeout(() => void this.#startSupervisor(), RESTART_MS);
    }
  }

  async #startSupervisor(): Promise<void> {
    if (this.supervisor !== undefined) return;
    try {
      await SupervisorNode.start(this);
    } catch {
      // The workers of the one that was killed still listen.
      this.clock.setTimeout(() => void this.#startSupervisor(), RESTART_MS);
    }
  }

  #schedule(acts: readonly ClusterAct[], index: number): void {
    const act = acts[index];
    if (act === undefined) return;
    this.clock.setTimeout(() => {
      this.#schedule(acts, index + 1);
      this.#play(act);
    }, act.at - this.clock.now());
  }

  #play(act: ClusterAct): void {
    const { amount, what, whom } = act;
    const { alive, supervisor } = this;
    const worker = alive[whom % Math.max(1, alive.length)];
    this.note(-2, clusterActText(act));
    this.count(what);
    switch (what) {
      case "connect": {
        const client = new ClusterClient(whom, this);
        this.clients.push(client);
        return void client.run(ADDRESS);
      }
      case "kill":
        worker?.hurtBy("is killed");
        return worker?.end(null, "SIGKILL");
      case "stop":
        worker?.hurtBy("is stopped", amount);
        worker?.process.stop();
        // A longer stop ends only when the supervisor kills the worker.
        if (amount <= PATIENT_MS || worker?.supervisor.process.ended === true) {
          this.clock.setTimeout(() => worker?.process.continue(), amount);
        }
        return;
      case "spin":
        worker?.hurtBy("spins", amount);
        return worker?.process.stall(amount);
      case "terminate":
        return worker?.terminate();
      case "reload":
        return supervisor?.reload();
      case "drain worker":
        return supervisor?.drainWorker(1 + (whom % this.scenario.workers));
      case "bad start":
        this.#starts.push((["never", "badly", "slowly"] as const)[whom % 3] as StartKind);
        return;
      case "supervisor killed":
        return supervisor?.kill();
      case "supervisor stalls":
        return supervisor?.process.stall(amount);
      case "upgrade":
        return void supervisor?.upgrade();
      case "bus loses":
        this.#toLose += Math.min(10, amount);
        return;
      default:
        return this.#trouble(what, whom, amount);
    }
  }

  #trouble(what: ClusterAct["what"], whom: number, ms: number): void {
    const { bus } = this;
    const heal = (act: () => void) => {
      this.#troubledUntil = Math.max(this.#troubledUntil, this.clock.now() + ms);
      this.clock.setTimeout(act, ms);
    };
    if (what === "bus hangs") {
      bus.hang();
      heal(() => bus.resume());
    } else if (what === "bus dies") {
      bus.stop();
      heal(() => bus.start());
    } else {
      bus.cut(bus.connections[whom % Math.max(1, bus.connections.length)] ?? -1);
      heal(() => undefined);
    }
  }

  /** Nothing bad happens any more. */
  #calm(): void {
    this.#starts.length = 0;
    this.#toLose = 0;
  }

  async #until(instant: number): Promise<void> {
    await tickEnd();
    this.#endTick();
    while (this.failure === undefined && this.clock.next <= instant) {
      await this.clock.step();
      this.#endTick();
    }
    if (this.failure === undefined) await this.clock.advance(instant - this.clock.now());
  }

  #endTick(): void {
    this.events += 1;
    for (const worker of this.alive) {
      worker.endIfDone();
      if (this.events % LOOKS !== 0) continue;
      const { waitingBytes = 0, waitingInboundBytes = 0 } = worker.server?.bus?.stats() ?? {};
      if (Math.max(waitingBytes, waitingInboundBytes) > MOST_BUS_BYTES + MOST_SLACK_BYTES) {
        this.fail(
          "memory is bounded",
          `${worker.name} has ${waitingBytes} and ${waitingInboundBytes} bytes of the bus`,
        );
      }
    }
    if (this.supervisor === undefined) this.unsupervisedAt = this.clock.now();
    for (const supervisor of this.supervisors) supervisor.check();
    this.trace.endTick(this.clock.now());
  }

  /** Long after the last fault: everything runs again, and everybody knows what they have missed. */
  #checkQuiet(): void {
    const { alive, supervisor, scenario } = this;
    const waiting = this.clients.filter(({ end }) => end === undefined).map(({ number }) => number);
    if (waiting.length > 0) this.fail("every client is served", `clients ${waiting.join(", ")} still wait`);
    const slots = new Set(alive.filter(({ accepts }) => accepts).map(({ slot }) => slot));
    if (
      alive.length !== scenario.workers ||
      slots.size !== alive.length ||
      supervisor?.supervisor.serving !== alive.length
    ) {
      this.fail("all workers serve again", `${alive.length} of ${scenario.workers} live, in ${slots.size} slots`);
    }
    for (const hearer of alive) for (const speaker of this.workers) this.#checkHeard(hearer, speaker);
  }

  #checkHeard(hearer: WorkerNode, speaker: WorkerNode): void {
    const origin = speaker.server?.bus?.origin;
    if (origin === undefined) return;
    const least = hearer.least.get(speaker) ?? noCounts();
    // Nobody knows what one that has ended would have said.
    const base = speaker === hearer ? noCounts() : hearer.base.get(speaker);
    const wrong = hearer.heard.check(
      { pid: speaker.pid, origin },
      speaker.sent,
      least,
      speaker.exit === undefined ? base : "none",
    );
    if (wrong !== undefined) this.fail("gaps are exact", `${hearer.name}: ${wrong}`);
  }

  /** After the shutdown nothing is left. */
  #checkEnd(): void {
    const left = {
      workers: this.alive.length,
      connections: this.network.connections.length,
      listening: this.network.listening,
      underWay: this.network.pending,
      bus: this.bus.connections.length,
      timers: this.clock.pending,
    };
    if (Object.values(left).some((count) => count > 0)) this.fail("nothing is left behind", JSON.stringify(left));
  }
}
