import type { CloseReason, ErrorCode } from "../../src/core/mod.ts";
import type { Outcome } from "./run_scenario.ts";

/** Every way for a connection to end. */
const REASONS: readonly CloseReason[] = [
  "remote-closed",
  "handler-closed",
  "drained",
  "unexpected-eof",
  "connection-reset",
  "connection-failed",
  "frame-too-large",
  "frame-invalid",
  "codec-failed",
  "handler-failed",
  "handler-timeout",
  "authentication-timeout",
  "idle-timeout",
  "silence-timeout",
  "frame-timeout",
  "write-timeout",
  "slow-consumer",
  "budget-exceeded",
  "lifetime-reached",
  "too-many-connections",
  "drain-timeout",
];
/** Every row of the table of accept errors. */
const ACCEPT_ERRORS: readonly ErrorCode[] = [
  "connection-aborted",
  "out-of-descriptors",
  "listener-closed",
  "accept-failed",
];

/** Every reason why a connection is not established. */
const REFUSALS: readonly string[] = [
  "denied",
  "establish-failed",
  "establish-timeout",
  "drained",
  "unexpected-eof",
  "frame-too-large",
  "connection-reset",
  "connection-failed",
];

/** The counts of many seeds, added up. */
export class Summary {
  seeds = 0;
  events = 0;
  virtualMs = 0;
  /** Open connections, times the milliseconds. */
  connectionMs = 0;
  readonly tally: Map<string, number> = new Map();
  /** How often each invariant was checked. */
  readonly invariants: Map<string, number> = new Map();
  #hash = 0;

  add({ world, invariants }: Outcome): void {
    this.seeds += 1;
    this.events += world.events;
    this.virtualMs += world.now;
    for (const { openedAt, closedAt } of world.served.values()) {
      this.connectionMs += Math.min(closedAt, world.now) - openedAt;
    }
    for (const [what, count] of world.tally) this.tally.set(what, this.count(what) + count);
    for (const { name, checks } of invariants) this.invariants.set(name, (this.invariants.get(name) ?? 0) + checks);
    this.#hash = (Math.imul(this.#hash, 31) + Number.parseInt(world.trace.hash, 16)) >>> 0;
  }

  /** Of all traces. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  count(what: string): number {
    return this.tally.get(what) ?? 0;
  }

  /** The events that should have happened, and did not. */
  get missing(): string[] {
    return [
      ...REASONS.map((reason) => `reason ${reason}`),
      ...REFUSALS.map((code) => `establish ${code}`),
      ...ACCEPT_ERRORS.map((code) => `accept-error ${code}`),
    ].filter((what) => this.count(what) === 0);
  }

  /** How often, of all that begins with that word. */
  of(kind: string): [string, number][] {
    const found = [...this.tally].filter(([what]) => what.startsWith(`${kind} `));
    return found.map(([what, count]): [string, number] => [what.slice(kind.length + 1), count]).toSorted(byName);
  }
}

function byName([one]: [string, number], [other]: [string, number]): number {
  return one < other ? -1 : 1;
}
