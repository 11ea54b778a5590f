import type { SortKey } from "./columns.ts";
import type { ConnectionId } from "./connection_id.ts";
import type { ConnectionRow } from "./connection_row.ts";
import type { Tone } from "./line.ts";

/** The view on the screen, and the meaning of the keys in it. */
export type Mode =
  | { readonly name: "table" }
  | { readonly name: "help"; readonly scroll: number }
  | { readonly name: "details"; readonly id: ConnectionId; readonly scroll: number }
  | { readonly name: "filter"; readonly field: FilterField; readonly text: string }
  | { readonly name: "close"; readonly id: ConnectionId; readonly address: string; readonly before: Mode };

/** The filter of rows. */
export type FilterField = "address" | "group";

/** Everything that the keys change. */
export interface ViewState {
  readonly mode: Mode;
  readonly sort: SortKey;
  readonly descending: boolean;
  /** A part of the address, and the name of a group; empty for all. */
  readonly address: string;
  readonly group: string;
  readonly paused: boolean;
  /** The connection that is selected. Without one, the first row is. */
  readonly selectedId: ConnectionId | undefined;
  /** The place of the selected row, and of the first one that is shown. */
  readonly selectedAt: number;
  readonly first: number;
  /** The result of the last action. */
  readonly notice: Notice | undefined;
}

/** A message for the last line. */
interface Notice {
  readonly text: string;
  readonly tone: Tone;
}

/** How the view begins. */
export type InitialView = Pick<ViewState, "sort" | "descending" | "address" | "group">;

export function initialView(initial: InitialView): ViewState {
  return {
    ...initial,
    mode: { name: "table" },
    paused: false,
    selectedId: undefined,
    selectedAt: 0,
    first: 0,
    notice: undefined,
  };
}

/**
 * Returns the state for rows that have changed, or a window that has: the selection follows its connection. If that has
 * ended, the row at its place is selected.
 */
export function settled(state: ViewState, rows: readonly ConnectionRow[], pageRows: number): ViewState {
  const last = Math.max(0, rows.length - 1);
  const { selectedId } = state;
  const found = selectedId === undefined ? 0 : rows.findIndex(({ id }) => id === selectedId);
  const selectedAt = found === -1 ? Math.min(state.selectedAt, last) : found;
  const page = Math.max(1, pageRows);
  const least = Math.max(0, selectedAt - page + 1);
  const most = Math.min(selectedAt, Math.max(0, rows.length - page));
  return {
    ...state,
    selectedAt,
    selectedId: selectedId === undefined ? undefined : rows[selectedAt]?.id,
    first: Math.max(least, Math.min(state.first, most)),
  };
}
