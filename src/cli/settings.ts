/**
 * The one table of all settings of `spillway serve`. The options, environment variables, keys of a configuration file, the help
 * and `--print-config` are generated from it.
 */
import { busText, parseBusPrefix, parseBusSpec } from "./bus_spec.ts";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import { type FleetSpec, parseFleetSpec } from "./fleet_spec.ts";
import { LIMIT, limitSettings, policySettings } from "./limit_settings.ts";
import { type ListenSpec, parseListenSpec } from "./listen_spec.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log.ts";
import {
  parseAddressRange,
  parseAdminPlace,
  parseAlpnName,
  parseCount,
  parseDelay,
  parseFile,
  parseHostname,
  parseLogLevel,
  parseMode,
  parsePatience,
  parsePool,
  parsePort,
  parseRate,
  parseTimeout,
  parseWorkers,
} from "./option_values.ts";
import {
  ACCESS_LOG_FORMATS,
  BALANCES,
  CLIENT_CERTIFICATES,
  choiceOf,
  listOf,
  type Setting,
  setting,
  TLS_VERSIONS,
} from "./setting.ts";

const WHERE = "Listening:";
const TLS = "TLS:";
const PEERS = "Who may connect:";
const ADMIN = "Operation:";
const WORKERS = "Workers:";
const BUS = "Other processes:";
const OWN = "Service:";
const LOG = "Logging, to stderr:";
const ACCESS = "Access log:";

