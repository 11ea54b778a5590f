import { type Bus, type BusConnection, type BusContext, checkOptions, type OptionNames } from "../../core/mod.ts";
import { busError } from "../bus_error.ts";
import { topicNames } from "../topic_names.ts";
import { NatsBusConnection } from "./nats_bus_connection.ts";

/** Settings of {@link nats}. */
export interface NatsOptions {
  /** The servers: `host:port`, or `nats://[user:password@]host[:port]`; `tls://` for TLS. One is chosen at random for each attempt. */
  readonly servers: string | readonly string[];
  /** The beginning of the subjects. Servers of one prefix reach each other. Default `"spillway"`. */
  readonly prefix?: string;
  /** Further options of `connect` of `@nats-io/transport-node`: `token`, `tls`, `authenticator`, a name. */
  readonly client?: Readonly<Record<string, unknown>>;
}

const OPTIONS: OptionNames<NatsOptions> = { servers: true, prefix: true, client: true };
const CONNECT_MS = 5_000;

/**
 * Returns a bus over a NATS server or cluster. It needs the package `@nats-io/transport-node`.
 *
 * Set `write_deadline: "1s"` in the configuration of the NATS server. Without it, a subscriber that takes nothing stalls those who
 * publish, for up to eleven seconds; what waits here meanwhile is bounded, and local members go on.
 *
 * @throws {TypeError} an invalid option
 *
 * @example
 * ```ts
 * import { defineService, lines } from "spillway";
 * import { nats } from "spillway/buses/nats";
 *
 * export default defineService({
 *   codec: lines(),
 *   bus: nats({ servers: "127.0.0.1:4222" }),
 *   onConnect: (session) => session.join("everyone"),
 *   handler: (line, { session }) => void session.group("everyone").broadcast(line, { except: session }),
 * });
 * ```
 */
export function nats(options: NatsOptions): Bus {
  checkOptions(options, OPTIONS);
  const { prefix = "spillway", client = {} } = options;
  const servers = [options.servers].flat();
  if (servers.length === 0 || servers.some((server) => typeof server !== "string" || server === "")) {
    throw new TypeError("servers must be host:port or nats://host:port, or an array of such texts");
  }
  const names = topicNames(prefix, ".");
  return {
    name: "nats",
    load: async () => void (await loadClient()),
    connect: (context) => connect({ ...client, ...addressOf(servers) }, names, context),
  };
}

/** Returns the options for the servers: the package takes no user in an address. */
function addressOf(servers: readonly string[]): Record<string, unknown> {
  const hosts: string[] = [];
  const credentials: Record<string, unknown> = {};
  for (const server of servers) {
    const [, scheme = "nats", userInfo, host = ""] = /^(?:(\w+):\/\/)?(?:([^/@]*)@)?([^/]*)/.exec(server) ?? [];
    hosts.push(host);
    if (scheme === "tls") credentials["tls"] = {};
    if (userInfo === undefined) continue;
    const [user = "", pass] = userInfo.split(":").map(decodeURIComponent);
    Object.assign(credentials, pass === undefined ? { token: user } : { user, pass });
  }
  return { servers: hosts, ...credentials };
}

async function connect(
  options: Readonly<Record<string, unknown>>,
  names: readonly string[],
  context: BusContext,
): Promise<BusConnection> {
  const { connect: connectTo } = await loadClient();
  try {
    const connection = await connectTo({
      timeout: CONNECT_MS,
      ...options,
      // The server connects again itself: the package drops in silence what is published meanwhile.
      reconnect: false,
      noEcho: true,
    });
    return new NatsBusConnection(connection, names, context);
  } catch (cause) {
    throw busError("bus-connect-failed", "cannot connect to NATS", cause);
  }
}

/** @throws {SpillwayError} `bus-unavailable` */
async function loadClient() {
  try {
    return await import("@nats-io/transport-node");
  } catch (cause) {
    const what = "the package @nats-io/transport-node does not load: npm install @nats-io/transport-node";
    throw busError("bus-unavailable", what, cause);
  }
}
