/** A setting of `spillway serve`. The table of all settings is in settings.ts. */
import type { Limits, Service } from "../mod.ts";
import type { AccessLogFormat } from "../observers/access_log/mod.ts";
import type { BusSpec } from "./bus_spec.ts";
import type { CodecSpec } from "./codec_spec.ts";
import type { FleetSpec } from "./fleet_spec.ts";
import type { ListenSpec } from "./listen_spec.ts";
import type { LOG_FORMATS, LOG_LEVELS } from "./log.ts";
import { parseChoice, parseList } from "./option_values.ts";

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
  /** The places to listen on, instead of `hostname` and `port`. */
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
  /** The bus that carries broadcasts to other processes, and the beginning of its topics. */
  readonly bus?: BusSpec;
  readonly busPrefix?: string;
  readonly delayMs?: number;
  readonly codec?: CodecSpec;
  readonly prefix?: string;
  readonly maxFrameBytes?: number;
  readonly pool?: number;
  /** The number of processes that serve. `auto` is that of the processors. */
  readonly workers?: number | "auto";
  readonly balance?: (typeof BALANCES)[number];
  /** The time for a worker to become ready, and the time that it may be silent. */
  readonly readyTimeoutMs?: number;
  readonly workerTimeoutMs?: number;
  readonly pidFile?: string;
  /** The fleet that computes instead of the handler of a module. */
  readonly compute?: FleetSpec;
  /** The `graceMs` that a signal passes to `shutdown()`. */
  readonly graceMs?: number;
  readonly logLevel?: (typeof LOG_LEVELS)[number];
  readonly logFormat?: (typeof LOG_FORMATS)[number];
  /** The file of the access log, or `-` for stdout, and the format of its lines. */
  readonly accessLog?: string;
  readonly accessLogFormat?: AccessLogFormat;
}

/** The words of the settings that have a few. */
export const CLIENT_CERTIFICATES = ["none", "optional", "required"] as const;
export const TLS_VERSIONS = ["1.2", "1.3"] as const;
/** Those of the access log, whose room is not loaded here. */
export const ACCESS_LOG_FORMATS: readonly AccessLogFormat[] = ["json", "logfmt"];
export const BALANCES = ["shared", "kernel"] as const;

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
  /**
   * The option of the library that it sets: the entry point, the type and the name, such as `spillway/tls TlsOptions.cert`. Absent for what
   * only the command line has.
   */
  readonly sets?: string;
  /** The words that are allowed, where there are no other values. */
  readonly choices?: readonly string[];
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

/** A row of the table. */
export type Row = Pick<Setting, "placeholder" | "description" | "parse"> &
  Partial<Pick<Setting, "letter" | "fallback" | "numeric" | "parseElement" | "sets" | "written" | "choices">>;

/** Returns how a list is parsed. */
export function listOf(parseElement: (text: string) => unknown): Pick<Setting, "parse" | "parseElement"> {
  return { parse: parseList(parseElement), parseElement };
}

/** Returns how one of a few words is parsed. */
export function choiceOf(choices: readonly string[]): Pick<Setting, "parse" | "choices"> {
  return { parse: parseChoice(choices), choices };
}

/** Makes a setting of its row. Its option and its variable have the words of its name. */
export function setting(group: string, name: SettingName, row: Row): Setting {
  const words = name.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const variable = `SPILLWAY_${words.replaceAll("-", "_").toUpperCase()}`;
  return { numeric: false, ...row, group, name, option: `--${words}`, variable };
}
