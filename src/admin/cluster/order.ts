import type { SortKey } from "../listing.ts";

/** Where a connection is in the order of all workers. */
export interface Position {
  readonly key: SortKey;
  /** The number of the connection, within its worker. */
  readonly id: number;
  /** The number of the worker's process. */
  readonly pid: number;
}

/** Returns the order of the connections of all workers. Those with equal keys keep the order of their numbers. */
export function orderOf(descending: boolean): (one: Position, other: Position) => number {
  const sign = descending ? -1 : 1;
  return (one, other) => {
    if (one.key !== other.key) return one.key < other.key ? -sign : sign;
    return one.id - other.id || one.pid - other.pid;
  };
}
