import { type Bus, type BusConnection, type BusContext, checkOptions, type OptionNames } from "../../core/mod.ts";
import { busError } from "../bus_error.ts";
import { topicNames } from "../topic_names.ts";
import { greeted } from "./greeted.ts";
import { NatsBusConnection } from "./nats_bus_connection.ts";

/** Settings of {@link nats}. */
export interface NatsOptions {
  /** The servers: `host:port`, or `nats://[user:password@]host[:port]`; `tls://` for TLS. One is chosen at random for each attempt. */
  readonly servers: string | readonly string[];
  /** The beginning of the subjects. Servers of one prefix reach each other. Default `"spillway"`. */
  readonly prefix?: string;
  /** Further options of `connect` of `@nats-io/transport-node`: `token`, `tls`, `authenticator`, a name. Default: none. */
  readonly client?: Readonly<Record<string, unknown>>;
}

const OPTIONS: OptionNames<NatsOptions> = { servers: true, prefix: true, client: true };
const CONNECT_MS = 5_000;

/**
 * Returns a bus over a NATS server or cluster. It needs the package `@nats-io/transport-node`.
 *
 * Set `write_deadline: "1s"` in the configuration of the NATS server. Without it, a subscriber that takes nothing stalls those who
 * publish, for up to eleven seconds; the bytes that wait here meanwhile are bounded, and local members go on.
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
    connect: (context) => connect(servers, client, names, context),
  };
}

/** Returns the options for a server: the package takes no user in an address. */
function addressOf(server: string): { readonly host: string; readonly options: Record<string, unknown> } {
  const [, scheme = "nats", userInfo, host = ""] = /^(?:(\w+):\/\/)?(?:([^/@]*)@)?([^/]*)/.exec(server) ?? [];
  const options: Record<string, unknown> = { servers: [host] };
  if (scheme === "tls") options["tls"] = {};
  if (userInfo === undefined) return { host, options };
  const [user = "", pass] = userInfo.split(":").map(decodeURIComponent);
  return { host, options: { ...options, ...(pass === undefined ? { token: user } : { user, pass }) } };
}

async function connect(
  servers: readonly string[],
  client: Readonly<Record<string, unknown>>,
  names: readonly string[],
  context: BusContext,
): Promise<BusConnection> {
  const { connect: connectTo } = await loadClient();
  const { host, options } = addressOf(servers[Math.floor(Math.random() * servers.length)] ?? "");
  const { handshakeFirst = false } = (client["tls"] ?? {}) as { readonly handshakeFirst?: boolean };
  try {
    if (!handshakeFirst) await greeted(host, context);
    const connection = await connectTo({
      timeout: CONNECT_MS,
      ...options,
      ...client,
      // The server connects again itself: the package drops messages that are published meanwhile in silence.
      reconnect: false,
      noEcho: true,
    });
    const made = new NatsBusConnection(connection, names, context);
    if (context.signal.aborted) made.close();
    return made;
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
