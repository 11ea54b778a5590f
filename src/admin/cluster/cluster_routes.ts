import process from "node:process";
import type { AdminSettings } from "../admin_options.ts";
import { type Answer, json } from "../answer.ts";
import { logLevelOf, objectOf } from "../body_fields.ts";
import { calling } from "../calling.ts";
import type { EventStream } from "../event_stream.ts";
import {
  CLOSED_PARAMETERS,
  CONNECTION_PARAMETERS,
  checkReasonQuery,
  connectionQuery,
  PAGE_PARAMETERS,
  pageOf,
} from "../listing.ts";
import type { LogLevel } from "../log_level.ts";
import type { LoopDelay } from "../loop_delay.ts";
import { OneAtATime } from "../one_at_a_time.ts";
import type { Query } from "../query.ts";
import { Refusal } from "../refusal.ts";
import type { Route, RoutedRequest } from "../route.ts";
import { runtimeName } from "../runtime_name.ts";
import { clusterMetrics } from "./cluster_metrics.ts";
import { type AnyClusterEvent, type ClusterWatch, clusterAddresses } from "./cluster_watch.ts";
import { connectionId } from "./connection_id.ts";
import { mergedConnections, type Start, startOf } from "./merged_connections.ts";
import { mergedGroups } from "./merged_groups.ts";
import { summed } from "./merged_stats.ts";
import { noAnswer, notAnswered, valueOf, valuesOf, whyNot } from "./outcomes.ts";
import type { Answers, ClusterOrder, Question } from "./question.ts";
import type { SupervisedCluster, SupervisedWorker } from "./supervised_cluster.ts";
import type { Outcome, WorkerQuestions } from "./worker_questions.ts";

/** The time that workers have for a question. */
const ANSWER_MS = 1_000;
/** The time for a list, which is made in slices. */
const LIST_MS = 2_500;
/** Beyond so many connections, a page is looked for with marks. */
const SHALLOW = 1_000;
/** The ring of ends of a worker. */
const MOST_ENDS = 1_000;
/** The most groups of a worker that are added up. */
const MOST_GROUPS = 10_000;
const ONE = /^\/connections\/(\d{1,10})-(\d{1,15})$/;
const DRAIN_FIELDS: readonly string[] = ["timeoutMs", "graceMs", "force", "worker"];
const LONGEST_MS = 86_400_000;

/** The parts of {@link ClusterRoutes}. */
export interface ClusterParts {
  readonly settings: AdminSettings;
  readonly questions: WorkerQuestions;
  readonly watch: ClusterWatch;
  readonly stream: EventStream;
  readonly loopDelay: LoopDelay;
}

/** The routes about a cluster: each asks all workers, and merges what they answer. */
export class ClusterRoutes {
  readonly #parts: ClusterParts;
  readonly #lists = new OneAtATime();
  /** The level that workers get which become ready later. */
  #level: LogLevel | undefined;
  #metrics: Promise<string> | undefined;

