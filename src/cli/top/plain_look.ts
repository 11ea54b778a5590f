import { headLines } from "./head.ts";
import { lineText } from "./line.ts";
import type { Look } from "./look.ts";
import { orderedRows } from "./row_order.ts";
import { type TableOrder, tableLines } from "./table.ts";
import { workerLines } from "./worker_row.ts";

/** Lines of workers in a text. */
const MOST_WORKERS = 64;

/** Returns a look as text, without control characters. `Infinity` columns cut nothing. */
export function plainText(look: Look, order: TableOrder, columns: number): string {
  const rows = orderedRows(look.rows, order.sort, order.descending);
  const table = tableLines(rows, order, columns);
  const head = [...headLines(look), ...workerLines(look.workers ?? [], MOST_WORKERS)];
  const lines = [...head.map(lineText), "", lineText(table.titles), ...table.rows.map(lineText)];
  const more = look.matching - rows.length;
  if (more > 0) lines.push(`and ${more} more`);
  return `${lines.map((text) => text.trimEnd()).join("\n")}\n`;
}

/** Returns a look as one line of JSON. */
export function jsonText(look: Look, order: TableOrder, place: string): string {
  const { head, rates, handlers, total, matching } = look;
  const { ends, changes: _changes, metrics: _metrics, ...server } = head;
  return `${JSON.stringify({
    at: new Date().toISOString(),
    admin: place,
    server: {
      ...server,
      ends: Object.fromEntries(ends),
      rates: rates ?? null,
      handlerMs: { p50: handlers.p50Ms ?? null, p99: handlers.p99Ms ?? null },
    },
    ...(look.workers !== undefined && { workers: look.workers }),
    total,
    matching,
    connections: orderedRows(look.rows, order.sort, order.descending).map((row) => ({
      ...row,
      framesInRate: row.framesInRate ?? null,
      framesOutRate: row.framesOutRate ?? null,
    })),
  })}\n`;
}
