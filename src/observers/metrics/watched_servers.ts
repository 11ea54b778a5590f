import type { BusStats, ObservedServer, ServerStats } from "../../core/mod.ts";

type State = ObservedServer["state"];
type Totals = Required<ServerStats>;

const NOTHING: Totals = {
  connections: 0,
  establishing: 0,
  accepted: 0,
  establishFailed: 0,
  refused: 0,
  handlers: 0,
  groups: 0,
  waitingOutboundBytes: 0,
  waitingInboundBytes: 0,
  observerErrors: 0,
  bytesIn: 0,
  bytesOut: 0,
  framesIn: 0,
  framesOut: 0,
  framesDropped: 0,
  bytesDiscarded: 0,
};

type BusTotals = Omit<BusStats, "up"> & {
  /** The number of servers whose bus is up. */
  readonly up: number;
};

const NO_BUS: BusTotals = {
  up: 0,
  connects: 0,
  framesSent: 0,
  framesDropped: 0,
  framesRefused: 0,
  framesReceived: 0,
  framesFiltered: 0,
  messagesSent: 0,
  messagesReceived: 0,
  bytesSent: 0,
  bytesReceived: 0,
  waitingBytes: 0,
  waitingInboundBytes: 0,
  gaps: 0,
  framesMissed: 0,
  invalid: 0,
  servers: 0,
  topics: 0,
};
/** The gauges of a bus. A closed server has none of them. */
const GAUGES_OF_A_BUS = { up: 0, waitingBytes: 0, waitingInboundBytes: 0, servers: 0, topics: 0 };

/** The servers that told the observer that they listen, as if they were one. */
export class WatchedServers {
  readonly #open = new Set<ObservedServer>();
  /** The last counts of servers that are closed, which are not kept themselves. */
  #past: Totals = NOTHING;
  #pastOfBus: BusTotals = NO_BUS;
  #closed = 0;

  /** Comes once for each address. */
  add(server: ObservedServer): void {
    this.#leaveClosed();
    this.#open.add(server);
  }

  /** Whether a server is not closed. */
  get running(): boolean {
    for (const { state } of this.#open) if (state !== "closed") return true;
    return false;
  }

  /** The sums of the counts of all servers. Those that only grow do so when a server closes, too. */
  totals(): Totals {
    this.#leaveClosed();
    let totals = this.#past;
    for (const server of this.#open) totals = sum(totals, server.stats());
    return totals;
  }

  /** The sums of the counts of their buses. */
  bus(): BusTotals {
    this.#leaveClosed();
    let totals = this.#pastOfBus;
    for (const { bus } of this.#open) if (bus !== undefined) totals = sumOfBus(totals, bus.stats());
    return totals;
  }

  /** The number of servers in each state. */
  states(): Record<State, number> {
    this.#leaveClosed();
    const states = { listening: 0, "accepting-stopped": 0, draining: 0, closed: this.#closed };
    for (const { state } of this.#open) states[state] += 1;
    return states;
  }

  /** The number of members by the name of the group. */
  groups(): Map<string, number> {
    const sizes = new Map<string, number>();
    for (const server of this.#open) {
      for (const { name, size } of server.groups) sizes.set(name, (sizes.get(name) ?? 0) + size);
    }
    return sizes;
  }

  #leaveClosed(): void {
    for (const server of this.#open) {
      if (server.state !== "closed") continue;
      this.#past = sum(this.#past, server.stats());
      const last = server.bus?.stats();
      if (last !== undefined) this.#pastOfBus = { ...sumOfBus(this.#pastOfBus, last), ...GAUGES_OF_A_BUS };
      this.#closed += 1;
      this.#open.delete(server);
    }
  }
}

function sum(totals: Totals, stats: ServerStats): Totals {
  const counts = Object.keys(NOTHING) as (keyof Totals)[];
  return Object.fromEntries(counts.map((name) => [name, totals[name] + (stats[name] ?? 0)])) as unknown as Totals;
}

function sumOfBus(totals: BusTotals, stats: BusStats): BusTotals {
  const counts = Object.keys(NO_BUS) as (keyof BusTotals)[];
  return Object.fromEntries(counts.map((name) => [name, totals[name] + Number(stats[name])])) as unknown as BusTotals;
}
