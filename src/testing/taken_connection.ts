import type { SimulatedConnection } from "./simulated_connection.ts";

/** A connection that a server has taken from its listener, up to its session or its refusal. */
export class TakenConnection {
  readonly id: number;
  readonly link: SimulatedConnection;
  readonly takenAt: number;
  /** What became of it; `undefined` while it is in its establish steps. */
  outcome: "opened" | "refused" | undefined;
  /** The instant of the outcome. */
  decidedAt: number = Infinity;

  constructor(id: number, link: SimulatedConnection, now: number) {
    this.id = id;
    this.link = link;
    this.takenAt = now;
  }

  /** Notes what became of it. Returns whether that is the first outcome. */
  decide(outcome: "opened" | "refused", now: number): boolean {
    const first = this.outcome === undefined;
    this.outcome ??= outcome;
    if (first) this.decidedAt = now;
    return first;
  }
}
