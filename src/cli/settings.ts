/**
 * The one table of all settings of `spillway serve`. The options, environment variables, keys of a configuration file, the help
 * and `--print-config` are generated from it. The compiler keeps it complete: a new limit or policy of `serve()` needs its
 * entry here.
 */
import { resolveLimits } from "../core/mod.ts";
import type { Limits, Service } from "../mod.ts";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import { type FleetSpec, parseFleetSpec } from "./fleet_spec.ts";
import { type ListenSpec, parseListenSpec } from "./listen_spec.ts";
import { LOG_FORMATS, type LOG_LEVELS } from "./log.ts";
import {
  durationText,
  parseAddressRange,
  parseAdminPlace,
  parseAlpnName,
  parseChoice,
  parseCount,
  parseDelay,
  parseFile,
  parseHostname,
  parseList,
  parseLogLevel,
  parseMode,
  parsePool,
  parsePort,
  parseRate,
  parseTimeout,
} from "./option_values.ts";

/** The options of a service that take one of a few words. */
export type PolicyName = {
  [Name in keyof Service]-?: NonNullable<Service[Name]> extends string
    ? string extends NonNullable<Service[Name]>
      ? never
      : Name
    : never;
}[keyof Service];

/** The settings that were given. A setting that was not given is absent. */
export interface Settings extends Partial<Limits>, Partial<Pick<Service, PolicyName>> {
  /** What to listen on, instead of `hostname` and `port`. */
  readonly listen?: readonly ListenSpec[];
  readonly hostname?: string;
  readonly port?: number;
  /** The permissions of the sockets at the paths of `listen`. */
  readonly unixMode?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tlsClientCertificate?: (typeof CLIENT_CERTIFICATES)[number];
  readonly tlsAlpn?: readonly string[];
  readonly tlsMinVersion?: (typeof TLS_VERSIONS)[number];
  /** The proxies that begin a connection with a PROXY header. */
  readonly proxyFrom?: readonly string[];
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly maxConnectionsPerAddress?: number;
  readonly connectsPerSecond?: number;
  /** Where the admin endpoint listens, and the file with the token of its mutations. */
  readonly admin?: string;
  readonly adminTokenFile?: string;
  readonly delayMs?: number;
  readonly codec?: CodecSpec;
  readonly prefix?: string;
  readonly maxFrameBytes?: number;
  readonly pool?: number;
  /** The fleet that computes instead of the handler of a module. */
  readonly compute?: FleetSpec;
  /** The `graceMs` that a signal passes to `shutdown()`. */
  readonly graceMs?: number;
  readonly logLevel?: (typeof LOG_LEVELS)[number];
  readonly logFormat?: (typeof LOG_FORMATS)[number];
}

const CLIENT_CERTIFICATES = ["none", "optional", "required"] as const;
const TLS_VERSIONS = ["1.2", "1.3"] as const;

/** The key of a setting in a configuration file. Limits and policies have the names that they have in `serve()`. */
export type SettingName = keyof Settings;

/** The description of one setting. */
export interface Setting {
  readonly name: SettingName;
  /** The option on the command line: `--idle-timeout` for `idleTimeoutMs`. */
  readonly option: string;
  /** The short option: `-p`. */
  readonly letter?: string;
  /** The environment variable: `SPILLWAY_IDLE_TIMEOUT`. */
  readonly variable: string;
  /** The placeholder of the value in the help: `<duration>`. */
  readonly placeholder: string;
  readonly description: string;
  /** The default value, as it would be written on the command line. */
  readonly fallback?: string;
  /** The heading of the setting in the help. */
  readonly group: string;
  /** Whether a file may give a number; the number is in milliseconds if the name ends with Ms. */
  readonly numeric: boolean;
  /** @throws {InvalidArgumentError} which values are allowed */
  readonly parse: (text: string) => unknown;
  /**
   * For a list: parses one element. `parse` takes elements that are separated by commas; the option may be repeated, and a file may
   * give an array.
   */
  readonly parseElement?: (text: string) => unknown;
  /** Returns a value as a configuration file has it. Without it, the value is the same there. */
  readonly written?: (value: never) => unknown;
}

