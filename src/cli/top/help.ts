import { type Line, line } from "./line.ts";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["up down j k", "select a connection; the selection follows it"],
  ["PgUp PgDn Home End", "by pages, to the first, to the last"],
  ["left right < >", "order by another column"],
  ["r", "reverse the order"],
  ["/", "only addresses that contain a text"],
  ["g", "only members of a group"],
  ["Esc", "all connections; closes an open view"],
  ["Enter", "details of the connection"],
  ["c Del", "close the connection: in order, or by a reset (needs --token-file)"],
  ["p Space", "pause, and go on"],
  ["Ctrl-L", "paint the screen again"],
  ["? h F1", "this help"],
  ["q Ctrl-C", "quit"],
];

const COLUMN_TEXTS: readonly (readonly [title: string, means: string])[] = [
  ["IN/S OUT/S", "frames per second since the last look"],
  ["BYTES IN OUT", "bytes since the connection was opened"],
  ["WAITING", "bytes that wait to be sent"],
  ["FLIGHT", "frames with the handler, or answered and waiting for an earlier reply"],
];

/** Returns the lines of the help. */
export function helpLines(): readonly Line[] {
  return [
    line("Keys", "strong"),
    ...KEYS.map(explained),
    line(""),
    line("Columns", "strong"),
    ...COLUMN_TEXTS.map(explained),
  ];
}

function explained([name, text]: readonly [string, string]): Line {
  return [{ text: name.padEnd(20), tone: "strong" }, { text }];
}
