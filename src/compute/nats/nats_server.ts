// Apart from the code that uses the package: these types are published, and must do without it.

/** Where the broker is, and how to speak to it. */
export interface NatsServer {
  /** `nats://host:port`, or several: of one cluster. `tls://` speaks TLS. User and password may be part of it. Default: this machine. */
  readonly servers?: string | readonly string[];
  /** Further options of the package's `connect()`: credentials, TLS. Default: none. */
  readonly connection?: object;
}

/** The options of the package's `connect()` that say where the broker is. */
export interface NatsAddress {
  readonly servers: readonly string[];
  readonly tls?: object;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/**
 * Takes addresses apart, because the package takes no user in them, and no TLS. The servers are of one cluster, so the first user and
 * password are those of all. A user without a password is a token.
 */
export function natsAddress({ servers = "nats://127.0.0.1:4222" }: NatsServer): NatsAddress {
  const parts = [servers].flat().map((server) => ADDRESS.exec(server)?.groups ?? {});
  const [user, pass] =
    parts
      .find(({ user: given }) => given !== undefined)
      ?.["user"]?.split(":")
      .map(decodeURIComponent) ?? [];
  return {
    servers: parts.map(({ host = "" }) => host),
    ...(parts.some(({ scheme }) => scheme === "tls") && { tls: {} }),
    ...(user !== undefined && (pass === undefined ? { token: user } : { user, pass })),
  };
}

const ADDRESS = /^(?:(?<scheme>\w+):\/\/)?(?:(?<user>[^/@]*)@)?(?<host>[^/]*)/;

/** Checks where the broker is. @throws {TypeError} neither a server nor a list of them */
export function checkServers({ connection, servers }: NatsServer): void {
  const all = [servers ?? "nats://127.0.0.1:4222"].flat();
  if (all.length === 0 || all.some((server) => typeof server !== "string" || server === "")) {
    throw new TypeError("servers must be a NATS server such as nats://127.0.0.1:4222, or a list of them");
  }
  try {
    natsAddress(servers === undefined ? {} : { servers });
  } catch {
    throw new TypeError("user and password in servers must be percent-encoded: their text is not UTF-8");
  }
  if (connection !== undefined && (typeof connection !== "object" || connection === null)) {
    throw new TypeError("connection must be an object with options of the package's connect()");
  }
}

/** @throws {TypeError} no subject for requests: it is empty, or has a wildcard */
export function checkSubject(name: string, subject: unknown): void {
  if (typeof subject === "string" && /^[^\s*>.]+(\.[^\s*>.]+)*$/.test(subject)) return;
  throw new TypeError(
    `${name} must be a subject without wildcards, such as primes.count, not ${JSON.stringify(subject)}`,
  );
}
