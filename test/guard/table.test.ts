import { describe, expect, it } from "vitest";
import type { Measured } from "./child.ts";
import { differences, type Table, updated } from "./table.ts";

const engines = { node: "V8 11.3", deno: "V8 15.0", bun: "Bun 1.4" };

const table: Table = {
  engines,
  costs: {
    line: { asked: { writes: 1 }, node: { promises: 2, bytes: 1_000 }, deno: { promises: 2 }, bun: { objects: 9 } },
  },
};

function onNode(asked: Record<string, number>, made: Record<string, number>, engine = "V8 11.3"): string[] {
  const measured: Measured = { engine, costs: { line: { asked, engine: made } } };
  return differences("line", table, "node", measured);
}

describe("differences", () => {
  it("are none when nothing has changed, and bytes may differ a little", () => {
    expect(onNode({ writes: 1, reads: 0 }, { promises: 2, bytes: 1_000 })).toEqual([]);
    expect(onNode({ writes: 1 }, { promises: 2, bytes: 1_030 })).toEqual([]);
    expect(onNode({ writes: 1 }, { promises: 2, bytes: 970 })).toEqual([]);
  });

  it.each([
    ["a write more", { writes: 2 }, { promises: 2, bytes: 1_000 }, '"line": writes grew from 1 to 2'],
    ["a write less", {}, { promises: 2, bytes: 1_000 }, '"line": writes fell from 1 to 0'],
    ["what was never asked", { writes: 1, timersSet: 1 }, { promises: 2, bytes: 1_000 }, "timersSet grew from 0 to 1"],
    ["a promise more", { writes: 1 }, { promises: 3, bytes: 1_000 }, '"line" on node: promises grew from 2 to 3'],
    ["part of a promise", { writes: 1 }, { promises: 2.01, bytes: 1_000 }, "promises grew from 2 to 2.01"],
    ["a promise less", { writes: 1 }, { promises: 1, bytes: 1_000 }, "promises fell from 2 to 1"],
    ["more bytes", { writes: 1 }, { promises: 2, bytes: 1_050 }, "bytes grew from 1000 to 1050"],
    ["less bytes", { writes: 1 }, { promises: 2, bytes: 950 }, "bytes fell from 1000 to 950"],
  ])("are told: %s", (_title, asked, made, message) => {
    expect(onNode(asked as Record<string, number>, made)).toEqual([expect.stringContaining(message)]);
    expect(onNode(asked as Record<string, number>, made)[0]).toContain("npm run guard -- --write");
  });

  it("on another version of the engine are told when there is a quarter more", () => {
    expect(onNode({ writes: 1 }, { promises: 1, bytes: 1_250 }, "V8 13.6")).toEqual([]);
    expect(onNode({ writes: 1 }, { promises: 3, bytes: 500 }, "V8 13.6")).toEqual([
      expect.stringContaining('"line" on node (V8 13.6; the table is of V8 11.3): promises grew from 2 to 3'),
    ]);
    expect(onNode({ writes: 2 }, { promises: 2 }, "V8 13.6")).toHaveLength(1);
  });

  it("are told of a case that is new, and of one that is gone", () => {
    const measured: Measured = { engine: "V8 11.3", costs: { push: { asked: {}, engine: {} } } };
    expect(differences("push", table, "node", measured)[0]).toContain('"push" is not in the table');
    expect(differences("line", table, "node", measured)[0]).toContain('"line" is no case any more');
  });
});

describe("updated", () => {
  it("has what was measured, without zeros and without cases that are gone, and keeps other runtimes' counts", () => {
    const costs = {
      line: { asked: { writes: 1, reads: 1 }, engine: { promises: 3, bytes: 1_100 } },
      push: { asked: { writes: 1, reads: 0 }, engine: { promises: 0, bytes: 9 } },
    };
    const { costs: rows, engines: names } = updated(table, { node: { engine: "V8 12.4", costs } });
    expect(names).toEqual({ ...engines, node: "V8 12.4" });
    expect(rows).toEqual({
      line: { ...table.costs["line"], asked: { writes: 1, reads: 1 }, node: { promises: 3, bytes: 1_100 } },
      push: { asked: { writes: 1 }, node: { bytes: 9 } },
    });
    expect(Object.keys(updated({ ...table, costs: { gone: table.costs["line"] as never } }, {}).costs)).toEqual([
      "gone",
    ]);
  });

  it("agrees with what it was made of", () => {
    const measured: Measured = { engine: "V8 12.4", costs: { line: { asked: { reads: 2 }, engine: { bytes: 7 } } } };
    expect(differences("line", updated(table, { node: measured }), "node", measured)).toEqual([]);
  });
});
