// docs/metrics.md describes the metrics as they are.
import { describe, expect, it } from "vitest";
import { HISTOGRAMS, INSTRUMENTS } from "../../../src/observers/metrics/instruments.ts";
import { metrics } from "../../../src/observers/metrics/mod.ts";
import { read } from "../../support/tree.ts";
import { parseExposition } from "./support/exposition.ts";

const page = read("docs/metrics.md");
const [, rules = ""] = /^```yaml\n([^`]+)^```$/m.exec(page) ?? [];

const known = [
  ...INSTRUMENTS.map(({ name, kind, labels }) => ({ name, type: kind, labels: [...labels] })),
  ...Object.values(HISTOGRAMS).map(({ name }) => ({ name, type: "histogram", labels: [] as string[] })),
];

describe("docs/metrics.md", () => {
  it("has each metric, with its type and its label", () => {
    const rows = [...page.matchAll(/^\| `(spillway_\w+)` \| (\w+) \| ((?:`\w+`(?:, )?)*) ?\| .+ \|$/gm)];
    const described = rows.map(([, name, type, labels = ""]) => ({
      name,
      type,
      labels: [...labels.matchAll(/\w+/g)].map(([label]) => label),
    }));
    const byName = (all: readonly { name?: string | undefined }[]) => new Map(all.map((one) => [one.name, one]));
    expect(byName(described)).toEqual(byName(known));
    expect(described).toHaveLength(known.length);
  });

  it("has no metric that a scrape does not have", async () => {
    expect([...parseExposition(await metrics().text()).keys()].toSorted()).toEqual(
      known.map(({ name }) => name).toSorted(),
    );
  });

  it("has rules of metrics that there are, by labels that they have", () => {
    const expressions = [...rules.matchAll(/^ +expr: (?:>-\n((?: {10}.+\n)+)|(.+))$/gm)].map(
      ([, folded, plain]) => folded ?? plain ?? "",
    );
    const alerts = [...rules.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);
    expect(new Set(alerts).size).toBe(alerts.length);
    expect(expressions).toHaveLength(alerts.length);
    expect(alerts.length).toBeGreaterThan(8);
    const used = expressions.flatMap((text) => [...text.matchAll(/(spillway_\w+?)(_bucket)?\b(?:\{(\w+)=)?/g)]);
    expect(used.length).toBeGreaterThanOrEqual(alerts.length);
    const wrong = used.filter(([, name, bucket, label]) => {
      const metric = known.find((one) => one.name === name);
      return (
        metric === undefined ||
        (bucket !== undefined) !== (metric.type === "histogram") ||
        (label !== undefined && !metric.labels.includes(label))
      );
    });
    expect(wrong.map(([text]) => text)).toEqual([]);
  });

  it("has rules that take the rate of a counter, and the value of a gauge", () => {
    const counters = [...rules.matchAll(/(\w+\()?(spillway_\w+)(\{[^}]*\})?(\[\d+m\])?/g)].map(
      ([text, call, name, , range]) => ({
        text,
        rated: /^(rate|increase)\($/.test(call ?? "") && range !== undefined,
        counted: /_(total|bucket)$/.test(name ?? ""),
      }),
    );
    expect(counters.filter(({ rated, counted }) => rated !== counted)).toEqual([]);
  });
});
