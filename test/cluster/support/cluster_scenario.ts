import { type Random, seededRandom } from "../../../src/testing/mod.ts";

/** The faults of processes and of the bus, with their weights. */
const FAULTS = {
  kill: 3,
  stop: 4,
  spin: 2,
  terminate: 2,
  reload: 4,
  "drain worker": 2,
  "bad start": 2,
  "supervisor killed": 1,
  "supervisor stalls": 1,
  upgrade: 2,
  "bus loses": 4,
  "bus cuts": 1,
  "bus hangs": 1,
  "bus dies": 1,
} as const;

export type Fault = keyof typeof FAULTS;
const WEIGHTED = (Object.entries(FAULTS) as [Fault, number][]).flatMap(([what, weight]) =>
  Array.from({ length: weight }, () => what),
);
export const EVERY_FAULT = Object.keys(FAULTS) as Fault[];

const CLIENTS = 40;
const MOST_FAULTS = 12;
const SPAN_MS = 60_000;
/** The first workers have found each other on the bus before somebody speaks. */
const FIRST_MS = 4_000;
/** A supervisor waits longer than this for an answer, and not as long as the durations above it. */
export const PATIENT_MS = 5_000;
const DURATIONS_MS = [5, 300, 2_500, PATIENT_MS, 15_000, 25_000];

/** Something that happens at an instant. */
export interface ClusterAct {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly what: "connect" | Fault;
  /** The number of a client, or selects a process among those that live. */
  readonly whom: number;
  /** A number of milliseconds, or of something else. */
  readonly amount: number;
}

/** A simulated cluster, and everything that happens to it. */
export interface ClusterScenario {
  readonly seed: number;
  readonly workers: number;
  readonly graceMs: number | undefined;
  /** Whether workers inherit the socket as a descriptor. Otherwise it is sent to them. */
  readonly inherits: boolean;
  readonly spanMs: number;
  readonly acts: readonly ClusterAct[];
}

/** Draws the scenario of a seed. */
export function drawCluster(seed: number): ClusterScenario {
  const random = seededRandom(seed).fork("cluster");
  const instants = [instant(random, 0, SPAN_MS)];
  const faults = Array.from({ length: random.between(4, MOST_FAULTS) }, (_, index): ClusterAct => {
    // Close behind another one, or anywhere.
    const behind = random.pick(instants) + instant(random, 0, random.pick([1, 1_000]));
    const at = Math.min(SPAN_MS, random.once(2) ? behind : instant(random, 0, SPAN_MS));
    instants.push(at);
    return { at, what: random.pick(WEIGHTED), whom: CLIENTS + 1 + index, amount: random.pick(DURATIONS_MS) };
  });
  const connects = Array.from({ length: CLIENTS }, (_, index): ClusterAct => {
    // Half of them while a fault has its effects.
    const at = random.once(2) ? random.pick(instants) + instant(random, 0, 1_000) : instant(random, 0, SPAN_MS);
    return { at: Math.max(FIRST_MS, at), what: "connect", whom: index + 1, amount: 0 };
  });
  return {
    seed,
    workers: random.between(1, 3),
    graceMs: random.pick([undefined, 500, 8_000]),
    inherits: random.once(2),
    spanMs: SPAN_MS,
    acts: [...connects, ...faults].toSorted((one, other) => one.at - other.at),
  };
}

/** As the trace shows it. */
export function clusterActText({ amount, at, what, whom }: ClusterAct): string {
  return `${at.toFixed(3)} ${what} ${whom} ${amount}`;
}

function instant(random: Random, from: number, to: number): number {
  return from + random.below((to - from) * 1_024) / 1_024;
}
