import type { SortKey } from "./columns.ts";
import { compareIds, numberWithin } from "./connection_id.ts";
import type { ConnectionRow } from "./connection_row.ts";

interface Order {
  /** The name of the order at the endpoint, which chooses the rows. For a rate: that of its count. */
  readonly server: string;
  readonly value: (row: ConnectionRow) => number | string;
}

const ORDERS: Readonly<Record<SortKey, Order>> = {
  id: { server: "id", value: ({ id }) => numberWithin(id) },
  address: { server: "remote", value: ({ address }) => address },
  age: { server: "ageMs", value: ({ ageMs }) => ageMs },
  idle: { server: "idleMs", value: ({ idleMs }) => idleMs },
  in: { server: "framesIn", value: ({ framesInRate = -1 }) => framesInRate },
  out: { server: "framesOut", value: ({ framesOutRate = -1 }) => framesOutRate },
  "bytes-in": { server: "bytesIn", value: ({ bytesIn }) => bytesIn },
  "bytes-out": { server: "bytesOut", value: ({ bytesOut }) => bytesOut },
  waiting: { server: "waitingBytes", value: ({ waitingBytes }) => waitingBytes },
  "in-flight": { server: "inFlight", value: ({ inFlight }) => inFlight },
  groups: { server: "groupCount", value: ({ groupCount }) => groupCount },
};

/** Returns the order at the endpoint that chooses the rows for a sort key. */
export function serverSort(sort: SortKey): string {
  return ORDERS[sort].server;
}

/** Reports whether a key orders by a rate, which the endpoint does not know. */
export function sortsByRate(sort: SortKey): boolean {
  return sort === "in" || sort === "out";
}

/** Reports whether an order begins with the largest, unless it is reversed. */
export function beginsWithLargest(sort: SortKey): boolean {
  return sort !== "id" && sort !== "address";
}

/** Returns the rows in order. Rows with equal values are ordered by their numbers. */
export function orderedRows(
  rows: readonly ConnectionRow[],
  sort: SortKey,
  descending: boolean,
): readonly ConnectionRow[] {
  const { value } = ORDERS[sort];
  const sign = descending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [first, second] = [value(one), value(other)];
    if (first === second) return compareIds(one.id, other.id);
    return first < second ? -sign : sign;
  });
}
