import type { SimulatedConnection } from "./simulated_connection.ts";

/** A connection that a server has taken from its listener, up to its session or its refusal. */
export class TakenConnection {
  readonly id: number;
  readonly link: SimulatedConnection;
  readonly takenAt: number;
  /** The outcome; `undefined` while the connection is in its establish steps. */
  outcome: "opened" | "refused" | undefined;
  /** The code with which the connection was refused. */
  refusal: string | undefined;

  constructor(id: number, link: SimulatedConnection, now: number) {
    this.id = id;
    this.link = link;
    this.takenAt = now;
  }

  /** Notes what became of it. Returns whether that is the first outcome. */
  decide(outcome: "opened" | "refused", refusal?: string): boolean {
    const first = this.outcome === undefined;
    this.outcome ??= outcome;
    this.refusal ??= refusal;
    return first;
  }
}
