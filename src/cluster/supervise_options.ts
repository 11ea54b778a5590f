import { availableParallelism } from "node:os";
import process from "node:process";
import {
  type Clock,
  checkOptions,
  checkWhole,
  type ListenOptions,
  type OptionNames,
  systemClock,
  type Transport,
} from "../core/mod.ts";
import type { ClusterObserver } from "./cluster_event.ts";
import type { Balance } from "./held_places.ts";
import type { HeldTarget } from "./held_target.ts";
import { programCommand } from "./program.ts";

/** The kernel's maximum, unless it is set higher. */
const BACKLOG = 4_096;
const BALANCES: readonly Balance[] = ["shared", "kernel"];

/** Options of {@link supervise}. */
export interface SuperviseOptions {
  /**
   * The program of a worker, which calls {@link serveWorker}: a `file:` URL or a path. It runs on the runtime of this process, on
   * Deno with all permissions.
   */
  readonly script: URL | string;
  /** The arguments of the program. Default: none. */
  readonly args?: readonly string[];
  /** The directory that the program starts in. Default: that of this process. */
  readonly cwd?: string;
  /** The environment variables of the program. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the cluster listens: on all of these places, or on none. TCP is on 127.0.0.1 by default. */
  readonly listen: readonly HeldTarget[];
  /** The number of workers. A whole number from 1 to 1024; default: that of the processors that this process may use. */
  readonly workers?: number;
  /**
   * How connections come to workers. `shared`: through one socket, from which whoever is idle takes the next connection.
   * `kernel`: through a socket for each worker, among which the kernel spreads connections evenly, also to a worker that is
   * busy or stopped; not on Deno, nor on Node before 22.12. Default `shared`.
   */
  readonly balance?: Balance;
  /**
   * The time for which a worker that is replaced serves on after it has stopped accepting, and closes its idle connections
   * one after the other. Then it drains. 0: it drains at once. Default 5000.
   */
  readonly graceMs?: number;
  /** The time for which a worker may drain after that. It should be longer than `drainTimeoutMs` of its server. Default 15000. */
  readonly drainTimeoutMs?: number;
  /** The time for a worker to become ready. Default 30000. */
  readonly readyTimeoutMs?: number;
  /**
   * The time without a sign of life after which a worker is killed and replaced: its event loop is blocked, or it is stopped.
   * `Infinity` waits for ever. Default 10000.
   */
  readonly silenceTimeoutMs?: number;
  /**
   * Called when the first workers are ready, and before a supervisor that is to be replaced learns that. An error that it throws
   * rejects `ready`. Default: nothing is called.
   */
  readonly onReady?: () => void | Promise<void>;
  /** Gets the events of the cluster. Default: faults are written with `console.error`. */
  readonly observer?: ClusterObserver;
  /** The transport that binds. Default: that of the runtime. */
  readonly transport?: Transport;
  /** The clock, for tests. Default: that of the runtime. */
  readonly clock?: Clock;
}

const OPTIONS: OptionNames<SuperviseOptions> = {
  script: true,
  args: true,
  cwd: true,
  env: true,
  listen: true,
  workers: true,
  balance: true,
  graceMs: true,
  drainTimeoutMs: true,
  readyTimeoutMs: true,
  silenceTimeoutMs: true,
  onReady: true,
  observer: true,
  transport: true,
  clock: true,
};

/** The durations, with their defaults. */
const DURATIONS = { graceMs: 5_000, drainTimeoutMs: 15_000, readyTimeoutMs: 30_000, silenceTimeoutMs: 10_000 } as const;

type Durations = { readonly [Name in keyof typeof DURATIONS]: number };

/** Options that make sense. */
export interface CheckedOptions extends Durations {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly listen: readonly ListenOptions[];
  readonly workers: number;
  readonly balance: Balance;
  readonly onReady: (() => void | Promise<void>) | undefined;
  readonly observer: ClusterObserver | undefined;
  readonly transport: Transport | undefined;
  readonly clock: Clock;
}

const MOST_WORKERS = 1_024;

/** @throws {TypeError | RangeError} an option that makes no sense */
export function checkSuperviseOptions(options: SuperviseOptions): CheckedOptions {
  checkOptions(options, OPTIONS);
  const { args = [], balance = "shared", clock = systemClock, cwd, env = process.env, listen, script } = options;
  const { observer, onReady, transport, workers = availableParallelism() } = options;
  if (!(script instanceof URL) && typeof script !== "string") throw new TypeError("script must be a URL or a path");
  if (!BALANCES.includes(balance))
    throw new TypeError(`balance must be ${BALANCES.join(" or ")}, not ${balance as string}`);
  if (!Array.isArray(listen) || listen.length === 0) throw new TypeError("listen must be a list of at least one place");
  checkWhole("workers", workers, 1);
  if (workers > MOST_WORKERS) throw new RangeError(`workers must be at most ${MOST_WORKERS}, not ${workers}`);
  return {
    ...checkDurations(options),
    command: [...programCommand(script), ...args],
    cwd,
    env,
    listen: (listen as readonly HeldTarget[]).map(listenOptions),
    workers,
    balance,
    observer,
    onReady,
    transport,
    clock,
  };
}

function checkDurations(options: Partial<Durations>): Durations {
  const checked: Record<string, number> = {};
  for (const [name, fallback] of Object.entries(DURATIONS) as [keyof Durations, number][]) {
    const value = options[name] ?? fallback;
    if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${typeof value}`);
    const least = name === "graceMs" ? 0 : Number.MIN_VALUE;
    if (!(value >= least) || (value === Infinity && name !== "silenceTimeoutMs")) {
      const range = name === "graceMs" ? "at least 0" : "above 0";
      throw new RangeError(`${name} must be a number of milliseconds ${range}, not ${value}`);
    }
    checked[name] = value;
  }
  return checked as unknown as Durations;
}

/** The transport checks the rest. */
function listenOptions(target: HeldTarget): ListenOptions {
  if (typeof target !== "object" || target === null) throw new TypeError("each entry of listen must be an object");
  if ("port" in target) return { hostname: "127.0.0.1", ...target, backlog: BACKLOG };
  return { ...target, backlog: BACKLOG };
}
