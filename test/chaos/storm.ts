import { type Random, seededRandom } from "spillway/testing";
import { judge } from "./judge.ts";
import { drainPlan, type Plan, stormPlan } from "./plan.ts";
import type { Drained, Ended, Hello, Sample } from "./reports.ts";
import { type Command, ServerProcess } from "./server_process.ts";
import { SERVICE_NAMES, type ServiceName } from "./services.ts";
import { ToxicWay } from "./toxic_way.ts";
import { TOXIC_KINDS, type ToxicKind } from "./toxics.ts";
import { type Visit, visit } from "./visit.ts";
import { sleep, within } from "./waiting.ts";

/** Connections at the same time. */
const CLIENTS = 32;
/** The timeout of a drain. The server gets it as its argument. */
export const DRAIN_MS = 1_500;
/** A drain may be so late: the linger deadline comes on top, and the machine has other things to do. */
const LATE_MS = 5_000;
/** The time that connections may take to end when no new ones come. */
const LOAD_MS = 45_000;
const STUCK = "connections of the load do not come to an end";
const SETTLE_MS = 15_000;
/** Broken promises that are told of. */
const MAX_BROKEN = 20;

/** How a storm goes. */
export interface StormOptions {
  /** Starts test/chaos/storm_server on some runtime, with DRAIN_MS as its argument. */
  readonly server: Command;
  readonly seed: number;
  /** For how long there is load, without what comes before and after. */
  readonly seconds: number;
  readonly onProgress?: (connections: number, broken: number) => void;
}

/** The result of a storm. */
export interface StormReport {
  connections: number;
  requests: number;
  /** Replies that were checked, each against its request. */
  replies: number;
  broadcasts: number;
  /** Broadcasts that were dropped, and counted. */
  dropped: number;
  drained: number;
  aborted: number;
  readonly toxics: Record<ToxicKind, number>;
  /** How connections ended, as the server says. */
  readonly reasons: Record<string, number>;
  /** How many promises were broken; the first of them are told. */
  brokenCount: number;
  readonly broken: string[];
}

/** Load through toxics for a while, then a drain under load; every promise is checked from outside. */
export async function storm(options: StormOptions): Promise<StormReport> {
  const server = new ServerProcess(options.server);
  const run = new Storm(options, server);
  try {
    await run.run();
  } catch (error) {
    run.breach(error instanceof Error ? error.message : String(error));
  } finally {
    await run.close();
    await server.kill();
  }
  return run.report;
}

class Storm {
  readonly report: StormReport = {
    connections: 0,
    requests: 0,
    replies: 0,
    broadcasts: 0,
    dropped: 0,
    drained: 0,
    aborted: 0,
    toxics: Object.fromEntries(TOXIC_KINDS.map((kind) => [kind, 0])) as Record<ToxicKind, number>,
    reasons: {},
    brokenCount: 0,
    broken: [],
  };
  readonly #options: StormOptions;
  readonly #server: ServerProcess;
  readonly #ways = new Map<ServiceName, ToxicWay>();
  #tags = 0;

  constructor(options: StormOptions, server: ServerProcess) {
    this.#options = options;
    this.#server = server;
  }

