// docs/prometheus: the alerts, judged by Prometheus itself.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { RealProgram } from "../../support/real_program.ts";
import { read, root } from "../../support/tree.ts";
import { faultsIn, metricsIn } from "./support/expressions.ts";

const promtool = new RealProgram("promtool", "prometheus");
const folder = path.join(root, "docs", "prometheus");
const rules = read("docs/prometheus/alerts.yml");
const tests = read("docs/prometheus/alerts_test.yml");

interface Alert {
  readonly name: string;
  readonly expression: string;
  /** The lines of the expression, as they are written. */
  readonly written: string;
}

const alerts: readonly Alert[] = rules
  .split(/^(?= {6}- alert: )/m)
  .slice(1)
  .map((text) => {
    const name = /- alert: (\w+)/.exec(text)?.[1] ?? "";
    const [written = "", folded, plain = ""] = /^ +expr: (?:>-\n((?: {10}.+\n)+)|(.+)\n)/m.exec(text) ?? [];
    return { name, written, expression: (folded ?? plain).replace(/\s+/g, " ").trim() };
  });

/** Runs the tests of the rules on rules that were changed. */
async function testsOf(context: Parameters<RealProgram["run"]>[0], changed: string) {
  const temporary = mkdtempSync(path.join(os.tmpdir(), "spillway-rules-"));
  try {
    writeFileSync(path.join(temporary, "alerts.yml"), changed);
    writeFileSync(path.join(temporary, "alerts_test.yml"), tests);
    return await promtool.run(context, ["test", "rules", path.join(temporary, "alerts_test.yml")]);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

describe("the alerts of docs/prometheus", () => {
  it("are rules that promtool accepts", async (context) => {
    const { code, stdout, stderr } = await promtool.run(context, ["check", "rules", path.join(folder, "alerts.yml")]);
    expect(stdout + stderr).toContain(`SUCCESS: ${alerts.length} rules found`);
    expect(code).toBe(0);
  });

  it("fire, and do not fire, as their tests say", async (context) => {
    const file = path.join(folder, "alerts_test.yml");
    const { code, stdout, stderr } = await promtool.run(context, ["test", "rules", file]);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });

  it("have names of their own, and two tests each: one in which it fires, and one in which it does not", () => {
    const names = alerts.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(new Set(names).size).toBe(names.length);
    const tested = [...tests.matchAll(/^ {2}- name: (.+)$/gm)].map(([, title]) => title);
    expect(tested).toEqual(names.flatMap((name) => [`${name} fires`, `${name} does not fire`]));
  });

  it.for([
    ["never fires", "vector(0) > 1", "fires"],
    ["always fires", 'label_replace(vector(1), "instance", "a:9090", "", "")', "does not fire"],
  ] as const)("are tested well enough to notice any that %s", async ([, expression, outcome], context) => {
    const changed = alerts.reduce(
      (text, { written }) => text.replace(written, () => `        expr: ${expression}\n`),
      rules,
    );
    const { code, stdout, stderr } = await testsOf(context, changed);
    expect(code).toBe(1);
    const unnoticed = alerts.filter(({ name }) => !`${stdout}${stderr}`.includes(`name: ${name} ${outcome},`));
    expect(unnoticed.map(({ name }) => name)).toEqual([]);
  });

  it("ask for metrics that there are, by labels that they have: the rate of counters, and the value of gauges", () => {
    expect(alerts.flatMap(({ expression }) => faultsIn(expression))).toEqual([]);
    const without = alerts.filter(({ expression }) => metricsIn(expression).length === 0);
    expect(without.map(({ name }) => name)).toEqual(["SpillwayDown"]);
  });

  it("lead to what docs/operations.md says to do", () => {
    const sections = [...read("docs/operations.md").matchAll(/^### (Spillway\w+)$/gm)].map(([, name = ""]) => name);
    expect(sections).toEqual(alerts.map(({ name }) => name));
    const anchors = [...rules.matchAll(/runbook_url: \S+\/docs\/operations\.md#(\w+)$/gm)].map(([, anchor]) => anchor);
    expect(anchors).toEqual(alerts.map(({ name }) => name.toLowerCase()));
  });
});