  readonly all: readonly Route[] = [
    { method: "GET", path: /^\/healthz$/, parameters: "ignored", answer: () => this.#health() },
    { method: "GET", path: /^\/readyz$/, parameters: "ignored", answer: () => this.#readiness() },
    { method: "GET", path: /^\/metrics$/, parameters: [], answer: () => this.#metricsText() },
    { method: "GET", path: /^\/stats$/, parameters: [], answer: () => this.#stats() },
    { method: "GET", path: /^\/workers$/, parameters: [], answer: () => this.#workers() },
    {
      method: "GET",
      path: /^\/connections$/,
      parameters: CONNECTION_PARAMETERS,
      answer: ({ query }) => this.#connections(query),
    },
    { method: "GET", path: ONE, parameters: [], answer: (request) => this.#one("GET", request) },
    {
      method: "DELETE",
      path: ONE,
      changes: true,
      parameters: ["reset"],
      answer: (request) => this.#one("DELETE", request),
    },
    { method: "GET", path: /^\/closed$/, parameters: CLOSED_PARAMETERS, answer: ({ query }) => this.#closed(query) },
    { method: "GET", path: /^\/groups$/, parameters: PAGE_PARAMETERS, answer: ({ query }) => this.#groups(query) },
    { method: "GET", path: /^\/events$/, parameters: [], answer: (request) => this.#parts.stream.answer(request) },
    { method: "POST", path: /^\/drain$/, changes: true, parameters: [], answer: (request) => this.#drain(request) },
    { method: "POST", path: /^\/reload$/, changes: true, parameters: [], answer: (request) => this.#reload(request) },
    { method: "GET", path: /^\/config$/, parameters: [], answer: () => this.#config() },
    {
      method: "PUT",
      path: /^\/log-level$/,
      changes: true,
      parameters: [],
      answer: (request) => this.#setLogLevel(request),
    },
  ];

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  observe(event: AnyClusterEvent): void {
    if (event.type !== "worker-ready" || this.#level === undefined) return;
    const { worker } = event as { readonly worker?: SupervisedWorker };
    if (worker !== undefined) void this.#parts.questions.ask(worker, levelQuestion(this.#level), ANSWER_MS);
  }

  #health(): Answer {
    return json({ status: "ok", loopDelayMs: Math.round(this.#parts.loopDelay.maxMs) });
  }

  #readiness(): Answer {
    const { questions, watch } = this.#parts;
    const problems = watch.problems(questions.cluster);
    const missing = watch.missing(questions.cluster);
    const { phase } = watch;
    const more = missing.length === 0 ? {} : { missingWorkers: missing };
    return problems.length === 0
      ? json({ status: "ready", phase, ...more })
      : json({ status: "not-ready", phase, problems, ...more }, 503);
  }

  async #metricsText(): Promise<Answer> {
    this.#metrics ??= clusterMetrics(this.#parts, LIST_MS).finally(() => {
      this.#metrics = undefined;
    });
    return { status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: await this.#metrics };
  }

  async #stats(): Promise<Answer> {
    const { loopDelay, questions, settings, stream, watch } = this.#parts;
    const outcomes = await questions.askAll({ kind: "route", method: "GET", path: "/stats" }, ANSWER_MS);
    const stats = outcomes.flatMap((outcome) => ("value" in outcome ? [JSON.parse(outcome.value.text) as Stats] : []));
    const sum = (of: (one: Stats) => unknown) => summed(stats.map(of));
    const since = watch.readySince;
    const own = loopDelay.maxMs;
    return json({
      at: new Date().toISOString(),
      runtime: runtimeName(),
      pid: process.pid,
      phase: watch.phase,
      ready: watch.problems(questions.cluster).length === 0,
      addresses: clusterAddresses(questions.cluster),
      ...(since !== undefined && { listeningSince: new Date(since).toISOString(), uptimeMs: Date.now() - since }),
      loopDelayMs: Math.round(10 * Math.max(own, ...stats.map((one) => one.loopDelayMs))) / 10,
      server: stats.length === 0 ? null : sum(({ server }) => server),
      ends: sum(({ ends }) => ends),
      establishFailures: sum(({ establishFailures }) => establishFailures),
      events: sum(({ events }) => events),
      sources: sum(({ sources }) => sources),
      ...busOf(stats),
      cluster: {
        workers: watch.wanted,
        missingWorkers: watch.missing(questions.cluster),
        reloading: watch.reloading,
        ...watch.counts,
        supervisorLoopDelayMs: Math.round(own * 10) / 10,
      },
      workers: this.#workerRecords(outcomes),
      admin: {
        streams: stream.size,
        changes: settings.token !== undefined,
        metrics: stats.some(({ admin }) => admin?.metrics === true),
        describes: stats.some(({ admin }) => admin?.describes === true),
        workers: true,
      },
    });
  }

  async #workers(): Promise<Answer> {
    const { questions, watch } = this.#parts;
    const outcomes = await questions.askAll({ kind: "route", method: "GET", path: "/stats" }, ANSWER_MS);
    return json({
      workers: this.#workerRecords(outcomes),
      missingWorkers: watch.missing(questions.cluster),
      reloading: watch.reloading,
    });
  }

  /** Every worker: those that have a server with what they say of it, and why one says nothing. */
  #workerRecords(outcomes: readonly Outcome<Answers["route"]>[]): object[] {
    const { questions, watch } = this.#parts;
    const byId = new Map(outcomes.map((outcome) => [outcome.worker.id, outcome]));
    return (questions.cluster?.workers ?? [])
      .toSorted((one, other) => one.slot - other.slot || other.id - one.id)
      .map((worker) => {
        const { pid, slot, state } = worker;
        const ageMs = watch.ageOf(worker);
        const begin = { slot, pid, state, ...(ageMs !== undefined && { ageMs }) };
        const outcome = byId.get(worker.id);
        if (outcome === undefined) return { ...begin, answered: false };
        if (!("value" in outcome)) return { ...begin, answered: false, why: whyNot(outcome) };
        const { loopDelayMs, phase, ready, server } = JSON.parse(outcome.value.text) as Stats;
        return { ...begin, answered: true, phase, ready, loopDelayMs, server };
      });
  }

  async #connections(query: Query): Promise<Answer> {
    if (checkReasonQuery(query)) return await this.#closed(query);
    const { limit, offset, ...wanted } = connectionQuery(query);
    this.#cluster();
    const order: ClusterOrder = { ...wanted, at: performance.timeOrigin + performance.now() };
    const { descending } = order;
    return await this.#lists.run(async () => {
      const start = await this.#startOf(order, limit, offset);
      const outcomes = await this.#parts.questions.askAll({ kind: "rows", order, ...start }, LIST_MS);
      const merged = mergedConnections(valuesOf(outcomes), { descending, limit, offset }, connectionId);
      const { connections, matching, total } = merged;
      return json({ total, matching, offset, limit, ...notAnswered(outcomes), connections });
    });
  }

  async #startOf(order: ClusterOrder, limit: number, offset: number): Promise<Start> {
    const most = offset + limit;
    if (most <= SHALLOW) return { from: undefined, limit: most };
    const outcomes = await this.#parts.questions.askAll({ kind: "marks", order, most }, LIST_MS);
    return startOf(valuesOf(outcomes), { descending: order.descending, limit, offset });
  }

  async #one(method: "GET" | "DELETE", { captured, query }: RoutedRequest): Promise<Answer> {
    const [pid, id] = captured;
    const reset = method === "DELETE" && query.flag("reset");
    this.#cluster();
    const worker = this.#parts.questions.workers.find((one) => String(one.pid) === pid);
    if (worker === undefined) throw noConnection(`${pid}-${id}`);
    const path = `/connections/${id}${reset ? "?reset" : ""}`;
    const outcome = await this.#parts.questions.ask(worker, { kind: "route", method, path }, LIST_MS);
    if ("refusal" in outcome && outcome.refusal.code === "no-such-connection") throw noConnection(`${pid}-${id}`);
    const { status, text } = valueOf(outcome);
    const record = JSON.parse(text) as object;
    return json({ ...record, id: `${pid}-${id}`, worker: worker.slot }, status);
  }

  async #closed(query: Query): Promise<Answer> {
    const { limit, offset } = pageOf(query);
    const parameters = new URLSearchParams({ limit: String(Math.min(MOST_ENDS, offset + limit)) });
    for (const name of ["address", "reason"]) {
      const value = query.text(name);
      if (value !== undefined) parameters.set(name, value);
    }
    const path = `/closed?${parameters}`;
    const outcomes = await this.#parts.questions.askAll({ kind: "route", method: "GET", path }, LIST_MS);
    let total = 0;
    let matching = 0;
    const ends = valuesOf(outcomes).flatMap(({ answer, pid, slot }) => {
      const page = JSON.parse(answer.text) as { total: number; matching: number; closed: { at: string; id: number }[] };
      total += page.total;
      matching += page.matching;
      return page.closed.map((end) => ({ ...end, id: connectionId(pid, end.id), worker: slot }));
    });
    // Times in ISO 8601 have the order of their text. The sort is stable.
    const closed = ends
      .toSorted((one, other) => (one.at === other.at ? 0 : one.at < other.at ? 1 : -1))
      .slice(offset, offset + limit);
    return json({ total, matching, offset, limit, ...notAnswered(outcomes), closed });
  }

  async #groups(query: Query): Promise<Answer> {
    const page = pageOf(query);
    this.#cluster();
    return await this.#lists.run(async () => {
      const outcomes = await this.#parts.questions.askAll({ kind: "groups", most: MOST_GROUPS }, LIST_MS);
      const answers = valuesOf(outcomes).map(({ answer }) => answer);
      return json({ ...notAnswered(outcomes), ...mergedGroups(answers, page) });
    });
  }

