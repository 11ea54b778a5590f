// docs/grafana/spillway.json: what Grafana imports, and whether its queries ask for what there is.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { RealProgram } from "../../support/real_program.ts";
import { read } from "../../support/tree.ts";
import { faultsIn, KNOWN, metricsIn, OF_SUPERVISOR } from "./support/expressions.ts";

const promtool = new RealProgram("promtool", "prometheus");

interface Position {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Position;
  readonly targets?: readonly Target[];
  readonly description?: string;
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

const dashboard = JSON.parse(read("docs/grafana/spillway.json")) as Dashboard;
const charts = dashboard.panels.filter(({ type }) => type !== "row");
const written = [
  ...charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.flatMap(({ expr }) => expr ?? []),
];
/** The variable, as Grafana writes it. */
const DATASOURCE = ["$", "{datasource}"].join("");
/** The expressions as Grafana sends them. */
const expressions = written.map((text) => text.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"));

describe("the dashboard for Grafana", () => {
  it("has what the schema of Grafana 10 asks for", () => {
    expect(dashboard).toMatchObject({ title: "Spillway", uid: "spillway", schemaVersion: 39 });
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ["datasource", "datasource"],
      ["instance", "query"],
    ]);
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(charts.length).toBeGreaterThan(15);
    for (const { title, type, targets = [], description = "" } of charts) {
      expect(["timeseries", "stat"], title).toContain(type);
      expect(description, title).not.toBe("");
      const refs = targets.map(({ refId }) => refId);
      expect(refs.length, title).toBeGreaterThan(0);
      expect(new Set(refs).size, title).toBe(refs.length);
      for (const { datasource } of targets) {
        expect(datasource, title).toEqual({ type: "prometheus", uid: DATASOURCE });
      }
    }
  });

  it("lays panels over no others, within 24 columns", () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x} ${y}`), `${title} at ${x} ${y}`).toBeUndefined();
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });

  it("asks for metrics that there are, by labels that they have: the rate of counters, and the value of gauges", () => {
    expect(expressions.flatMap(faultsIn)).toEqual([]);
  });

  it("shows every metric that a server or a supervisor exports", () => {
    const shown = new Set(expressions.flatMap(metricsIn));
    expect([...shown].toSorted()).toEqual([...KNOWN, ...OF_SUPERVISOR].map(({ name }) => name).toSorted());
  });

  it("has expressions that Prometheus can parse, for servers that one can choose", async (context) => {
    for (const text of written) expect(text).toContain('instance=~"$instance"');
    const rules = expressions.map((expr, at) => ({ record: `panel:${at}`, expr }));
    const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-grafana-"));
    const file = path.join(folder, "rules.yml");
    try {
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
      const { code, stdout, stderr } = await promtool.run(context, ["check", "rules", file]);
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining(`${rules.length} rules found`)]);
      writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules: [{ record: "a", expr: "sum(" }] }] }));
      expect((await promtool.run(context, ["check", "rules", file])).code).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the check of expressions", () => {
  it.each([
    ["rate(spillway_bytes_total[5m])", "no metric"],
    ["sum by (reason) (spillway_connections_open)", "no label reason"],
    ['spillway_connections_open{group="a"}', "no label group"],
    ["spillway_handler_seconds_bucket", "the value of a counter"],
    ["spillway_frames_sent_total", "the value of a counter"],
    ["rate(spillway_connections_open[5m])", "the rate of a gauge"],
    ["rate(spillway_handler_seconds[5m])", "no buckets"],
  ])("finds what is wrong with %s", (expression, fault) => {
    expect(faultsIn(expression).join("\n")).toContain(fault);
  });
});
