import type { ConnectionRow } from "../../../../src/cli/top/connection_row.ts";
import type { Look } from "../../../../src/cli/top/look.ts";
import type { View } from "../../../../src/cli/top/screen.ts";
import { initialView, type ViewState } from "../../../../src/cli/top/view_state.ts";

/** A row with the values that matter to a test. */
export function rowOf(id: number, values: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    id,
    address: `10.0.0.${id}:${40_000 + id}`,
    local: "10.0.0.254:8080",
    ageMs: 1_000 * id,
    idleMs: 10,
    framesIn: 10 * id,
    framesOut: 10 * id,
    framesDropped: 0,
    bytesIn: 1_000 * id,
    bytesOut: 2_000 * id,
    waitingBytes: 0,
    inFlight: 0,
    tls: "",
    groups: [],
    groupCount: 0,
    framesInRate: id,
    framesOutRate: id,
    ...values,
  };
}

/** Returns a look at these connections. */
export function lookOf(rows: readonly ConnectionRow[], values: Partial<Look> = {}): Look {
  return {
    head: {
      runtime: "node 20.20.2",
      phase: "serving",
      addresses: ["10.0.0.254:8080"],
      listeningSince: "2026-11-30T10:00:00.000Z",
      uptimeMs: 3_723_000,
      loopDelayMs: 1.4,
      connections: rows.length,
      establishing: 0,
      handlers: 2,
      waitingBytes: 2_048,
      framesIn: 100,
      framesOut: 100,
      bytesIn: 1_000,
      bytesOut: 1_000,
      ends: [
        ["remote-closed", 1_200],
        ["idle-timeout", 3],
      ],
      changes: true,
      metrics: true,
    },
    rates: { framesIn: 12_345, framesOut: 12_340, bytesIn: 1_536, bytesOut: 10_485_760 },
    handlers: { p50Ms: 0.4, p99Ms: 12 },
    total: rows.length,
    matching: rows.length,
    rows,
    detailsOf: undefined,
    details: undefined,
    ...values,
  };
}

/** A view of a look. */
export function viewOf(look: Look | undefined, state: Partial<ViewState> = {}, values: Partial<View> = {}): View {
  const initial = initialView({ sort: "id", descending: false, address: "", group: "" });
  return {
    place: "127.0.0.1:9090",
    state: { ...initial, ...state },
    look,
    problem: undefined,
    limit: 1_000,
    ...values,
  };
}
