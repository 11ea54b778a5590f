import { detailsLines } from "./details.ts";
import { headLines } from "./head.ts";
import { helpLines } from "./help.ts";
import { cutLine, type Line, line, lineWidth } from "./line.ts";
import type { Look } from "./look.ts";
import { wholeText } from "./quantities.ts";
import { orderedRows, sortsByRate } from "./row_order.ts";
import { tableLines } from "./table.ts";
import type { ViewState } from "./view_state.ts";
import { workerLines } from "./worker_row.ts";

/** The size of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Everything that the screen shows. */
export interface View {
  /** The place of the endpoint. */
  readonly place: string;
  readonly state: ViewState;
  /** The last look. `undefined` before the first answer. */
  readonly look: Look | undefined;
  /** Why there is no answer, if there is none. */
  readonly problem: string | undefined;
  /** The most rows that are asked for. */
  readonly limit: number;
}

const HEAD_ROWS = 4;
/** The status, the titles and the last line. */
const OTHER_ROWS = 3;
const HINTS = [
  "q quit",
  "? help",
  "arrows select, order",
  "r reverse",
  "/ address",
  "g group",
  "Enter details",
  "c close",
  "p pause",
];

interface Division {
  readonly head: number;
  readonly status: boolean;
  readonly titles: boolean;
  readonly rows: number;
  readonly last: boolean;
}

/** Divides the rows of a terminal. A small one keeps what is needed most. */
function divided(rows: number, look: Look | undefined): Division {
  const wanted = HEAD_ROWS + workersOf(look, rows).length;
  const head = Math.max(1, Math.min(wanted, rows - OTHER_ROWS - HEAD_ROWS));
  const last = rows >= 2;
  const status = rows >= 3;
  const titles = rows >= 5;
  const used = head + Number(last) + Number(status) + Number(titles);
  return { head, status, titles, rows: Math.max(0, rows - used), last };
}

/** Returns the number of connections, or of lines of a text, that are shown at once. */
export function rowsOfPage({ rows }: Size, look?: Look): number {
  return divided(rows, look).rows;
}

/** The lines of workers take a fifth of a screen. */
function workersOf(look: Look | undefined, rows: number): readonly Line[] {
  return workerLines(look?.workers ?? [], Math.floor(rows / 5));
}

/** Returns the lines of the screen: as many as it has rows, none wider than it is. */
export function screenLines(view: View, size: Size): readonly Line[] {
  const { state } = view;
  const parts = divided(size.rows, view.look);
  const asks = state.mode.name === "filter" || state.mode.name === "close";
  // One row has room for a question, or for the head.
  if (!parts.last)
    return [asks ? lastLine(view, size) : (headOf(view, size)[0] ?? [])].map((one) => cutLine(one, size.columns));
  const lines: Line[] = headOf(view, size).slice(0, parts.head);
  while (lines.length < parts.head) lines.push([]);
  if (parts.status) lines.push(statusLine(view, size));
  lines.push(...bodyLines(view, size, parts));
  while (lines.length < size.rows - 1) lines.push([]);
  lines.push(lastLine(view, size));
  return lines.slice(0, size.rows).map((one) => cutLine(one, size.columns));
}

function headOf({ look, place }: View, { rows }: Size): readonly Line[] {
  if (look === undefined) return [[{ text: "spillway", tone: "strong" }, { text: ` top ${place}` }]];
  return [...headLines(look), ...workersOf(look, rows)];
}

function bodyLines(view: View, size: Size, { titles, rows: room }: Division): readonly Line[] {
  const { state, look } = view;
  const mode = state.mode.name === "close" ? state.mode.before : state.mode;
  // A text has the row of the titles, too.
  if (mode.name === "help") return scrolled(helpLines(), mode.scroll, room + Number(titles));
  if (mode.name === "details") {
    const lines = look?.detailsOf === mode.id ? detailsLines(mode.id, look.details, size.columns) : [];
    return scrolled(lines, mode.scroll, room + Number(titles));
  }
  const rows = orderedRows(look?.rows ?? [], state.sort, state.descending);
  const shown = rows.slice(state.first, state.first + room);
  const table = tableLines(shown, state, size.columns, state.selectedAt - state.first);
  return titles ? [table.titles, ...table.rows] : table.rows;
}

/** Returns the part of a text that begins with a line. The end of a text stays at the end of the screen. */
function scrolled(lines: readonly Line[], scroll: number, room: number): readonly Line[] {
  const first = Math.max(0, Math.min(scroll, lines.length - room));
  return lines.slice(first, first + room);
}

function statusLine({ state, look, problem, limit }: View, { rows }: Size): Line {
  if (problem !== undefined) return line(problem, "bad");
  if (look === undefined) return line("waiting for an answer", "dim");
  const count = look.rows.length;
  const shown = Math.min(count - state.first, divided(rows, look).rows);
  const span = count === 0 ? "no connections" : `${wholeText(state.first + 1)}-${wholeText(state.first + shown)}`;
  const filters = [
    state.address === "" ? "" : `address has "${state.address}"`,
    state.group === "" ? "" : `group "${state.group}"`,
  ].filter((text) => text !== "");
  const most = look.matching > count && count >= limit && sortsByRate(state.sort);
  return [
    ...(state.paused ? ([{ text: "paused", tone: "warn" }, { text: "   " }] as const) : []),
    { text: count === 0 ? span : `${span} of ${wholeText(look.matching)}` },
    { text: filters.length === 0 ? "" : `   ${filters.join(", ")}`, tone: "warn" },
    // Rates are known of the rows that are asked for.
    { text: most ? `   the ${wholeText(count)} with the most frames` : "", tone: "dim" },
  ];
}

function lastLine({ state, look }: View, { columns }: Size): Line {
  const { mode, notice } = state;
  if (mode.name === "filter") {
    const what = mode.field === "address" ? "address contains" : "group";
    return [{ text: `${what}: `, tone: "strong" }, { text: `${mode.text}_` }];
  }
  if (mode.name === "close") {
    const whom = mode.address === "" ? `${mode.id}` : `${mode.id} of ${mode.address}`;
    return line(`close ${whom}?  o in order  r reset  Esc no`, "warn");
  }
  if (notice !== undefined) return line(notice.text, notice.tone);
  if (mode.name !== "table") return line("Esc back  up down scroll  q quit", "dim");
  const hints: string[] = [];
  for (const hint of look === undefined ? HINTS.slice(0, 2) : HINTS) {
    if (lineWidth(line([...hints, hint].join("  "))) > columns) break;
    hints.push(hint);
  }
  return line(hints.join("  "), "dim");
}
