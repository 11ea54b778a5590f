import { describe, expect, it } from "vitest";
import { type Toxic, type ToxicKind, ToxicRule } from "./toxics.ts";

function rule(...toxics: Toxic[]): { rule: ToxicRule; told: ToxicKind[] } {
  const told: ToxicKind[] = [];
  return { rule: new ToxicRule(toxics, (kind) => told.push(kind)), told };
}

describe("a rule of toxics", () => {
  it("passes everything at once when there are none", () => {
    const { rule: none, told } = rule();
    expect([none.reach(5), none.waitMs(5, 5), none.pass(1_000_000, 5)]).toEqual([undefined, 0, 1_000_000]);
    expect(told).toEqual([]);
  });

  it("slices at the smallest size", () => {
    const { rule: sliced, told } = rule({ kind: "slice", maxBytes: 5 }, { kind: "slice", maxBytes: 3 });
    expect([sliced.pass(3, 0), told.length]).toEqual([3, 0]);
    expect([sliced.pass(4, 0), sliced.passed]).toEqual([3, 6]);
    expect(told).toEqual(["slice"]);
  });

  it("adds latencies up", () => {
    const { rule: late } = rule({ kind: "latency", ms: 30 }, { kind: "latency", ms: 12 });
    expect([late.waitMs(100, 100), late.waitMs(100, 141), late.waitMs(100, 150)]).toEqual([42, 1, 0]);
  });

  it("waits for as long as what went on takes at that bandwidth, and no byte is for nothing", () => {
    const { rule: narrow } = rule({ kind: "bandwidth", bytesPerSecond: 10 });
    expect([narrow.pass(100, 0), narrow.waitMs(0, 0)]).toEqual([1, 100]);
    expect([narrow.pass(100, 100), narrow.waitMs(0, 100)]).toEqual([1, 100]);
    // Time in which nothing came is not made up for.
    expect([narrow.pass(100, 1_000), narrow.waitMs(1_000, 1_000)]).toEqual([1, 100]);
  });

  it("stops at each mark in the order of their places, and tells of it once", () => {
    const { rule: marked, told } = rule({ kind: "reset", afterBytes: 9 }, { kind: "stall", afterBytes: 4, forMs: 50 });
    expect([marked.reach(0), marked.pass(100, 0)]).toEqual([undefined, 4]);
    expect([marked.reach(7), marked.waitMs(0, 7), marked.waitMs(0, 57)]).toEqual([undefined, 50, 0]);
    expect([marked.pass(100, 57), marked.reach(57)]).toEqual([5, "reset"]);
    expect(told).toEqual(["stall", "reset"]);
  });

  it("cuts before the first byte when it is told to", () => {
    expect(rule({ kind: "half-close", afterBytes: 0 }).rule.reach(0)).toBe("half-close");
  });
});
