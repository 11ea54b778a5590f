import type { WorkerHost, WorkerLink } from "../cluster/mod.ts";
import type { DrainSignal } from "../core/mod.ts";
import type { Address, Transport } from "../mod.ts";
import type { Variables } from "./environment_settings.ts";
import type { BusPlaces } from "./load_bus.ts";
import type { Stdio } from "./stdio.ts";
import type { UncaughtSource } from "./uncaught.ts";

/** The parts of the process that a command needs. */
export interface Environment extends BusPlaces {
  readonly stdio: Stdio;
  readonly signals: Signals;
  /** Reports uncaught errors. */
  readonly uncaught: UncaughtSource;
  /** The transport to serve on. */
  readonly transport: Transport;
  /** The directory that relative paths start from. */
  readonly cwd: string;
  /** The environment variables. */
  readonly variables: Variables;
  /** The number of this process, to which systemd passes sockets. */
  readonly pid: number;
  /** The arguments of this process, with which it can be started again. */
  readonly args: readonly string[];
  /** This process, as a supervisor speaks with it. */
  readonly host: WorkerHost;
  /** In a worker: its supervisor, which holds the sockets and steers the server. */
  readonly link?: WorkerLink;
  /** Gets where the server listens. Default: it is said on stdout, and to systemd. */
  readonly onListening?: (listening: Listening) => void;
}

/** The source of signals: those that drain a process, and one that replaces it. */
export interface Signals {
  on(signal: DrainSignal | "SIGUSR2", listener: () => void): unknown;
  off(signal: DrainSignal, listener: () => void): unknown;
}

/** A server that has begun to listen. */
export interface Listening {
  readonly addresses: readonly Address[];
  /** Which of the addresses speak TLS. */
  readonly speaksTls: (index: number) => boolean;
  readonly drainTimeoutMs: number;
  /** The number of workers, if the service says one. */
  readonly workers: number | "auto" | undefined;
}

/** Whether this process serves by itself: it is neither a worker nor a check. */
export function isAlone({ link, onListening }: Environment): boolean {
  return link === undefined && onListening === undefined;
}