/** Every setting, in the order of the help. */
export const SETTINGS: readonly Setting[] = [
  setting(WHERE, "listen", {
    sets: "spillway ServeOptions.listen",
    placeholder: "<place>",
    description:
      "instead of --hostname and --port, and may be repeated: tcp://host:port, tls://host:port, unix:/path, unix:@name, fd:3, systemd",
    ...listOf(parseListenSpec),
    written: (specs: readonly ListenSpec[]) => specs.map(({ text }) => text),
  }),
  setting(WHERE, "hostname", {
    sets: "spillway ServeOptions.hostname",
    placeholder: "<address>",
    description: "name or numeric address; 0.0.0.0 or :: for all addresses",
    fallback: "127.0.0.1",
    parse: parseHostname,
  }),
  setting(WHERE, "port", {
    sets: "spillway ServeOptions.port",
    letter: "-p",
    placeholder: "<number>",
    description: "0 selects a free port; also set by the environment variable PORT",
    fallback: "8080",
    numeric: true,
    parse: parsePort,
  }),
  setting(WHERE, "unixMode", {
    sets: "spillway ServeOptions.mode",
    placeholder: "<mode>",
    description: "permissions of the sockets at paths, in octal",
    fallback: "600",
    parse: parseMode,
    written: (mode: number) => mode.toString(8).padStart(3, "0"),
  }),
  setting(TLS, "tlsCert", {
    sets: "spillway/tls TlsOptions.cert",
    placeholder: "<file>",
    description: "certificate chain, in PEM; with it, --port speaks TLS, and changed files are loaded",
    parse: parseFile,
  }),
  setting(TLS, "tlsKey", {
    sets: "spillway/tls TlsOptions.key",
    placeholder: "<file>",
    description: "private key of the certificate, in PEM",
    parse: parseFile,
  }),
  setting(TLS, "tlsCa", {
    sets: "spillway/tls TlsOptions.ca",
    placeholder: "<file>",
    description: "authorities of client certificates, in PEM",
    parse: parseFile,
  }),
  setting(TLS, "tlsClientCertificate", {
    sets: "spillway/tls TlsOptions.clientCertificate",
    placeholder: "<policy>",
    description: `whether a client must show a certificate: ${CLIENT_CERTIFICATES.join(", ")}`,
    fallback: "none",
    ...choiceOf(CLIENT_CERTIFICATES),
  }),
  setting(TLS, "tlsAlpn", {
    sets: "spillway/tls TlsOptions.alpn",
    placeholder: "<names>",
    description: "protocols for ALPN, in order of preference, separated by commas",
    ...listOf(parseAlpnName),
  }),
  setting(TLS, "tlsMinVersion", {
    sets: "spillway/tls TlsOptions.minVersion",
    placeholder: "<version>",
    description: `lowest version: ${TLS_VERSIONS.join(" or ")}`,
    fallback: "1.2",
    numeric: true,
    ...choiceOf(TLS_VERSIONS),
  }),
  setting(PEERS, "proxyFrom", {
    sets: "spillway/proxy-protocol ProxyProtocolOptions.from",
    placeholder: "<ranges>",
    description: "proxies, which must send a PROXY header: 10.0.0.0/8, ::1, unix; separated by commas",
    ...listOf(parseAddressRange),
  }),
  setting(PEERS, "allow", {
    sets: "spillway/admission AdmissionOptions.allow",
    placeholder: "<ranges>",
    description: "only these addresses, except those that are denied",
    ...listOf(parseAddressRange),
  }),
  setting(PEERS, "deny", {
    sets: "spillway/admission AdmissionOptions.deny",
    placeholder: "<ranges>",
    description: "not these addresses; the longest range decides",
    ...listOf(parseAddressRange),
  }),
  setting(PEERS, "maxConnectionsPerAddress", {
    sets: "spillway/admission AdmissionOptions.maxPerAddress",
    placeholder: "<count>",
    description: "connections of one address at once (IPv6: of its /64)",
    fallback: "off",
    numeric: true,
    parse: parseCount,
  }),
  setting(PEERS, "connectsPerSecond", {
    sets: "spillway/admission AdmissionOptions.connectsPerSecond",
    placeholder: "<rate>",
    description: "new connections of one address per second, on average",
    fallback: "off",
    numeric: true,
    parse: parseRate,
  }),
  setting(ADMIN, "admin", {
    sets: "spillway/admin AdminOptions.listen",
    placeholder: "<endpoint>",
    description: "health, numbers, connections and a dashboard over HTTP: 127.0.0.1:9090, 9090, unix:/path",
    parse: parseAdminPlace,
  }),
  setting(ADMIN, "adminTokenFile", {
    sets: "spillway/admin AdminOptions.token",
    placeholder: "<file>",
    description: "token that changes over --admin require; without it, nothing can be changed",
    parse: parseFile,
  }),
  setting(WORKERS, "workers", {
    sets: "spillway/cluster SuperviseOptions.workers",
    placeholder: "<count>",
    description:
      "number of processes that serve, or auto for one for each processor; SIGHUP replaces them one by one (default: none, this process serves)",
    numeric: true,
    parse: parseWorkers,
  }),
  setting(WORKERS, "balance", {
    sets: "spillway/cluster SuperviseOptions.balance",
    placeholder: "<policy>",
    description:
      "whether workers accept from one socket, or the kernel spreads connections evenly (not on Deno, nor Node before 22.12): shared, kernel",
    fallback: "shared",
    ...choiceOf(BALANCES),
  }),
  setting(WORKERS, "readyTimeoutMs", {
    sets: "spillway/cluster SuperviseOptions.readyTimeoutMs",
    placeholder: "<duration>",
    description: "time for a worker to become ready",
    fallback: "30s",
    numeric: true,
    parse: parsePatience,
  }),
  setting(WORKERS, "workerTimeoutMs", {
    sets: "spillway/cluster SuperviseOptions.silenceTimeoutMs",
    placeholder: "<duration>",
    description: "time after which a worker whose event loop is blocked is killed and replaced; off waits",
    fallback: "10s",
    numeric: true,
    parse: parseTimeout,
  }),
  setting(WORKERS, "pidFile", {
    placeholder: "<file>",
    description: "file with the number of the process that gets signals, while it serves (default: none)",
    parse: parseFile,
  }),
  setting(BUS, "bus", {
    placeholder: "<bus>",
    description:
      "carries broadcasts to other processes: local:/path, redis://host:port, rediss://host:port, nats://host:port, or local under --workers",
    parse: parseBusSpec,
    written: busText,
  }),
  setting(BUS, "busPrefix", {
    placeholder: "<word>",
    description: "beginning of the topics at the broker; services with the same one reach each other",
    fallback: "spillway",
    parse: parseBusPrefix,
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
    sets: "spillway ShutdownOptions.graceMs",
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
    choices: LOG_LEVELS,
    parse: parseLogLevel,
  }),
  setting(LOG, "logFormat", {
    placeholder: "<format>",
    description: "text or JSON lines",
    fallback: "pretty",
    ...choiceOf(LOG_FORMATS),
  }),
  setting(ACCESS, "accessLog", {
    placeholder: "<file>",
    description: "one line for each connection, at its end; - for stdout",
    parse: parseFile,
  }),
  setting(ACCESS, "accessLogFormat", {
    placeholder: "<format>",
    description: `of its lines: ${ACCESS_LOG_FORMATS.join(" or ")}`,
    fallback: "json",
    ...choiceOf(ACCESS_LOG_FORMATS),
  }),
];