  async run(): Promise<void> {
    const { ports } = await this.#server.said<Hello>();
    for (const name of SERVICE_NAMES) {
      this.#ways.set(name, await ToxicWay.open(ports[name], (kind) => (this.report.toxics[kind] += 1)));
    }
    await this.#rage();
    await this.#answersStill();
    await this.#drain();
    if (this.#server.stderr !== "") this.breach(`it complains: ${this.#server.stderr.slice(0, 2_000)}`);
  }

  async close(): Promise<void> {
    for (const way of this.#ways.values()) await way.close();
  }

  breach(what: string): void {
    this.report.brokenCount += 1;
    if (this.report.broken.length < MAX_BROKEN) this.report.broken.push(what);
  }

  /** The storm itself, and what the server says of it. */
  async #rage(): Promise<void> {
    const endAt = performance.now() + 1_000 * this.#options.seconds;
    const going = () => performance.now() < endAt && !this.#server.over;
    const failing = this.#failures(going);
    const visits = await within(endAt - performance.now() + LOAD_MS, this.#load(stormPlan, going), STUCK);
    await failing;
    const left = await this.#settled();
    if (left !== undefined) this.breach(`after the storm there is still ${JSON.stringify(left)}`);
    const ended = await this.#server.ask<Ended[]>("ended");
    const { accepted, observerErrors } = await this.#server.ask<Sample>("sample");
    if (left === undefined && ended.length !== accepted) {
      this.breach(`${accepted} connections were accepted, ${ended.length} ended`);
    }
    if (observerErrors > 0) this.breach(`the observer threw ${observerErrors} times`);
    this.#judge(visits, ended, false);
  }

  async #failures(going: () => boolean): Promise<void> {
    const random = seededRandom(this.#options.seed).fork("failures");
    while (going()) {
      await sleep(random.below(1_500));
      if (going()) await (this.#ways.get(random.pick(SERVICE_NAMES)) as ToxicWay).fail(random);
    }
  }

  async #load(planOf: (random: Random) => Plan, going: () => boolean): Promise<Visit[]> {
    const visits: Visit[] = [];
    const { onProgress, seed } = this.#options;
    const one = async () => {
      while (going()) {
        const tag = `t${++this.#tags}`;
        const random = seededRandom(seed).fork(tag);
        const plan = planOf(random);
        const done = await visit(plan, tag, this.#ways.get(plan.service) as ToxicWay, random);
        visits.push(done);
        this.#count(done);
        onProgress?.(this.report.connections, this.report.brokenCount);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, one));
    return visits;
  }

  #count({ ledger }: Visit): void {
    this.report.connections += 1;
    this.report.requests += ledger.asked.length;
    this.report.replies += ledger.replies;
    this.report.broadcasts += ledger.broadcasts;
  }

  #judge(visits: readonly Visit[], ended: readonly Ended[], draining: boolean): void {
    const byName = new Map<string, Ended>();
    for (const one of ended) {
      const name = `${one.service} ${one.id}`;
      if (byName.has(name)) this.breach(`${name} ended twice`);
      byName.set(name, one);
      this.report.reasons[one.reason] = (this.report.reasons[one.reason] ?? 0) + 1;
      this.report.dropped += one.framesDropped;
    }
    for (const done of visits) {
      const { id, service } = done.ledger;
      const broken = judge(done, { ended: byName.get(`${service} ${id}`), draining });
      if (broken !== undefined) this.breach(broken);
    }
  }

  /** Waits until the server has nothing left; what it has after a while. */
  async #settled(): Promise<Sample | undefined> {
    const endAt = performance.now() + SETTLE_MS;
    for (;;) {
      const sample = await this.#server.ask<Sample>("sample");
      if (sample.connections + sample.handlers + sample.groups === 0) return undefined;
      if (performance.now() > endAt) return sample;
      await sleep(20);
    }
  }

  /** Each service, after the storm. */
  async #answersStill(): Promise<void> {
    for (const service of SERVICE_NAMES) {
      const plan: Plan = { service, requests: 20, window: 5, padding: 100, delayMs: 20, leave: "answered", toxics: {} };
      const tag = `t${++this.#tags}`;
      const random = seededRandom(this.#options.seed).fork(tag);
      const done = await visit(plan, tag, this.#ways.get(service) as ToxicWay, random);
      this.#count(done);
      const missing = done.end !== "fin" || done.ledger.open > 0 || done.error !== undefined;
      if (missing) this.breach(`${service} does not answer after the storm (${done.error?.message ?? done.end})`);
    }
    await this.#settled();
    await this.#server.ask<Ended[]>("ended");
  }

  /** A drain under load: it ends in time, and says the truth. */
  async #drain(): Promise<void> {
    const random = seededRandom(this.#options.seed).fork("drain");
    let draining = false;
    const load = this.#load(drainPlan, () => !draining);
    await sleep(200 + random.below(600));
    draining = true;
    const startedAt = performance.now();
    this.#server.interrupt();
    const said = await this.#server.said<Drained>(DRAIN_MS + LATE_MS);
    const tookMs = performance.now() - startedAt;
    this.#server.finish();
    const { code, signal } = await within(LATE_MS, this.#server.ended, "the process lives on after its drain");
    this.#judge(await within(LOAD_MS, load, STUCK), said.ended, true);
    this.#judgeDrain(said, tookMs, signal ?? code);
  }

  #judgeDrain({ drained, aborted, ended, left }: Drained, tookMs: number, end: string | number | null): void {
    this.report.drained += drained;
    this.report.aborted += aborted;
    const cutOff = ended.filter(({ reason }) => reason === "drain-timeout").length;
    if (aborted < cutOff) this.breach(`${cutOff} connections were cut off by the drain, it says ${aborted}`);
    if (end !== (aborted > 0 ? 1 : 0)) this.breach(`it aborted ${aborted} and ended with ${end}`);
    if (aborted > 0 && tookMs < DRAIN_MS) this.breach(`it aborted ${aborted} after ${tookMs} ms of ${DRAIN_MS}`);
    if (left.connections + left.handlers + left.groups > 0) this.breach(`a drain leaves ${JSON.stringify(left)}`);
  }
}
