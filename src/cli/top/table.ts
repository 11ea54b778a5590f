import { COLUMNS, type Column, type SortKey } from "./columns.ts";
import type { ConnectionRow } from "./connection_row.ts";
import { displayWidth, fitToWidth } from "./display_width.ts";
import { cutLine, type Line, line } from "./line.ts";

const GAP = 2;

/** How a table is ordered. */
export interface TableOrder {
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** The lines of a table: the titles, and a line for each row. */
export interface TableLines {
  readonly titles: Line;
  readonly rows: readonly Line[];
}

interface Fitted {
  readonly column: Column;
  readonly title: string;
  readonly width: number;
}

/**
 * Fits rows into so many columns of a terminal. Columns that have no room give way, the less important ones first; then
 * long texts are cut.
 */
export function tableLines(
  rows: readonly ConnectionRow[],
  order: TableOrder,
  width: number,
  selected?: number,
): TableLines {
  const fitted = fit(rows, order, width);
  const textOf = (cell: (column: Fitted) => string) =>
    fitted
      .map((one) => fitToWidth(cell(one), one.width, one.column.align))
      .join(" ".repeat(GAP))
      .trimEnd();
  // A marked line is marked to its end.
  const marked = (text: string) => (Number.isFinite(width) ? fitToWidth(text, width, "left") : text);
  return {
    titles: line(marked(textOf(({ title }) => title)), "title"),
    rows: rows.map((row, index) => {
      const text = textOf(({ column }) => column.text(row));
      return index === selected ? line(marked(text), "selected") : cutLine(line(text), width);
    }),
  };
}

function fit(rows: readonly ConnectionRow[], { sort, descending }: TableOrder, width: number): readonly Fitted[] {
  let wanted = COLUMNS.filter(({ shown }) => shown?.(rows) ?? true).map((column) => {
    const title = column.sort === sort ? `${column.title}${descending ? "▼" : "▲"}` : column.title;
    const numbers = column.most === undefined;
    const titleWidth = displayWidth(title);
    let widest = numbers ? Math.max(column.least, titleWidth) : titleWidth;
    for (const row of rows) widest = Math.max(widest, displayWidth(column.text(row)));
    const { most = widest } = column;
    // Numbers are never cut.
    const least = numbers ? widest : Math.max(titleWidth, Math.min(widest, column.least));
    return { column, title, width: Math.max(least, Math.min(widest, most)), least };
  });
  const room = () => width - GAP * (wanted.length - 1);
  const sumOf = (of: "least" | "width") => wanted.reduce((sum, one) => sum + one[of], 0);
  while (sumOf("least") > room()) {
    const next = Math.max(...wanted.map(({ column }) => column.givesWay));
    if (next === 0) break;
    wanted = wanted.filter(({ column }) => column.givesWay !== next);
  }
  // The last column gives its room first.
  let missing = sumOf("width") - room();
  for (const one of wanted.toReversed()) {
    if (missing <= 0) break;
    const given = Math.min(missing, one.width - one.least);
    one.width -= given;
    missing -= given;
  }
  return wanted;
}
