import { drawFault } from "../../src/testing/faults.ts";
import type { Random } from "../../src/testing/random.ts";
import type { Verb } from "./requests.ts";
import type { Act, Workload } from "./scenario.ts";

const TICKS = 1_024;
const MOST_CLIENTS = 10;
const MOST_ACTS = 10;

/** The requests of each workload. A request that is named more often comes more often. */
const ASKED: Readonly<Record<Workload, readonly Verb[]>> = {
  echo: ["echo", "echo", "echo", "silent", "big"],
  compute: ["wait", "wait", "echo"],
  concurrent: ["wait", "wait", "echo", "many", "silent"],
  streams: ["many", "many", "echo", "wait"],
  broadcast: ["push", "push", "big", "echo"],
  upgrade: ["upgrade", "echo", "wait", "many"],
  groups: ["join", "join", "say", "say", "say", "leave", "echo", "upgrade"],
  faulty: ["echo", "wait", "many", "fail", "hang", "unsendable", "poison", "quit", "end", "block"],
  flood: ["big", "echo", "many", "push"],
  torrents: ["join", "join", "echo", "promise", "pour", "leave"],
};
/** The requests of a torrent. */
const POURED: readonly Verb[] = ["echo", "silent", "promise", "say", "pour"];
const MOST_TORRENTS = 3;

/** The rare requests of all workloads. */
const RARE: readonly Verb[] = ["quit", "end", "fail", "hang", "push", "block"];

/** The acts of a client after it has connected. */
const DOES = [
  "send",
  "send",
  "send",
  "send",
  "flood",
  "part",
  "cut",
  "rest",
  "garbage",
  "deaf",
  "sip",
  "listen",
  "finish",
  "reset",
  "vanish",
];

/** Returns the acts of the clients, and the faults, with their instants. */
export function drawActs(random: Random, workload: Workload, spanMs: number): Act[] {
  const acts: Act[] = [];
  // Mostly close together, so that they meet.
  const windowMs = random.pick([1_000, 60_000, spanMs]);
  for (let client = random.between(1, MOST_CLIENTS); client > 0; client--) {
    acts.push(...drawClient(random, client, workload, instant(random, Math.min(windowMs, spanMs))));
  }
  if (workload === "torrents") acts.push(...drawTorrents(random, acts));
  if (!random.once(4)) acts.push(...drawFaults(random, acts));
  acts.push(...drawWhims(random, acts));
  acts.push(...drawEnd(random, acts, spanMs));
  return acts.filter(({ at }) => at <= spanMs).toSorted((one, other) => one.at - other.at);
}

function drawClient(random: Random, whom: number, workload: Workload, connectAt: number): Act[] {
  const acts: Act[] = [{ at: connectAt, what: "connect", whom, amount: 0 }];
  let at = connectAt;
  for (let count = random.between(1, MOST_ACTS); count > 0; count--) {
    at += gap(random);
    const what = random.pick(DOES);
    const amount = random.next();
    const verbs = Array.from({ length: random.between(1, 6) }, () =>
      random.once(24) ? random.pick(RARE) : random.pick(ASKED[workload]),
    );
    acts.push({ at, what, whom, amount, ...(what === "send" || what === "part" ? { verbs } : {}) });
  }
  return acts;
}

/** So many requests at once, or a reply of so many frames, that to work them off in one go would hold the event loop. */
function drawTorrents(random: Random, acts: readonly Act[]): Act[] {
  return Array.from({ length: random.between(1, MOST_TORRENTS) }, (_, index) => {
    const whom = MOST_CLIENTS + 1 + index;
    const at = random.pick(acts).at + near(random);
    const torrent = {
      what: "torrent",
      whom,
      amount: random.pick([3_000, 12_000, 40_000]),
      verbs: [random.pick(POURED)],
    };
    return [
      { at, what: "connect", whom, amount: 0 },
      { at, what: "send", whom, amount: random.next(), verbs: ["join"] as const },
      { ...torrent, at: at + near(random) },
    ];
  }).flat();
}

/** Returns acts of the server of its own accord. */
function drawWhims(random: Random, acts: readonly Act[]): Act[] {
  return Array.from({ length: random.below(6) }, () => {
    const what = random.once(4) ? "dismiss" : "tell";
    return {
      at: random.pick(acts).at + near(random),
      what,
      whom: random.below(MOST_CLIENTS),
      amount: random.below(40),
    };
  });
}

/** While something happens. */
function drawFaults(random: Random, acts: readonly Act[]): Act[] {
  return Array.from({ length: random.between(1, 6) }, () => drawFault(random, random.pick(acts).at + near(random)));
}

function drawEnd(random: Random, acts: readonly Act[], spanMs: number): Act[] {
  if (random.once(3)) return [];
  const at = random.once(2) ? random.pick(acts).at + near(random) : instant(random, spanMs);
  let drain = { at, what: "drain", whom: 0, amount: random.pick([1, 50, 3_000, 10_000]) };
  if (random.once(3)) drain = { ...drain, what: "grace", amount: random.pick([20, 2_000, 60_000]) };
  if (!random.once(3)) return [drain];
  return [drain, { ...drain, at: at + near(random), what: "force", amount: 1 }];
}

function gap(random: Random): number {
  return instant(random, random.pick([0, 1, 20, 20, 500, 5_000, 60_000, 400_000]));
}

function near(random: Random): number {
  return instant(random, random.pick([0, 1, 30, 30, 2_000]));
}

function instant(random: Random, most: number): number {
  return Math.floor((random.next() / 2 ** 32) * most * TICKS) / TICKS;
}