const LIMITS: Readonly<Record<keyof Limits, string>> = {
  idleTimeoutMs: "close a connection without traffic while nothing is in flight",
  silenceTimeoutMs: "close a connection from which no byte is received",
  keepAliveMs: "probe a connection after this time without a byte; not on Deno",
  frameTimeoutMs: "time to receive a whole frame",
  handlerTimeoutMs: "time to answer a frame; for compute, more than --delay",
  writeTimeoutMs: "how far a peer may fall behind in reading",
  minWriteBytesPerSecond: "average rate at which a peer must read; off accepts any progress",
  authenticationTimeoutMs: "time to authenticate, where a service requires it",
  lifetimeMs: "longest lifetime of a connection",
  lingerTimeoutMs: "after FIN, time to wait without a sign of the peer",
  maxLingerMs: "after FIN, time to wait in total",
  drainTimeoutMs: "time to drain before the remaining connections are aborted",
  maxConnections: "connections served at once",
  establishTimeoutMs: "time for TLS, PROXY headers and rules, before a connection is served",
  maxEstablishing: "connections in those steps at once",
  concurrency: "frames of one connection in the handler at once",
  maxConcurrentHandlers: "asynchronous handlers of all connections at once",
  maxOutboundBytes: "bytes waiting to be sent on one connection",
  maxOutboundFrames: "pushes waiting to be sent on one connection",
  maxTotalOutboundBytes: "bytes waiting to be sent on all connections",
  maxTotalInboundBytes: "received bytes waiting on all connections",
  backlog: "connections waiting to be accepted",
};

interface Policy<Choice extends string> {
  readonly description: string;
  /** The allowed words; the first is the default. The compiler keeps them complete. */
  readonly choices: Readonly<Record<Choice, true>>;
}

const POLICIES: { readonly [Name in PolicyName]: Policy<NonNullable<Service[Name]>> } = {
  invalidFrame: {
    description: "how to handle a malformed or oversized frame",
    choices: { close: true, skip: true, truncate: true },
  },
  afterReset: {
    description: "how to handle received frames when their connection breaks",
    choices: { drop: true, finish: true },
  },
  slowConsumer: {
    description: "how to handle a push without room",
    choices: { reset: true, drop: true, "drop-oldest": true },
  },
  beyondMaxConnections: {
    description: "how to handle connections beyond --max-connections",
    choices: { wait: true, reject: true },
  },
};

const WHERE = "Listening:";
const TLS = "TLS:";
const PEERS = "Who may connect:";
const ADMIN = "Operation:";
const OWN = "Service:";
const LIMIT = "Limits (durations such as 250ms, 5s, 5m, 1h; off disables a limit):";
const POLICY = "Policies:";
const LOG = "Logging, to stderr:";

type Row = Pick<Setting, "placeholder" | "description" | "parse"> &
  Partial<Pick<Setting, "letter" | "fallback" | "numeric" | "parseElement" | "written">>;

