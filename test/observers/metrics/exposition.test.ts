import { describe, expect, it } from "vitest";
import { parseExposition } from "./support/exposition.ts";

const histogram = (...lines: string[]) => ["# HELP h Help.", "# TYPE h histogram", ...lines, ""].join("\n");

describe("the tests' reader of expositions", () => {
  it("reads values and their labels", () => {
    const text =
      '# HELP a_total Help.\n# TYPE a_total counter\na_total{code="x\\"y"} 2\n\n# HELP b Help.\n# TYPE b gauge\nb 1.5e+3\n';
    expect([...parseExposition(text)]).toEqual([
      ["a_total", { help: "Help.", type: "counter", values: new Map([['a_total{code="x\\"y"}', 2]]) }],
      ["b", { help: "Help.", type: "gauge", values: new Map([["b", 1500]]) }],
    ]);
  });

  it.each([
    ["an unfinished line", "# HELP a Help.\n# TYPE a gauge\na 1"],
    ["no type", "# HELP a Help.\na 1\n"],
    ["the type of another metric", "# HELP a Help.\n# TYPE b gauge\na 1\n"],
    ["a value of another metric", "# HELP a Help.\n# TYPE a gauge\nb 1\n"],
    ["a value twice", "# HELP a Help.\n# TYPE a gauge\na 1\na 1\n"],
    ["no number", "# HELP a Help.\n# TYPE a gauge\na undefined\n"],
    ["a negative count", "# HELP a Help.\n# TYPE a gauge\na -1\n"],
    ["a label with a bare quote", '# HELP a Help.\n# TYPE a gauge\na{b="c"d"} 1\n'],
    ["a counter without its ending", "# HELP a Help.\n# TYPE a counter\na 1\n"],
    ["buckets that shrink", histogram('h_bucket{le="1"} 2', 'h_bucket{le="+Inf"} 1', "h_sum 1", "h_count 1")],
    ["buckets without an end", histogram('h_bucket{le="1"} 2', "h_sum 1", "h_count 2")],
    ["a count that is none", histogram('h_bucket{le="+Inf"} 2', "h_sum 1", "h_count 1")],
    ["no sum", histogram('h_bucket{le="+Inf"} 2', "h_count 2")],
  ])("refuses to read %s", (_what, text) => {
    expect(() => parseExposition(text)).toThrow(SyntaxError);
  });
});
