import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Random, seededRandom } from "spillway/testing";
import { drawActs } from "../draw_acts.ts";
import type { Plan } from "../plan.ts";
import type { Command } from "../server_process.ts";
import { type Visit, visit, type Way } from "../visit.ts";
import { sleep, within } from "../waiting.ts";
import { CLUSTER_ACTS, type ClusterAct } from "./acts.ts";
import { readHandled } from "./handled.ts";
import {
  type ClusterCourse,
  type ClusterEnd,
  DRAIN_BOUND_MS,
  isHarmed,
  judgeCluster,
  type Step,
} from "./judge_cluster.ts";
import { StormedCluster } from "./stormed_cluster.ts";

/** Connections that stay, and loops of short ones. */
const LONG = 12;
const SHORT = 4;
const MEASURE_MS = 250;
/** The time that connections may take to end when no new ones come. */
const LOAD_MS = 45_000;
/** Workers that fail in a row are started after pauses. After such a pause, the storm waits until they have proven themselves. */
const LONGEST_PAUSE_MS = 800;
const PROVEN_MS = 11_000;
/** Broken promises that are told of. */
const MAX_BROKEN = 20;

/** How a storm on a cluster goes. */
export interface ClusterStormOptions {
  /** The command line of Spillway, on some runtime. */
  readonly spillway: (args: readonly string[]) => Command;
  /** The file of the service. */
  readonly service: string;
  readonly workers: number;
  readonly seed: number;
  /** The draws depend on it, too: short storms of one seed are different on each runtime. */
  readonly name: string;
  /** For how long acts begin. */
  readonly seconds: number;
  readonly onProgress?: (connections: number, broken: number) => void;
}

/** The result of a storm on a cluster. */
export interface ClusterReport {
  readonly figures: Readonly<Record<string, number>>;
  readonly acts: Readonly<Record<ClusterAct, number>>;
  readonly brokenCount: number;
  /** The first of the promises that were broken. */
  readonly broken: readonly string[];
  /** The log of the cluster. */
  readonly log: string;
}

/** A cluster under load, to which one thing after the other is done, and then its drain. Every promise is checked from outside. */
export async function clusterStorm(options: ClusterStormOptions): Promise<ClusterReport> {
  const folder = mkdtempSync(path.join(tmpdir(), "spillway-storm-"));
  const cluster = new StormedCluster({ ...options, folder });
  const storm = new ClusterStorm(options, cluster);
  try {
    await storm.run();
  } catch (error) {
    storm.broken.push(error instanceof Error ? error.message : String(error));
  } finally {
    cluster.kill();
    await within(DRAIN_BOUND_MS, cluster.started.closed, "the processes do not end").catch(() => undefined);
  }
  const report = storm.report();
  rmSync(folder, { recursive: true, force: true });
  return report;
}

class ClusterStorm {
  readonly broken: string[] = [];
  readonly #options: ClusterStormOptions;
  readonly #cluster: StormedCluster;
  readonly #random: Random;
  readonly #visits: Visit[] = [];
  readonly #steps: Step[] = [];
  #going = true;
  #shortOnes = 0;
  #tags = 0;
  #course: ClusterCourse | undefined;

  constructor(options: ClusterStormOptions, cluster: StormedCluster) {
    this.#options = options;
    this.#cluster = cluster;
    this.#random = seededRandom(options.seed).fork(options.name);
  }