/** Every setting, in the order of the help. */
export const SETTINGS: readonly Setting[] = [
  setting(WHERE, "listen", {
    placeholder: "<place>",
    description:
      "instead of --hostname and --port, and may be repeated: tcp://host:port, tls://host:port, unix:/path, unix:@name, fd:3, systemd",
    ...listOf(parseListenSpec),
    written: (specs: readonly ListenSpec[]) => specs.map(({ text }) => text),
  }),
  setting(WHERE, "hostname", {
    placeholder: "<address>",
    description: "name or numeric address; 0.0.0.0 or :: for all addresses",
    fallback: "127.0.0.1",
    parse: parseHostname,
  }),
  setting(WHERE, "port", {
    letter: "-p",
    placeholder: "<number>",
    description: "0 selects a free port; also set by the environment variable PORT",
    fallback: "8080",
    numeric: true,
    parse: parsePort,
  }),
  setting(WHERE, "unixMode", {
    placeholder: "<mode>",
    description: "permissions of the sockets at paths, in octal",
    fallback: "600",
    parse: parseMode,
    written: (mode: number) => mode.toString(8).padStart(3, "0"),
  }),
  setting(TLS, "tlsCert", {
    placeholder: "<file>",
    description: "certificate chain, in PEM; with it, --port speaks TLS, and changed files are loaded",
    parse: parseFile,
  }),
  setting(TLS, "tlsKey", {
    placeholder: "<file>",
    description: "private key of the certificate, in PEM",
    parse: parseFile,
  }),
  setting(TLS, "tlsCa", {
    placeholder: "<file>",
    description: "authorities of client certificates, in PEM",
    parse: parseFile,
  }),
  setting(TLS, "tlsClientCertificate", {
    placeholder: "<policy>",
    description: `whether a client must show a certificate: ${CLIENT_CERTIFICATES.join(", ")}`,
    fallback: "none",
    parse: parseChoice(CLIENT_CERTIFICATES),
  }),
  setting(TLS, "tlsAlpn", {
    placeholder: "<names>",
    description: "protocols for ALPN, in order of preference, separated by commas",
    ...listOf(parseAlpnName),
  }),
  setting(TLS, "tlsMinVersion", {
    placeholder: "<version>",
    description: `lowest version: ${TLS_VERSIONS.join(" or ")}`,
    fallback: "1.2",
    numeric: true,
    parse: parseChoice(TLS_VERSIONS),
  }),
  setting(PEERS, "proxyFrom", {
    placeholder: "<ranges>",
    description: "proxies, which must send a PROXY header: 10.0.0.0/8, ::1, unix; separated by commas",
    ...listOf(parseAddressRange),
  }),
  setting(PEERS, "allow", {
    placeholder: "<ranges>",
    description: "only these addresses, and what is not denied within them",
    ...listOf(parseAddressRange),
  }),
  setting(PEERS, "deny", {
    placeholder: "<ranges>",
    description: "not these addresses; the longest range decides",
    ...listOf(parseAddressRange),
  }),
  setting(PEERS, "maxConnectionsPerAddress", {
    placeholder: "<count>",
    description: "connections of one address at once (IPv6: of its /64)",
    fallback: "off",
    numeric: true,
    parse: parseCount,
  }),
  setting(PEERS, "connectsPerSecond", {
    placeholder: "<rate>",
    description: "new connections of one address per second, on average",
    fallback: "off",
    numeric: true,
    parse: parseRate,
  }),
  setting(ADMIN, "admin", {
    placeholder: "<endpoint>",
    description: "health, numbers, connections and a dashboard over HTTP: 127.0.0.1:9090, 9090, unix:/path",
    parse: parseAdminPlace,
  }),
  setting(ADMIN, "adminTokenFile", {
    placeholder: "<file>",
    description: "token that whoever changes something over --admin must send; without it, nothing can be changed",
    parse: parseFile,
  }),
  setting(OWN, "delayMs", {
    placeholder: "<duration>",
    description: "compute: time that each line takes",
    fallback: "2s",
    numeric: true,
    parse: parseDelay,
  }),
  setting(OWN, "codec", {
    placeholder: "<spec>",
    description: "echo: the framing, see below",
    fallback: "lines",
    parse: parseCodecSpec,
    written: ({ text }: CodecSpec) => text,
  }),
  setting(OWN, "prefix", {
    placeholder: "<text>",
    description: "echo: text before each payload (default: none)",
    parse: (text) => text,
  }),
  setting(OWN, "maxFrameBytes", {
    placeholder: "<count>",
    description: "compute, echo: largest payload",
    fallback: "65536",
    numeric: true,
    parse: parseCount,
  }),
  setting(OWN, "pool", {
    placeholder: "<workers>",
    description: "module: number of worker threads for its handler (default: none)",
    numeric: true,
    parse: parsePool,
  }),
  setting(OWN, "compute", {
    placeholder: "<fleet>",
    description:
      "module: fleet that computes instead of its handler: tcp://host:port,host:port, nats://host?subject=primes, redis://host?stream=primes",
    parse: parseFleetSpec,
    written: ({ text }: FleetSpec) => text,
  }),
  ...limitSettings(),
  setting(LIMIT, "graceMs", {
    placeholder: "<duration>",
    description: "time to keep serving before a drain, closing idle connections one by one",
    fallback: "off",
    numeric: true,
    parse: parseTimeout,
  }),
  ...policySettings(),
  setting(LOG, "logLevel", {
    placeholder: "<level>",
    description: "lowest level that is logged",
    fallback: "info",
    parse: parseLogLevel,
  }),
  setting(LOG, "logFormat", {
    placeholder: "<format>",
    description: "text or JSON lines",
    fallback: "pretty",
    parse: parseChoice(LOG_FORMATS),
  }),
];

/** Limits and policies: the settings that are options of `serve()`, and that a service module may contain. */
export const SERVE_OPTIONS: readonly (keyof Limits | PolicyName)[] = [
  ...(Object.keys(LIMITS) as (keyof Limits)[]),
  ...(Object.keys(POLICIES) as PolicyName[]),
];

function listOf(parseElement: (text: string) => unknown): Pick<Setting, "parse" | "parseElement"> {
  return { parse: parseList(parseElement), parseElement };
}

function limitSettings(): Setting[] {
  const defaults = resolveLimits({});
  return (Object.keys(LIMITS) as (keyof Limits)[]).map((name) => {
    const timeout = name.endsWith("Ms");
    const value = defaults[name];
    return setting(LIMIT, name, {
      placeholder: timeout ? "<duration>" : "<count>",
      description: LIMITS[name],
      fallback: timeout || value === Infinity ? durationText(value) : `${value}`,
      numeric: true,
      parse: timeout ? parseTimeout : parseCount,
    });
  });
}

function policySettings(): Setting[] {
  return (Object.keys(POLICIES) as PolicyName[]).map((name) => {
    const { description, choices } = POLICIES[name];
    const [fallback, ...others] = Object.keys(choices) as [string, ...string[]];
    return setting(POLICY, name, {
      placeholder: "<policy>",
      description: `${description}: ${[fallback, ...others].join(", ")}`,
      fallback,
      parse: parseChoice([fallback, ...others]),
    });
  });
}

function setting(group: string, name: SettingName, row: Row): Setting {
  const words = name.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const variable = `SPILLWAY_${words.replaceAll("-", "_").toUpperCase()}`;
  return { numeric: false, ...row, group, name, option: `--${words}`, variable };
}
