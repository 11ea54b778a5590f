import type { BusGap } from "spillway";

/** The variable with the file that gets one {@link Gap} a line. */
export const GAPS_VARIABLE = "STORM_GAPS";

/** A gap that a server was told of: lines that it has not got. */
export interface Gap extends BusGap {
  /** The server that has not got them. */
  readonly server: string;
}

/** Reads the lines of all servers. The last one may be cut off: its server was killed. */
export function readGaps(text: string): Gap[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Gap);
}
