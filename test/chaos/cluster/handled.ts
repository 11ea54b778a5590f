import type { CloseReason } from "spillway";

/** The variable with the file that gets one {@link Handled} a line. */
export const HANDLED_VARIABLE = "STORM_HANDLED";

/** The request that makes a worker spin. */
export const SPIN = "spin";

/** The record that a worker makes of a connection at its end. */
export interface Handled {
  /** See {@link connectionName}. */
  readonly name: number;
  /** Requests that its handler was called with. */
  readonly requests: number;
  readonly reason: CloseReason;
}

/** More connections than a worker has in a storm. */
const PLACES = 2 ** 24;

/** A number for a connection that is different in every worker: that of its process, and then its own. */
export function connectionName(pid: number, id: number): number {
  return pid * PLACES + id;
}

/** The process that a connection was served by. */
export function processNamed(name: number): number {
  return Math.floor(name / PLACES);
}

/** Reads the lines of all workers. The last one may be cut off: its worker was killed. */
export function readHandled(text: string): Map<number, Handled> {
  const lines = text.split("\n").slice(0, -1);
  return new Map(lines.map((line) => JSON.parse(line) as Handled).map((one) => [one.name, one]));
}