  async #drain(request: RoutedRequest): Promise<Answer> {
    const { force, graceMs, timeoutMs, worker } = objectOf(await request.body(), DRAIN_FIELDS);
    if (force !== undefined && typeof force !== "boolean") {
      throw new Refusal(400, "bad-request", "force must be true or false");
    }
    checkMs("graceMs", graceMs);
    checkMs("timeoutMs", timeoutMs);
    const cluster = this.#cluster();
    if (worker !== undefined) {
      if (force !== undefined || graceMs !== undefined || timeoutMs !== undefined) {
        throw new Refusal(400, "bad-request", "a worker drains with the settings of the cluster: send worker alone");
      }
      return this.#drainWorker(cluster, worker);
    }
    const { settings, watch } = this.#parts;
    if (watch.phase === "drained") throw new Refusal(409, "draining", "the cluster has drained");
    if (watch.phase === "draining" && force !== true) {
      const why = 'the cluster drains already: send {"force": true} to abort what is left';
      throw new Refusal(409, "draining", why);
    }
    // A grace of 0 is none.
    void cluster.shutdown(typeof graceMs === "number" && graceMs > 0 ? { graceMs } : {});
    if (timeoutMs !== undefined) {
      const timer = settings.clock.setTimeout(
        () => void cluster.shutdown(),
        (timeoutMs as number) + ((graceMs as number | undefined) ?? 0),
      );
      (timer as { unref?: () => void } | undefined)?.unref?.();
    }
    return json({ phase: watch.phase, workers: cluster.workers.length }, 202);
  }

  #drainWorker(cluster: SupervisedCluster, worker: unknown): Answer {
    const slot = this.#slotOf(worker);
    if (!cluster.drainWorker(slot)) {
      throw new Refusal(409, "worker-not-serving", `worker ${slot} does not serve now: see /workers`);
    }
    return json({ worker: slot, state: "draining" }, 202);
  }

  async #reload(request: RoutedRequest): Promise<Answer> {
    const { worker } = objectOf(await request.body(), ["worker"]);
    const cluster = this.#cluster();
    const slot = worker === undefined ? undefined : this.#slotOf(worker);
    const { watch } = this.#parts;
    if (watch.reloading) throw new Refusal(409, "reloading", "workers are being replaced already: wait for the end");
    if (watch.phase === "draining" || watch.phase === "drained") {
      throw new Refusal(409, "draining", "the cluster drains: no worker is replaced any more");
    }
    // A worker has --ready-timeout to get ready: several of them take longer than any other answer.
    request.takeYourTime();
    const { reloaded, why } = await cluster.reload(slot);
    if (reloaded) return json({ reloaded });
    return json({ reloaded, why, error: { code: "not-reloaded", message: why ?? "unknown" } }, 500);
  }

  async #config(): Promise<Answer> {
    const { questions, settings } = this.#parts;
    const { config } = settings;
    if (config !== undefined) {
      const value = await calling("config()", () => config());
      return await calling("JSON of the result of config()", () => json(value ?? null));
    }
    // All have the same, and some worker answers.
    let last: Outcome<Answers["route"]> | undefined;
    for (const worker of questions.workers) {
      last = await questions.ask(worker, { kind: "route", method: "GET", path: "/config" }, ANSWER_MS);
      if ("value" in last) return json(JSON.parse(last.value.text));
      if ("refusal" in last) throw last.refusal;
    }
    throw noAnswer(last === undefined ? "no worker serves" : whyNot(last));
  }

  async #setLogLevel(request: RoutedRequest): Promise<Answer> {
    const level = logLevelOf(await request.body());
    const { questions, settings } = this.#parts;
    const { onLogLevel } = settings;
    if (onLogLevel !== undefined) await calling("onLogLevel()", () => onLogLevel(level));
    this.#level = level;
    const outcomes = await questions.askAll(levelQuestion(level), ANSWER_MS);
    const refused = outcomes.find((outcome) => "refusal" in outcome);
    if (refused !== undefined && "refusal" in refused) throw refused.refusal;
    return json({ level, ...notAnswered(outcomes) });
  }

  #slotOf(worker: unknown): number {
    const { wanted } = this.#parts.watch;
    if (Number.isInteger(worker) && (worker as number) >= 1 && (worker as number) <= wanted) return worker as number;
    throw new Refusal(400, "bad-request", `worker must be the number of a worker, from 1 to ${wanted}`);
  }

  /** @throws {Refusal} there is none yet */
  #cluster(): SupervisedCluster {
    const { cluster } = this.#parts.questions;
    if (cluster !== undefined) return cluster;
    throw new Refusal(503, "not-listening", "no worker serves yet", { "Retry-After": "1" });
  }
}

