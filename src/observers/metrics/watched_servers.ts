import type { ObservedServer, ServerStats } from "../../core/mod.ts";

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

/** The servers that told the observer that they listen, as if they were one. */
export class WatchedServers {
  readonly #open = new Set<ObservedServer>();
  /** The last counts of servers that are closed, which are not kept themselves. */
  #past: Totals = NOTHING;
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
      this.#closed += 1;
      this.#open.delete(server);
    }
  }
}

function sum(totals: Totals, stats: ServerStats): Totals {
  const counts = Object.keys(NOTHING) as (keyof Totals)[];
  return Object.fromEntries(counts.map((name) => [name, totals[name] + (stats[name] ?? 0)])) as unknown as Totals;
}
