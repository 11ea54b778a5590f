// docs/metrics.md describes the metrics as they are.
import { describe, expect, it } from "vitest";
import { metrics } from "../../../src/observers/metrics/mod.ts";
import { read } from "../../support/tree.ts";
import { parseExposition } from "./support/exposition.ts";
import { KNOWN } from "./support/expressions.ts";

const page = read("docs/metrics.md");

const known = KNOWN.map(({ name, type, labels }) => ({ name, type, labels: [...labels] }));

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
});
