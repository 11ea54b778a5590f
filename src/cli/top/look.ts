import type { AdminClient } from "./admin_client.ts";
import { AdminFailure } from "./admin_client.ts";
import type { ConnectionId } from "./connection_id.ts";
import type { ConnectionDetails, ConnectionRow } from "./connection_row.ts";
import { connectionDetails, connectionRow } from "./connection_row.ts";
import { Fields } from "./fields.ts";
import type { HandlerPercentiles } from "./handler_times.ts";
import { HandlerTimes } from "./handler_times.ts";
import { Rates } from "./rates.ts";
import { type ServerHead, serverHead } from "./server_head.ts";
import { type WorkerRow, workerRows } from "./worker_row.ts";

/** The endpoint's largest page. */
const PAGE_ROWS = 1_000;

/** Rates of the whole server, per second; absent at the first look. */
interface ServerRates {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The answers that one look at the server has got. */
export interface Look {
  readonly head: ServerHead;
  readonly rates: ServerRates | undefined;
  /** The workers of a server with several processes. */
  readonly workers?: readonly WorkerRow[] | undefined;
  readonly handlers: HandlerPercentiles;
  /** The number of open connections, and of those that the filter lets through. */
  readonly total: number;
  readonly matching: number;
  readonly rows: readonly ConnectionRow[];
  /** The connection that was asked for, and what is known of it: nothing when it has ended. */
  readonly detailsOf: ConnectionId | undefined;
  readonly details: ConnectionDetails | undefined;
}

/** The parts of the server to look at. */
export interface LookQuery {
  /** The order, by a name that the endpoint has. */
  readonly serverSort: string;
  readonly descending: boolean;
  readonly address: string;
  readonly group: string;
  /** The most rows. */
  readonly limit: number;
  /** The connection whose details are wanted. */
  readonly detailsOf: ConnectionId | undefined;
}

/** Looks at a server again and again, and knows what has come since the last look. */
export class Looks {
  readonly #client: AdminClient;
  readonly #now: () => number;
  readonly #rates = new Rates();
  readonly #handlerTimes = new HandlerTimes();
  #listeningSince: string | undefined;

  constructor(client: AdminClient, now: () => number = () => performance.now()) {
    this.#client = client;
    this.#now = now;
  }

  /** @throws {AdminFailure} */
  async next(query: LookQuery): Promise<Look> {
    const stats = await this.#client.getJson("/stats");
    const head = serverHead(stats);
    // Numbers of connections begin again with a server.
    if (head.listeningSince !== this.#listeningSince) this.#forget();
    this.#listeningSince = head.listeningSince;
    this.#rates.begin();
    const { framesIn, framesOut, bytesIn, bytesOut } = head;
    const now = this.#now();
    const workers = workerRows(stats, this.#rates, now);
    // The counts of a worker begin anew with its process: it is rates that are added up.
    const since =
      workers === undefined
        ? this.#rates.next("server", now, [framesIn, framesOut, bytesIn, bytesOut])
        : sumsOf(workers);
    const handlers = head.metrics ? await this.#handlerPercentiles() : {};
    const { total, matching, rows } = await this.#list(query);
    return {
      head,
      rates: since === undefined ? undefined : ratesOf(since),
      workers,
      handlers,
      total,
      matching,
      rows,
      detailsOf: query.detailsOf,
      details: query.detailsOf === undefined ? undefined : await this.#details(query.detailsOf),
    };
  }

  #forget(): void {
    this.#rates.forget();
    this.#handlerTimes.forget();
  }

  async #handlerPercentiles(): Promise<HandlerPercentiles> {
    try {
      return this.#handlerTimes.next(await this.#client.get("/metrics"));
    } catch (error) {
      // Without the package of the metrics, the endpoint refuses. The rest is worth being shown.
      if (error instanceof AdminFailure && error.status !== undefined) return {};
      throw error;
    }
  }

  /** The list is made in pages, between which connections come and go. */
  async #list(query: LookQuery): Promise<Pick<Look, "total" | "matching" | "rows">> {
    const rows = new Map<ConnectionId, ConnectionRow>();
    let total = 0;
    let matching = 0;
    for (let offset = 0; offset < query.limit; offset += PAGE_ROWS) {
      const limit = Math.min(PAGE_ROWS, query.limit - offset);
      const page = await this.#page(listPath(query, limit, offset));
      const records = page.list("connections");
      total = page.number("total");
      matching = page.number("matching");
      const at = this.#now();
      for (const record of records.slice(0, limit)) {
        const row = connectionRow(record, this.#rates, at);
        if (row !== undefined && !rows.has(row.id)) rows.set(row.id, row);
      }
      if (records.length < limit) break;
    }
    return { total, matching, rows: [...rows.values()] };
  }

  async #page(path: string): Promise<Fields> {
    try {
      const page = new Fields(await this.#client.getJson(path));
      if (page.has("connections")) return page;
    } catch (error) {
      // No server listens yet, or not any more: an empty list.
      if (error instanceof AdminFailure && error.status === 503) return new Fields({});
      throw error;
    }
    throw new AdminFailure("other JSON: this is no admin endpoint of Spillway", 200);
  }

  async #details(id: ConnectionId): Promise<ConnectionDetails | undefined> {
    try {
      return connectionDetails(await this.#client.getJson(`/connections/${id}`), this.#rates, this.#now());
    } catch (error) {
      if (error instanceof AdminFailure && (error.status === 404 || error.status === 503)) return undefined;
      throw error;
    }
  }
}

function listPath({ serverSort, descending, address, group }: LookQuery, limit: number, offset: number): string {
  const query = new URLSearchParams({
    sort: serverSort,
    order: descending ? "desc" : "asc",
    limit: `${limit}`,
    offset: `${offset}`,
  });
  if (address !== "") query.set("address", address);
  if (group !== "") query.set("group", group);
  return `/connections?${query}`;
}

function sumsOf(workers: readonly WorkerRow[]): readonly number[] | undefined {
  const known = workers.filter(({ framesInRate }) => framesInRate !== undefined);
  if (known.length === 0) return undefined;
  const sum = (of: (worker: WorkerRow) => number | undefined) => known.reduce((all, one) => all + (of(one) ?? 0), 0);
  return [
    sum(({ framesInRate }) => framesInRate),
    sum(({ framesOutRate }) => framesOutRate),
    sum(({ bytesInRate }) => bytesInRate),
    sum(({ bytesOutRate }) => bytesOutRate),
  ];
}

function ratesOf([framesIn = 0, framesOut = 0, bytesIn = 0, bytesOut = 0]: readonly number[]): ServerRates {
  return { framesIn, framesOut, bytesIn, bytesOut };
}
