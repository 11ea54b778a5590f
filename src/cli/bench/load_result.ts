import { Latencies } from "./latencies.ts";

/** The measurements of a load. */
export interface LoadResult {
  /** The time that was measured, in seconds. */
  readonly seconds: number;
  /** Right replies within that time. */
  readonly replies: number;
  readonly receivedBytes: number;
  /** Errors by kind: the code of a connection's end, or `wrong-reply`, `unexpected-frame`, `unanswered`, `not-sent`. */
  readonly errors: Readonly<Record<string, number>>;
  /** The number of connections that the peer closed in order, and of frames that were sent again because of that. */
  readonly closedByPeer: number;
  readonly resent: number;
  /** The times of the right replies to frames that were due within that time. */
  readonly latencies: Latencies;
  /** How late frames were sent because the generator was busy; empty in a closed loop. */
  readonly lateness: Latencies;
  readonly loopDelays: Latencies;
  /** CPU time of the generator per second: 1 is one core. The highest of several processes. */
  readonly cpuShare: number;
}

/** A result as JSON, for another process. */
export type EncodedResult = {
  readonly [Name in keyof LoadResult]: LoadResult[Name] extends Latencies ? string : LoadResult[Name];
};

export function encodeResult(result: LoadResult): EncodedResult {
  return {
    ...result,
    latencies: result.latencies.encode(),
    lateness: result.lateness.encode(),
    loopDelays: result.loopDelays.encode(),
  };
}

export function decodeResult(result: EncodedResult): LoadResult {
  return {
    ...result,
    latencies: Latencies.decode(result.latencies),
    lateness: Latencies.decode(result.lateness),
    loopDelays: Latencies.decode(result.loopDelays),
  };
}

/** Merges the results of processes that ran at the same time. */
export function mergeResults(results: readonly LoadResult[]): LoadResult {
  const latencies = new Latencies();
  const lateness = new Latencies();
  const loopDelays = new Latencies();
  const errors: Record<string, number> = {};
  let seconds = 0;
  let replies = 0;
  let receivedBytes = 0;
  let cpuShare = 0;
  let closedByPeer = 0;
  let resent = 0;
  for (const result of results) {
    latencies.merge(result.latencies);
    lateness.merge(result.lateness);
    loopDelays.merge(result.loopDelays);
    for (const [kind, count] of Object.entries(result.errors)) errors[kind] = (errors[kind] ?? 0) + count;
    seconds = Math.max(seconds, result.seconds);
    replies += result.replies;
    receivedBytes += result.receivedBytes;
    closedByPeer += result.closedByPeer;
    resent += result.resent;
    cpuShare = Math.max(cpuShare, result.cpuShare);
  }
  return { seconds, replies, receivedBytes, errors, closedByPeer, resent, latencies, lateness, loopDelays, cpuShare };
}