/** The answer of a worker at `/stats`, as far as it is read here. */
interface Stats {
  readonly loopDelayMs: number;
  readonly phase: string;
  readonly ready: boolean;
  readonly server: unknown;
  readonly ends: unknown;
  readonly establishFailures: unknown;
  readonly events: unknown;
  readonly sources: unknown;
  readonly bus?: { readonly name: string };
  readonly admin?: { readonly metrics?: boolean; readonly describes?: boolean };
}

/** The sum of the buses of all workers, if they have one. Their origins differ. */
function busOf(stats: readonly Stats[]): object {
  const buses = stats.flatMap(({ bus }) => bus ?? []);
  return buses.length === 0 ? {} : { bus: { name: buses[0]?.name, ...summed(buses) } };
}

function levelQuestion(level: LogLevel): Question & { kind: "route" } {
  return { kind: "route", method: "PUT", path: "/log-level", body: { level } };
}

function noConnection(id: string): Refusal {
  return new Refusal(404, "no-such-connection", `no connection ${id} is open: /closed lists the last that have ended`);
}

/** @throws {Refusal} no time */
function checkMs(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0 && value <= LONGEST_MS)) return;
  throw new Refusal(400, "bad-request", `${name} must be a number of milliseconds from 0 to ${LONGEST_MS}`);
}
