import type { ConnectionRow } from "./connection_row.ts";
import { ageText, bytesText, rateText, wholeText } from "./quantities.ts";

/** The orders of rows: the values of `--sort`. */
export const SORT_KEYS = [
  "id",
  "address",
  "age",
  "idle",
  "in",
  "out",
  "bytes-in",
  "bytes-out",
  "waiting",
  "in-flight",
  "groups",
] as const;

/** One of {@link SORT_KEYS}. */
export type SortKey = (typeof SORT_KEYS)[number];

/** A column of the table. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** The least width. Of a text, the width to which it is cut before another column gives way. */
  readonly least: number;
  /** The order in which columns give way on a narrow terminal: the highest first. 0 stays. */
  readonly givesWay: number;
  /** The most width, for text that may be cut. */
  readonly most?: number;
  /** Whether there is something to be shown. Default: always. */
  readonly shown?: (rows: readonly ConnectionRow[]) => boolean;
  /** Absent: rows cannot be ordered by it. */
  readonly sort?: SortKey;
  readonly text: (row: ConnectionRow) => string;
}

/** Every column, in the order of the table. */
export const COLUMNS: readonly Column[] = [
  { title: "ID", align: "right", least: 4, givesWay: 0, sort: "id", text: ({ id }) => `${id}` },
  {
    title: "ADDRESS",
    align: "left",
    least: 21,
    most: 47,
    givesWay: 0,
    sort: "address",
    text: ({ address }) => address,
  },
  { title: "AGE", align: "right", least: 6, givesWay: 4, sort: "age", text: ({ ageMs }) => ageText(ageMs) },
  { title: "IDLE", align: "right", least: 6, givesWay: 3, sort: "idle", text: ({ idleMs }) => ageText(idleMs) },
  right("IN/S", 5, 1, "in", ({ framesInRate }) => rateText(framesInRate)),
  right("OUT/S", 5, 2, "out", ({ framesOutRate }) => rateText(framesOutRate)),
  right("BYTES IN", 8, 8, "bytes-in", ({ bytesIn }) => bytesText(bytesIn)),
  right("BYTES OUT", 9, 7, "bytes-out", ({ bytesOut }) => bytesText(bytesOut)),
  right("WAITING", 8, 5, "waiting", ({ waitingBytes }) => bytesText(waitingBytes)),
  right("FLIGHT", 6, 6, "in-flight", ({ inFlight }) => wholeText(inFlight)),
  {
    title: "WORKER",
    align: "right",
    least: 6,
    givesWay: 3.5,
    shown: (rows) => rows.some(({ worker }) => worker !== undefined),
    text: ({ worker }) => (worker === undefined ? "-" : `${worker}`),
  },
  { title: "TLS", align: "left", least: 7, most: 7, givesWay: 10, text: ({ tls }) => (tls === "" ? "-" : tls) },
  { title: "GROUPS", align: "left", least: 12, most: 40, givesWay: 9, sort: "groups", text: groupsText },
];

function right(
  title: string,
  least: number,
  givesWay: number,
  sort: SortKey,
  text: (row: ConnectionRow) => string,
): Column {
  return { title, align: "right", least, givesWay, sort, text };
}

function groupsText({ groups, groupCount }: ConnectionRow): string {
  if (groupCount === 0) return "-";
  const more = groupCount - groups.length;
  return more > 0 ? `${groups.join(", ")} and ${more} more` : groups.join(", ");
}
