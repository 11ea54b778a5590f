import { escapeText } from "../../core/mod.ts";
import type { Latencies } from "./latencies.ts";
import type { LoadProgress } from "./load.ts";
import type { LoadResult } from "./load_result.ts";
import type { PartPlan } from "./part.ts";

/** From this share of a core on, the generator may be what limits the result. */
const BUSY_SHARE = 0.9;
/** From these delays on, the generator falsifies the times. */
const LATE_LOOP_MS = 20;
const LATE_FRAME_MS = 2;
/** Less than this share of the rate was sent. */
const RATE_REACHED = 0.99;

const PERCENTILES = { p50: 50, p90: 90, p99: 99, "p99.9": 99.9 } as const;

/** The load as a whole. */
export interface Whole extends PartPlan {
  readonly processes: number;
}

/** Returns why the result may say more of the generator than of the server; empty if nothing suggests that. */
function bottlenecks({ rate, processes }: Whole, result: LoadResult): string[] {
  const found: string[] = [];
  const more = processes === 1 ? "add --processes 2" : "use more --processes, or another machine";
  const late = result.lateness.atPercentile(99);
  const loop = result.loopDelays.atPercentile(99);
  // An open loop turns the event loop while it waits, so its CPU time says nothing.
  if (rate === undefined && result.cpuShare >= BUSY_SHARE) {
    found.push(
      `this generator used ${Math.round(result.cpuShare * 100)} % of a core and may be the bottleneck: ${more}`,
    );
  }
  if (late >= LATE_FRAME_MS) {
    found.push(`this generator sent frames late (p99 ${time(late)}), and the times contain that: ${more}`);
  } else if (loop >= LATE_LOOP_MS) {
    found.push(`the event loop of this generator was late (p99 ${time(loop)}), and the times contain that: ${more}`);
  }
  return found;
}

/** Returns the number of errors of all kinds. */
export function errorCount({ errors }: LoadResult): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** Returns the result for people. */
export function resultText(whole: Whole, result: LoadResult): string {
  const { replies, seconds, latencies, receivedBytes } = result;
  const { connections, inFlight, rate, processes, warmUpMs } = whole;
  const pace = rate === undefined ? `${inFlight} in flight` : `${number(rate)} frames/s`;
  const spread = processes === 1 ? "" : `, ${processes} processes`;
  const perSecond = seconds === 0 ? 0 : replies / seconds;
  const times = Object.entries(PERCENTILES).map(
    ([name, percent]) => `${name} ${time(latencies.atPercentile(percent))}`,
  );
  const latency = latencies.count === 0 ? "no replies" : `${times.join(", ")}, max ${time(latencies.maxMs)}`;
  const kinds = Object.entries(result.errors).map(([kind, count]) => `${number(count)} ${kind}`);
  const lines = [
    `${escapeText(whole.target, 256)}: ${number(connections)} connections, ${pace}${spread}, ${number(seconds)} s after ${number(warmUpMs / 1_000)} s of warm-up`,
    `throughput  ${number(perSecond)} replies/s, ${size(seconds === 0 ? 0 : receivedBytes / seconds)}/s received, ${number(replies)} replies`,
    `latency     ${latency}`,
    `errors      ${kinds.length === 0 ? "none" : kinds.join(", ")}`,
    ...(result.closedByPeer === 0 ? [] : [closedText(result)]),
    ...notes(whole, result).map((note) => `note: ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}

function closedText({ closedByPeer, resent }: LoadResult): string {
  return `closed      ${number(closedByPeer)} connections by the server, in order; ${number(resent)} frames that it had not answered were sent again`;
}

function notes(whole: Whole, result: LoadResult): string[] {
  const { rate } = whole;
  const found = bottlenecks(whole, result);
  if (rate !== undefined && result.seconds > 0 && result.replies / result.seconds < rate * RATE_REACHED) {
    found.unshift(`the rate was not reached: ${number(result.replies / result.seconds)} of ${number(rate)} frames/s`);
  }
  if ((result.errors["not-sent"] ?? 0) > 0) {
    found.unshift("not-sent frames found no room on any connection; the times above do not contain them");
  }
  if (result.seconds === 0) found.unshift("nothing was measured: it was stopped before the end of the warm-up");
  return found;
}

/** Returns the result as one line of JSON. */
export function resultJson(whole: Whole, result: LoadResult): string {
  const { seconds, replies, receivedBytes, errors, closedByPeer, resent, latencies, lateness, loopDelays, cpuShare } =
    result;
  const { target, codec, connections, inFlight, rate, processes, warmUpMs } = whole;
  const found = bottlenecks(whole, result);
  return `${JSON.stringify({
    target,
    codec,
    connections,
    inFlight,
    rate: rate ?? null,
    processes,
    warmUpSeconds: warmUpMs / 1_000,
    seconds,
    replies,
    repliesPerSecond: seconds === 0 ? 0 : replies / seconds,
    receivedBytesPerSecond: seconds === 0 ? 0 : receivedBytes / seconds,
    latencyMs: { count: latencies.count, mean: latencies.meanMs, ...percentiles(latencies), max: latencies.maxMs },
    errorCount: errorCount(result),
    errors,
    closedByPeer,
    resent,
    generator: {
      cpuShare,
      latenessMs: { p99: lateness.atPercentile(99), max: lateness.maxMs },
      loopDelayMs: { p99: loopDelays.atPercentile(99), max: loopDelays.maxMs },
      bottleneck: found.length > 0,
      notes: found,
    },
  })}\n`;
}

function percentiles(latencies: Latencies): Record<string, number> {
  return Object.fromEntries(
    Object.entries(PERCENTILES).map(([name, percent]) => [name, latencies.atPercentile(percent)]),
  );
}

/** Returns the progress in one line. */
export function progressText({ seconds, replies, errors, latencies }: LoadProgress): string {
  if (seconds === 0) return "warming up";
  const times = `p50 ${time(latencies.atPercentile(50))}, p99 ${time(latencies.atPercentile(99))}`;
  return `${seconds.toFixed(0)} s: ${number(replies / seconds)} replies/s, ${times}, ${number(errors)} errors`;
}

function number(value: number): string {
  if (value === 0 || value >= 100) return Math.round(value).toLocaleString("en");
  return `${Number(value.toPrecision(3))}`;
}

function time(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  return ms < 1_000 ? `${number(ms)} ms` : `${number(ms / 1_000)} s`;
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${number(bytes)} B`;
  return bytes < 1_000_000 ? `${number(bytes / 1_000)} kB` : `${number(bytes / 1_000_000)} MB`;
}