  async run(): Promise<void> {
    const cluster = this.#cluster;
    const port = await cluster.started.ready();
    const measuring = setInterval(() => cluster.measure(), MEASURE_MS);
    const way: Way = { port, assign: () => undefined, release: () => 0, downSince: () => false };
    const load = Promise.all([
      ...Array.from({ length: LONG }, () => this.#load(way, longPlan)),
      ...Array.from({ length: SHORT }, () => this.#load(way, shortPlan)),
    ]);
    try {
      // What cannot be done is not all that is wrong.
      await this.#rage(port).catch((error: Error) => this.broken.push(error.message));
      const end = await this.#drain();
      await within(LOAD_MS, load, "connections of the load do not come to an end");
      const { harms, log, sizes } = cluster;
      const handled = readHandled(cluster.handled);
      const [visits, steps, { workers }] = [this.#visits, this.#steps, this.#options];
      this.#course = { workers, visits, handled, steps, harms, records: log.records, sizes, end };
      this.broken.push(...judgeCluster(this.#course));
    } finally {
      this.#going = false;
      clearInterval(measuring);
    }
  }

  report(): ClusterReport {
    const course = this.#course;
    const sum = (count: (one: Visit) => number) => this.#visits.reduce((total, one) => total + count(one), 0);
    const acts = this.#steps.flatMap((step) => step.acts);
    const took = this.#steps.map(({ from, until }) => until - from);
    return {
      figures: {
        connections: this.#visits.length,
        replies: sum(({ ledger }) => ledger.replies),
        "never handled": sum((one) => (course === undefined || isHarmed(one, course) ? 0 : one.ledger.open)),
        "lost with their worker": course === undefined ? 0 : this.#visits.filter((one) => isLost(one, course)).length,
        "slowest recovery, ms": Math.round(Math.max(0, ...took)),
        "supervisor, MiB": Math.round(Math.max(0, ...this.#cluster.sizes.map((size) => size.mostBytes)) / 1_048_576),
        broken: this.broken.length,
      },
      acts: Object.fromEntries(CLUSTER_ACTS.map((act) => [act, acts.filter((one) => one === act).length])) as Record<
        ClusterAct,
        number
      >,
      brokenCount: this.broken.length,
      broken: this.broken.slice(0, MAX_BROKEN),
      log: this.#cluster.started.stderr,
    };
  }

  async #load(way: Way, planOf: (random: Random) => Plan): Promise<void> {
    while (this.#going) {
      const tag = `t${++this.#tags}`;
      const random = this.#random.fork(tag);
      const plan = planOf(random);
      const isShort = Number.isFinite(plan.requests);
      if (isShort) this.#shortOnes += 1;
      this.#visits.push(await visit(plan, tag, way, random));
      if (isShort) this.#shortOnes -= 1;
      this.#options.onProgress?.(this.#visits.length, this.broken.length);
      await sleep(random.below(20));
    }
  }

  /** Does one thing after the other, and waits each time until every worker serves. */
  async #rage(port: number): Promise<void> {
    const cluster = this.#cluster;
    const random = this.#random.fork("acts");
    const endAt = performance.now() + 1_000 * this.#options.seconds;
    for (const acts of drawActs(random, CLUSTER_ACTS)) {
      if (performance.now() > endAt || cluster.started.over) return;
      await sleep(random.below(300));
      const from = performance.now();
      const pauses = () => this.#pausesSince(from);
      const sum = () => pauses().reduce((total, ms) => total + ms, 0);
      const one = async (act: ClusterAct, index: number) => {
        if (index > 0) await sleep(random.below(600));
        await cluster.act(act, port, random.fork(`${act} ${this.#steps.length}`));
      };
      await Promise.all(acts.map(one));
      const serving = await cluster.recovered(sum);
      this.#steps.push({ acts, from, until: performance.now(), serving, pausesMs: sum() });
      if (Math.max(0, ...pauses()) >= LONGEST_PAUSE_MS) await sleep(PROVEN_MS);
    }
  }

  #pausesSince(instant: number): number[] {
    const records = this.#cluster.log.of("worker-restarting").filter(({ at }) => at >= instant);
    return records.map(({ fields }) => milliseconds(String(fields?.["pause"])));
  }

  /** Drains it with the connections that stay; new ones would be refused. */
  async #drain(): Promise<ClusterEnd> {
    const cluster = this.#cluster;
    this.#going = false;
    const endAt = performance.now() + LOAD_MS;
    while (this.#shortOnes > 0 && performance.now() < endAt) await sleep(20);
    // Connections that stay have begun before, and are greeted meanwhile.
    await sleep(300);
    const from = performance.now();
    process.kill(cluster.supervisor, "SIGTERM");
    await within(2 * DRAIN_BOUND_MS, cluster.started.closed, "it does not end after SIGTERM");
    const drainMs = performance.now() - from;
    const { code, signal } = await cluster.started.exited;
    return { code, signal, drainMs, left: cluster.processes.map(({ pid }) => pid) };
  }
}

function isLost(one: Visit, course: ClusterCourse): boolean {
  return (one.end === "reset" || one.ledger.open > 0) && isHarmed(one, course);
}

/** One that stays until its worker drains. */
function longPlan(random: Random): Plan {
  return { ...SHORTEST, requests: Infinity, window: 1 + random.below(4), delayMs: 20 + random.below(60) };
}

function shortPlan(random: Random): Plan {
  const leave = random.once(2) ? "asked" : "answered";
  return { ...SHORTEST, requests: 1 + random.below(3), window: 3, delayMs: random.below(30), leave };
}

const SHORTEST: Plan = {
  service: "compute",
  requests: 1,
  window: 1,
  padding: 300,
  delayMs: 0,
  leave: "answered",
  toxics: {},
};

/** Reads `800ms` and `1.6s`. */
function milliseconds(text: string): number {
  const [, number, unit] = /^([\d.]+)(ms|s)$/.exec(text) ?? [];
  return Number(number ?? 0) * (unit === "s" ? 1_000 : 1);
}
