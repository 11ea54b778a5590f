import { SORT_KEYS } from "./columns.ts";
import type { ConnectionId } from "./connection_id.ts";
import type { ConnectionRow } from "./connection_row.ts";
import { beginsWithLargest } from "./row_order.ts";
import { type FilterField, type Mode, settled, type ViewState } from "./view_state.ts";

/** The requests of a key besides another view. */
export type Action =
  | { readonly name: "quit" | "interrupt" | "look" | "repaint" }
  | { readonly name: "close"; readonly id: ConnectionId; readonly reset: boolean };

/** The view in which a key is pressed. */
export interface Pressed {
  /** The rows, in the order of the table. */
  readonly rows: readonly ConnectionRow[];
  /** The number of rows that are shown at once. */
  readonly pageRows: number;
  /** Why nothing can be closed, if so. */
  readonly cannotClose: string | undefined;
}

/** The result of a key. */
export interface Outcome {
  readonly state: ViewState;
  readonly action?: Action;
}

/** The most characters of a filter. */
const MOST_FILTER = 128;

/** Returns what a key does. Keys without a meaning do nothing. */
export function pressed(before: ViewState, key: string, at: Pressed): Outcome {
  const state = { ...before, notice: undefined };
  if (key === "<ctrl-c>") return { state, action: { name: "interrupt" } };
  if (key === "<ctrl-l>") return { state, action: { name: "repaint" } };
  switch (state.mode.name) {
    case "filter":
      return inFilter(state, state.mode, key);
    case "close":
      return inClose(state, state.mode, key);
    case "help":
      return inText(state, { ...state.mode }, key, at);
    case "details":
      return inText(state, { ...state.mode }, key, at);
    default:
      return inTable(state, key, at);
  }
}

function inTable(state: ViewState, key: string, at: Pressed): Outcome {
  const moved = movedBy(key, at.pageRows);
  if (moved !== undefined) return { state: selectedRow(state, state.selectedAt + moved, at) };
  switch (key) {
    case "<home>":
      // From now on the first row is selected, whichever it is.
      return { state: { ...state, selectedId: undefined, selectedAt: 0, first: 0 } };
    case "<end>":
      return { state: selectedRow(state, at.rows.length - 1, at) };
    case "<enter>": {
      const row = rowOf(state, at);
      if (row === undefined) return { state };
      const mode: Mode = { name: "details", id: row.id, scroll: 0 };
      return { state: { ...state, selectedId: row.id, mode }, action: { name: "look" } };
    }
    case "<left>":
    case "<":
      return sortedBy(state, -1);
    case "<right>":
    case ">":
      return sortedBy(state, 1);
    case "r":
      return { state: { ...state, descending: !state.descending }, action: { name: "look" } };
    case "/":
      return { state: filtering(state, "address") };
    case "g":
      return { state: filtering(state, "group") };
    case "<escape>":
      if (state.address === "" && state.group === "") return { state };
      return { state: { ...state, address: "", group: "" }, action: { name: "look" } };
    case "c":
    case "<delete>":
      return { state: closing(state, rowOf(state, at), at) };
    default:
      return anywhere(state, key);
  }
}

/** Keys that mean the same in a table and in a text. */
function anywhere(state: ViewState, key: string): Outcome {
  switch (key) {
    case "q":
      return { state, action: { name: "quit" } };
    case "?":
    case "h":
    case "<f1>":
      return { state: { ...state, mode: { name: "help", scroll: 0 } } };
    case "p":
    case " ":
      return { state: { ...state, paused: !state.paused }, ...(state.paused && { action: { name: "look" } as const }) };
    default:
      return { state };
  }
}

function inText(state: ViewState, mode: Extract<Mode, { scroll: number }>, key: string, at: Pressed): Outcome {
  const moved = movedBy(key, at.pageRows);
  if (moved !== undefined) {
    return { state: { ...state, mode: { ...mode, scroll: Math.max(0, mode.scroll + moved) } } };
  }
  if (key === "<home>") return { state: { ...state, mode: { ...mode, scroll: 0 } } };
  if (key === "<escape>" || key === "<enter>" || key === "<left>" || key === "<backspace>") {
    return { state: { ...state, mode: { name: "table" } } };
  }
  if (mode.name === "help") {
    if (key === "?" || key === "h" || key === "q") return { state: { ...state, mode: { name: "table" } } };
  } else if (key === "c" || key === "<delete>") {
    const row = at.rows.find(({ id }) => id === mode.id) ?? { id: mode.id, address: "" };
    return { state: closing(state, row, at) };
  }
  return anywhere(state, key);
}

function inFilter(state: ViewState, mode: Extract<Mode, { name: "filter" }>, key: string): Outcome {
  const table: Mode = { name: "table" };
  switch (key) {
    case "<escape>":
      return { state: { ...state, mode: table } };
    case "<enter>":
      return {
        state: { ...state, mode: table, [mode.field]: mode.text, selectedId: undefined, first: 0 },
        action: { name: "look" },
      };
    case "<backspace>":
      return { state: { ...state, mode: { ...mode, text: mode.text.replace(/.$/su, "") } } };
    case "<ctrl-u>":
      return { state: { ...state, mode: { ...mode, text: "" } } };
    default:
      if (key.startsWith("<") && key.length > 1) return { state };
      if (mode.text.length >= MOST_FILTER) return { state };
      return { state: { ...state, mode: { ...mode, text: mode.text + key } } };
  }
}

function inClose(state: ViewState, { id, before }: Extract<Mode, { name: "close" }>, key: string): Outcome {
  const back = { ...state, mode: before };
  if (key === "o" || key === "r") return { state: back, action: { name: "close", id, reset: key === "r" } };
  if (key === "<escape>" || key === "n" || key === "q") return { state: back };
  return { state };
}

function movedBy(key: string, pageRows: number): number | undefined {
  switch (key) {
    case "<up>":
    case "k":
      return -1;
    case "<down>":
    case "j":
      return 1;
    case "<pageup>":
      return -Math.max(1, pageRows - 1);
    case "<pagedown>":
      return Math.max(1, pageRows - 1);
    default:
      return undefined;
  }
}

function selectedRow(state: ViewState, at: number, { rows, pageRows }: Pressed): ViewState {
  const index = Math.max(0, Math.min(at, rows.length - 1));
  const row = rows[index];
  if (row === undefined) return state;
  return settled({ ...state, selectedAt: index, selectedId: row.id }, rows, pageRows);
}

function rowOf({ selectedAt }: ViewState, { rows }: Pressed): ConnectionRow | undefined {
  return rows[selectedAt];
}

function sortedBy(state: ViewState, step: number): Outcome {
  const count = SORT_KEYS.length;
  const sort = SORT_KEYS[(SORT_KEYS.indexOf(state.sort) + step + count) % count] ?? state.sort;
  return {
    state: { ...state, sort, descending: beginsWithLargest(sort) },
    action: { name: "look" },
  };
}

function filtering(state: ViewState, field: FilterField): ViewState {
  return { ...state, mode: { name: "filter", field, text: state[field] } };
}

function closing(
  state: ViewState,
  row: Pick<ConnectionRow, "id" | "address"> | undefined,
  { cannotClose }: Pressed,
): ViewState {
  if (cannotClose !== undefined) return { ...state, notice: { text: cannotClose, tone: "warn" } };
  if (row === undefined) return state;
  return { ...state, mode: { name: "close", id: row.id, address: row.address, before: state.mode } };
}
