import type { Size } from "../sizes.ts";
import type { Visit } from "../visit.ts";
import type { ClusterAct } from "./acts.ts";
import type { LogRecord } from "./cluster_log.ts";
import { type Handled, processNamed } from "./handled.ts";

/** Acts that were done at one time, and the recovery from them. Instants are of `performance.now()`. */
export interface Step {
  readonly acts: readonly ClusterAct[];
  readonly from: number;
  /** When every worker served again, or was waited for in vain. */
  readonly until: number;
  /** How many served then. */
  readonly serving: number;
  /** For how long the supervisor said that it would wait before it started workers again. */
  readonly pausesMs: number;
}

/** A worker that was killed, stopped, or made to spin. */
export interface Harm {
  readonly pid: number;
  readonly at: number;
}

/** How the cluster ended. */
export interface ClusterEnd {
  /** Of the process that was started: it ends in an upgrade, too. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly drainMs: number;
  /** Processes that are left. */
  readonly left: readonly number[];
}

/** Everything that was seen of a cluster in a storm. */
export interface ClusterCourse {
  readonly workers: number;
  readonly visits: readonly Visit[];
  /** The records that workers made of their connections, by the names of the connections. */
  readonly handled: ReadonlyMap<number, Handled>;
  readonly steps: readonly Step[];
  readonly harms: readonly Harm[];
  readonly records: readonly LogRecord[];
  readonly sizes: readonly Size[];
  readonly end: ClusterEnd;
}

/** A stopped worker is killed, and another one gets ready, on a machine that has other things to do. */
export const RECOVERY_MS = 20_000;
/** A request that was sent shortly before the FIN of its server came may have crossed it. */
export const CROSSING_MS = 1_000;
/** The time that the last drain may take: its timeout, and more on a busy machine. */
export const DRAIN_BOUND_MS = 10_000;
/** The memory of a supervisor may grow by so much: a heap keeps some for itself. */
const SIZE_TOLERANCE_BYTES = 67_108_864;

/** Returns the promises that were broken. */
export function judgeCluster(course: ClusterCourse): string[] {
  return [
    ...course.visits.flatMap((visit) => judgeVisit(visit, course) ?? []),
    ...course.steps.flatMap((step) => judgeStep(step, course.workers) ?? []),
    ...course.records.filter((record) => !isExplained(record, course)).map(({ line }) => `it complains: ${line}`),
    ...course.sizes.flatMap((size) => judgeSize(size) ?? []),
    ...judgeEnd(course),
  ];
}

/** Whether a connection may have been lost: with its worker, or with one that had accepted it and not said so yet. */
export function isHarmed({ from, ledger, until }: Visit, { harms, steps }: ClusterCourse): boolean {
  const { id } = ledger;
  if (id !== undefined) return harms.some(({ at, pid }) => pid === processNamed(id) && at <= until);
  return harms.some(({ at }) => {
    const over = steps.find((step) => step.from <= at && at <= step.until)?.until ?? Infinity;
    return at <= until && from <= over;
  });
}

function judgeVisit(visit: Visit, course: ClusterCourse): string | undefined {
  const broken = visit.error?.message ?? judgeConnection(visit, course);
  if (broken === undefined) return undefined;
  const { end, from, ledger, until } = visit;
  const pid = ledger.id === undefined ? "no process" : `process ${processNamed(ledger.id)}`;
  return `${ledger.tag} of ${pid}: ${broken}; ended ${end} after ${Math.round(until - from)} ms, ${ledger.asked.length} asked, ${ledger.replies} replies`;
}

function judgeConnection(visit: Visit, course: ClusterCourse): string | undefined {
  const { end, ledger, openSince, until } = visit;
  if (end === "refused") return "it was refused";
  if (end === "stuck") return "nothing happens any more";
  if (isHarmed(visit, course)) return undefined;
  if (end === "reset") return "it was reset, and its worker was not harmed";
  if (ledger.id === undefined) return "it was closed without a greeting";
  const handled = course.handled.get(ledger.id);
  if (handled === undefined) return "its worker knows nothing of it";
  if (handled.requests !== ledger.replies) return `${handled.requests} requests were handled`;
  if (ledger.replies === 0 && ledger.asked.length > 0) return "it was closed before its first reply";
  if (openSince !== undefined && until - openSince > CROSSING_MS) {
    return `a request was not handled that had been there for ${Math.round(until - openSince)} ms`;
  }
  if (handled.reason !== "drained" && ledger.open > 0) return `it ended as ${handled.reason} with open requests`;
  return undefined;
}

function judgeStep({ acts, from, pausesMs, serving, until }: Step, workers: number): string | undefined {
  const tookMs = Math.round(until - from);
  const name = `after ${acts.join(" and ")}`;
  if (serving !== workers) return `${name}, ${serving} workers serve after ${tookMs} ms`;
  if (tookMs > RECOVERY_MS + pausesMs) return `${name}, it takes ${tookMs} ms until all workers serve`;
  return undefined;
}

const UNHEEDED = new Set(["DEBUG", "INFO"]);

/** Whether a line of the log is no complaint, or was caused by the storm. */
function isExplained({ at, fields }: LogRecord, { harms, steps }: ClusterCourse): boolean {
  if (fields === undefined) return false;
  if (UNHEEDED.has(String(fields["level"]))) return true;
  const harmsBefore = harms.filter((harm) => harm.at <= at);
  // Two acts at one time, or what follows from them.
  const during = steps.filter((step) => step.from <= at && at <= step.until);
  switch (fields["event"]) {
    case "worker-killed":
    case "worker-ended":
      return harmsBefore.some(({ pid }) => pid === fields["pid"]);
    case "worker-restarting":
      return harmsBefore.length > 0;
    case "connection-closed":
      // Requests that crossed the FIN.
      return fields["reason"] === "drained" && Number(fields["bytesDiscarded"]) > 0;
    case "drained":
      if (fields["worker"] !== undefined) return Number(fields["aborted"]) === 0;
      return Number(fields["failed"]) <= harmsBefore.length;
    case "successor-lost":
    case "reload-finished":
    case "upgrade-failed":
      return during.some(({ acts, from, until }) => {
        const isHarmful = harms.some((harm) => from <= harm.at && harm.at <= until);
        return isHarmful || (fields["why"] === "the cluster drains" && acts.includes("upgrade"));
      });
    default:
      return false;
  }
}

function judgeSize({ firstBytes, mostBytes }: Size): string | undefined {
  if (mostBytes <= firstBytes + SIZE_TOLERANCE_BYTES) return undefined;
  return `the memory of a supervisor grew from ${mib(firstBytes)} to ${mib(mostBytes)} MiB`;
}

function judgeEnd({ end, harms, steps }: ClusterCourse): string[] {
  const { code, drainMs, left, signal } = end;
  const broken: string[] = [];
  // A supervisor whose worker was harmed in its last drain says so.
  const upgradedInHarm = steps.some(
    ({ acts, from, until }) => acts.includes("upgrade") && harms.some(({ at }) => from <= at && at <= until),
  );
  if (code !== 0 && !(code === 1 && upgradedInHarm)) broken.push(`it ended with ${signal ?? `exit code ${code}`}`);
  if (drainMs > DRAIN_BOUND_MS) broken.push(`its last drain took ${Math.round(drainMs)} ms`);
  if (left.length > 0) broken.push(`processes are left: ${left.join(", ")}`);
  return broken;
}

function mib(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}
