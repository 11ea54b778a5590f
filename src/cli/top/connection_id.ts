import type { Fields } from "./fields.ts";

/** The number of a connection; with workers, that of a process before it: `4711-17`. */
export type ConnectionId = number | string;

/** Matches the numbers that are text. Nothing else becomes a part of a path. */
const OF_PROCESS = /^(\d{1,10})-(\d{1,15})$/;

/** Returns the number of a record; `undefined` if it has none. */
export function connectionIdOf(record: Fields): ConnectionId | undefined {
  const text = record.maybeText("id");
  if (text === undefined) return record.maybeNumber("id");
  return OF_PROCESS.test(text) ? text : undefined;
}

/** Returns the number within its process. */
export function numberWithin(id: ConnectionId): number {
  return typeof id === "number" ? id : Number(OF_PROCESS.exec(id)?.[2]);
}

/** Orders by the number within the process, and then by that of the process. */
export function compareIds(one: ConnectionId, other: ConnectionId): number {
  return numberWithin(one) - numberWithin(other) || processOf(one) - processOf(other);
}

function processOf(id: ConnectionId): number {
  return typeof id === "number" ? 0 : Number(OF_PROCESS.exec(id)?.[1]);
}
