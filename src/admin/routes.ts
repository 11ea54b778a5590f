import process from "node:process";
import { type DrainResult, describe as describeThrown, type ObservedServer, type Session } from "../core/mod.ts";
import type { AdminSettings } from "./admin_options.ts";
import { type Answer, json, jsonText } from "./answer.ts";
import { logLevelOf, objectOf } from "./body_fields.ts";
import { calling, notConfigured, textOf } from "./calling.ts";
import { ALONE, connectionRecord } from "./connection_record.ts";
import { type EndRecord, endRecord, reasonOf } from "./end_record.ts";
import type { EventStream } from "./event_stream.ts";
import {
  CLOSED_PARAMETERS,
  CONNECTION_PARAMETERS,
  checkReasonQuery,
  connectionQuery,
  findConnection,
  type ListingHost,
  listConnections,
  listGroups,
  PAGE_PARAMETERS,
  pageOf,
} from "./listing.ts";
import type { LoopDelay } from "./loop_delay.ts";
import { OneAtATime } from "./one_at_a_time.ts";
import type { Query } from "./query.ts";
import { Refusal } from "./refusal.ts";
import type { Route, RoutedRequest } from "./route.ts";
import { runtimeName } from "./runtime_name.ts";
import type { ServerWatch } from "./server_watch.ts";

/** The settings that routes about a server need. */
export type RouteSettings = Pick<
  AdminSettings,
  "clock" | "config" | "describe" | "metrics" | "onLogLevel" | "sources" | "token"
>;

const LIST = /^\/connections$/;
const ONE = /^\/connections\/(\d{1,15})$/;
const DRAIN_FIELDS: readonly string[] = ["timeoutMs", "graceMs", "force"];

/** The routes about one server. */
export class Routes {
  readonly #settings: RouteSettings;
  readonly #watch: ServerWatch;
  readonly #events: EventStream;
  readonly #loopDelay: LoopDelay;
  readonly #lists = new OneAtATime();
  /** The answer of the metrics that are being gathered. */
  #metrics: Promise<string> | undefined;
  /** The server that was told to drain. */
  #draining: ObservedServer | undefined;

