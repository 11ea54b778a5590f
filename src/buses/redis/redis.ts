import type { OptionNames } from "../../core/mod.ts";
import { type Bus, type BusConnection, type BusContext, checkOptions, checkWhole } from "../../core/mod.ts";
import { busError } from "../bus_error.ts";
import { topicNames } from "../topic_names.ts";
import { RedisConnection } from "./redis_connection.ts";

/** Settings of {@link redis}. */
export interface RedisOptions {
  /** The server: `redis://[user:password@]host[:port]`, or `rediss://` for TLS. */
  readonly url: string;
  /** The beginning of the names of the channels. Servers of one prefix reach each other. Default `"spillway"`. */
  readonly prefix?: string;
  /**
   * The limit of a message. Redis itself takes 512 MB, and cuts a subscriber off for which 32 MB wait. A whole number; default 1 MiB, the
   * same for all servers.
   */
  readonly maxPayloadBytes?: number;
  /** Further options of `createClient` of `@redis/client`: certificates (`socket`), a name, a database. Default: none. */
  readonly client?: Readonly<Record<string, unknown>>;
}

const OPTIONS: OptionNames<RedisOptions> = { url: true, prefix: true, maxPayloadBytes: true, client: true };
const CONNECT_MS = 5_000;

/**
 * Returns a bus over a Redis server. It needs the package `@redis/client` and two connections.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { defineService, lines } from "spillway";
 * import { redis } from "spillway/buses/redis";
 *
 * export default defineService({
 *   codec: lines(),
 *   bus: redis({ url: "redis://127.0.0.1:6379" }),
 *   onConnect: (session) => session.join("everyone"),
 *   handler: (line, { session }) => void session.group("everyone").broadcast(line, { except: session }),
 * });
 * ```
 */
export function redis(options: RedisOptions): Bus {
  checkOptions(options, OPTIONS);
  const { url, prefix = "spillway", maxPayloadBytes = 1_048_576, client = {} } = options;
  if (typeof url !== "string" || !/^rediss?:\/\/./.test(url) || !URL.canParse(url)) {
    throw new TypeError("url must be redis://host:port, or rediss://host:port for TLS");
  }
  checkWhole("maxPayloadBytes", maxPayloadBytes, 1_024);
  const names = topicNames(prefix, ":");
  return {
    name: "redis",
    load: async () => void (await loadClient()),
    connect: (context) => connect({ url, ...client }, { names, maxPayloadBytes }, context),
  };
}

async function connect(
  options: Readonly<Record<string, unknown>>,
  settings: { readonly names: readonly string[]; readonly maxPayloadBytes: number },
  context: BusContext,
): Promise<BusConnection> {
  const { createClient } = await loadClient();
  const socket = { connectTimeout: CONNECT_MS, ...(options["socket"] as object | undefined), reconnectStrategy: false };
  const make = () =>
    createClient({
      ...options,
      // The server connects again itself: the package keeps messages that are published meanwhile without bound, and then loses them.
      socket: socket as { readonly reconnectStrategy: false },
      disableOfflineQueue: true,
      maintNotifications: "disabled",
    });
  const connection = new RedisConnection(make(), make(), settings, context);
  try {
    await connection.open();
  } catch (cause) {
    connection.close();
    throw busError("bus-connect-failed", "cannot connect to Redis", cause);
  }
  return connection;
}

/** @throws {SpillwayError} `bus-unavailable` */
async function loadClient() {
  try {
    return await import("@redis/client");
  } catch (cause) {
    const what = "the package @redis/client does not load: npm install @redis/client";
    throw busError("bus-unavailable", what, cause);
  }
}