  readonly all: readonly Route[] = [
    { method: "GET", path: /^\/healthz$/, parameters: "ignored", answer: () => this.#health() },
    { method: "GET", path: /^\/readyz$/, parameters: "ignored", answer: () => this.#readiness() },
    { method: "GET", path: /^\/metrics$/, parameters: [], answer: () => this.#metricsText() },
    { method: "GET", path: /^\/stats$/, parameters: [], answer: () => this.#stats() },
    { method: "GET", path: LIST, parameters: CONNECTION_PARAMETERS, answer: (request) => this.#connections(request) },
    { method: "GET", path: ONE, parameters: [], answer: (request) => this.#connection(request) },
    {
      method: "DELETE",
      path: ONE,
      changes: true,
      parameters: ["reset"],
      answer: (request) => this.#closeConnection(request),
    },
    { method: "GET", path: /^\/closed$/, parameters: CLOSED_PARAMETERS, answer: ({ query }) => this.#closed(query) },
    { method: "GET", path: /^\/groups$/, parameters: PAGE_PARAMETERS, answer: (request) => this.#groups(request) },
    { method: "GET", path: /^\/events$/, parameters: [], answer: (request) => this.#events.answer(request) },
    {
      method: "POST",
      path: /^\/drain$/,
      changes: true,
      parameters: [],
      answer: (request) => this.#drain(request),
    },
    { method: "GET", path: /^\/config$/, parameters: [], answer: () => this.#config() },
    {
      method: "PUT",
      path: /^\/log-level$/,
      changes: true,
      parameters: [],
      answer: (request) => this.#setLogLevel(request),
    },
  ];

  constructor(settings: RouteSettings, watch: ServerWatch, events: EventStream, loopDelay: LoopDelay) {
    this.#settings = settings;
    this.#watch = watch;
    this.#events = events;
    this.#loopDelay = loopDelay;
  }

  #health(): Answer {
    return json({ status: "ok", loopDelayMs: Math.round(this.#loopDelay.maxMs) });
  }

  #readiness(): Answer {
    const problems = this.#watch.problems();
    const { phase } = this.#watch;
    return problems.length === 0
      ? json({ status: "ready", phase })
      : json({ status: "not-ready", phase, problems }, 503);
  }

  async #metricsText(): Promise<Answer> {
    const { metrics } = this.#settings;
    if (metrics === undefined) throw notConfigured("metrics", "admin({ metrics })");
    this.#metrics ??= textOf(metrics).finally(() => {
      this.#metrics = undefined;
    });
    const body = await this.#metrics;
    return { status: 200, contentType: metrics.contentType, body };
  }

  #stats(): Answer {
    const watch = this.#watch;
    const since = watch.listeningSince;
    return json({
      at: new Date().toISOString(),
      runtime: runtimeName(),
      pid: process.pid,
      phase: watch.phase,
      ready: watch.problems().length === 0,
      addresses: watch.addresses(),
      ...(since !== undefined && { listeningSince: new Date(since).toISOString(), uptimeMs: Date.now() - since }),
      loopDelayMs: Math.round(this.#loopDelay.maxMs * 10) / 10,
      server: watch.server?.stats() ?? null,
      ...busShown(watch.server),
      ends: Object.fromEntries(watch.endsByReason),
      establishFailures: Object.fromEntries(watch.failuresByCode),
      events: { ...watch.counts },
      sources: this.#sources(),
      admin: {
        streams: this.#events.size,
        changes: this.#settings.token !== undefined,
        metrics: this.#settings.metrics !== undefined,
        describes: this.#settings.describe !== undefined,
      },
    });
  }

  /** The counts of all sources. One that throws does not hide the others. */
  #sources(): Record<string, object> {
    const all: Record<string, object> = {};
    for (const [name, source] of Object.entries(this.#settings.sources)) {
      try {
        all[name] = source.stats();
      } catch (cause) {
        all[name] = { error: `stats() threw: ${describeThrown(cause)}` };
      }
    }
    return all;
  }

  async #connections({ gone, query }: RoutedRequest): Promise<Answer> {
    if (checkReasonQuery(query)) return this.#closed(query);
    const wanted = connectionQuery(query);
    const server = this.#server();
    return jsonText(await this.#lists.run(() => listConnections(server, wanted, this.#listingHost(gone))));
  }

  async #connection(request: RoutedRequest): Promise<Answer> {
    const session = await this.#find(request);
    return json(connectionRecord(session, ALONE, this.#settings.describe));
  }

  async #closeConnection(request: RoutedRequest): Promise<Answer> {
    const reset = request.query.flag("reset");
    const session = await this.#find(request);
    if (reset) session.abort();
    else session.close();
    return json({ id: session.connection.id, closing: reset ? "reset" : "in-order" }, 202);
  }

  #closed(query: Query): Answer {
    const { limit, offset } = pageOf(query);
    const address = query.text("address");
    const reason = query.text("reason");
    const ends = this.#watch.ends.newestFirst();
    const records: EndRecord[] = ends
      .filter((end) => reason === undefined || reasonOf(end) === reason)
      .map(endRecord)
      .filter(({ remote }) => address === undefined || remote.includes(address));
    const closed = records.slice(offset, offset + limit);
    return json({ total: ends.length, matching: records.length, offset, limit, closed });
  }

  async #groups({ gone, query }: RoutedRequest): Promise<Answer> {
    const page = pageOf(query);
    const server = this.#server();
    return json(await this.#lists.run(() => listGroups(server, page, this.#listingHost(gone))));
  }

  async #drain(request: RoutedRequest): Promise<Answer> {
    const { force, ...options } = objectOf(await request.body(), DRAIN_FIELDS);
    if (force !== undefined && typeof force !== "boolean") {
      throw new Refusal(400, "bad-request", "force must be true or false");
    }
    const server = this.#server();
    const { phase } = this.#watch;
    const ending = this.#draining === server || phase === "grace" || phase === "draining" || phase === "drained";
    if (ending && force !== true) {
      const why = 'the server drains already: send {"force": true} to abort what is left';
      throw new Refusal(409, "draining", phase === "drained" ? "the server has drained" : why);
    }
    try {
      this.#begin(server, server.shutdown(options));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      throw new Refusal(400, "bad-request", error.message);
    }
    return json({ phase: this.#watch.phase, connections: server.stats().connections }, 202);
  }

  #begin(server: ObservedServer, drain: Promise<DrainResult>): void {
    this.#draining = server;
    // Why it fails, whoever owns the server learns from `finished`.
    drain.catch(() => undefined);
  }

  async #config(): Promise<Answer> {
    const { config } = this.#settings;
    if (config === undefined) throw notConfigured("settings", "admin({ config })");
    const settings = await calling("config()", () => config());
    return await calling("JSON of the result of config()", () => json(settings ?? null));
  }

  async #setLogLevel(request: RoutedRequest): Promise<Answer> {
    const { onLogLevel } = this.#settings;
    if (onLogLevel === undefined) throw notConfigured("log", "admin({ onLogLevel })");
    const level = logLevelOf(await request.body());
    await calling("onLogLevel()", () => onLogLevel(level));
    return json({ level });
  }

  async #find({ captured, gone }: RoutedRequest): Promise<Session<never>> {
    const id = Number(captured[0]);
    const server = this.#server();
    const session = await this.#lists.run(() => findConnection(server, id, this.#listingHost(gone)));
    if (session !== undefined) return session;
    throw new Refusal(404, "no-such-connection", `no connection ${id} is open: /closed lists the last that have ended`);
  }

  /** @throws {Refusal} there is none */
  #server(): ObservedServer {
    const { server } = this.#watch;
    if (server !== undefined) return server;
    throw new Refusal(503, "not-listening", "no server listens yet", { "Retry-After": "1" });
  }

  #listingHost(gone: () => boolean): ListingHost {
    const { clock, describe } = this.#settings;
    return { clock, describe, gone };
  }
}

/** Returns what is shown of a server's bus, if it has one. */
function busShown(server: ObservedServer | undefined): object {
  const { bus } = server ?? {};
  return bus === undefined ? {} : { bus: { name: bus.name, origin: bus.origin, ...bus.stats() } };
}
