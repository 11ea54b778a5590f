// The answers of workers, merged.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergedConnections, type Of, startOf } from "../../src/admin/cluster/merged_connections.ts";
import { mergedGroups } from "../../src/admin/cluster/merged_groups.ts";
import { mergedMetrics } from "../../src/admin/cluster/merged_metrics.ts";
import { summed } from "../../src/admin/cluster/merged_stats.ts";
import { orderOf, type Position } from "../../src/admin/cluster/order.ts";
import type { MarksAnswer, RowsAnswer } from "../../src/admin/cluster/question.ts";

describe("the metrics of several processes", () => {
  it("have each metric once, and the labels of the process on every sample", () => {
    const text = (count: number) =>
      "# HELP frames Frames.\n# TYPE frames counter\n" +
      `frames ${count}\n` +
      "# HELP seconds Times.\n# TYPE seconds histogram\n" +
      `seconds_bucket{le="1"} ${count}\nseconds_bucket{le="+Inf"} ${count}\nseconds_sum 1.5\nseconds_count ${count}\n`;
    const merged = mergedMetrics([
      { labels: { worker: "1" }, text: text(3) },
      { labels: { worker: "2", draining: "77" }, text: text(4) },
    ]);
    expect(merged.split("\n")).toEqual([
      "# HELP frames Frames.",
      "# TYPE frames counter",
      'frames{worker="1"} 3',
      'frames{worker="2",draining="77"} 4',
      "# HELP seconds Times.",
      "# TYPE seconds histogram",
      'seconds_bucket{worker="1",le="1"} 3',
      'seconds_bucket{worker="1",le="+Inf"} 3',
      'seconds_sum{worker="1"} 1.5',
      'seconds_count{worker="1"} 3',
      'seconds_bucket{worker="2",draining="77",le="1"} 4',
      'seconds_bucket{worker="2",draining="77",le="+Inf"} 4',
      'seconds_sum{worker="2",draining="77"} 1.5',
      'seconds_count{worker="2",draining="77"} 4',
      "",
    ]);
  });

  it.each([
    ['a{x="}",y="\\"{"} 1', 'a{worker="1",x="}",y="\\"{"} 1'],
    ["a{} 1", 'a{worker="1"} 1'],
    ['a{x="1",} 1 1700000000', 'a{worker="1",x="1"} 1 1700000000'],
    ['a{worker="mine"} NaN', 'a{worker="1",exported_worker="mine"} NaN'],
    ["a +Inf", 'a{worker="1"} +Inf'],
    ["# EOF", ""],
    ["no sample", ""],
    ['{x="1"} 1', ""],
  ])("turn %j into %j", (line, expected) => {
    expect(mergedMetrics([{ labels: { worker: "1" }, text: `${line}\n` }]).trimEnd()).toBe(expected);
  });
});

describe("the sums of counts", () => {
  it.each([
    [[], {}],
    [[{ a: 1 }, { a: 2, b: 3 }], { a: 3, b: 3 }],
    [
      [{ refused: { denied: 1 } }, { refused: { denied: 2, rate: 5 }, name: "x" }, null],
      { refused: { denied: 3, rate: 5 } },
    ],
    [[JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 2}')], JSON.parse('{"__proto__": 3}')],
  ])("of %j are %j", (all, expected) => {
    expect(JSON.stringify(summed(all as unknown[]))).toBe(JSON.stringify(expected));
  });
});

describe("the groups of several processes", () => {
  it("are added up by name, and say when some are missing", () => {
    const answers = [
      { total: 2, groups: [["a", 3] as const, ["b", 2] as const] },
      { total: 9, groups: [["b", 2] as const] },
    ];
    expect(mergedGroups(answers, { limit: 1, offset: 0 })).toEqual({
      total: 9,
      offset: 0,
      limit: 1,
      complete: false,
      groups: [{ name: "b", size: 4 }],
    });
  });
});

describe("a page of the connections of several processes", () => {
  const processes = fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 120 }), {
    minLength: 1,
    maxLength: 5,
  });

  it("is that of one list of all, wherever it begins, and however coarse the marks are", () => {
    fc.assert(
      fc.property(
        processes,
        fc.nat(400),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (keys, offset, limit, step, descending) => {
          const compare = orderOf(descending);
          const all = keys.map((own, at) =>
            own.map((key, id): Position => ({ key, id, pid: at + 1 })).toSorted(compare),
          );
          const marks = all.map((own, at): Of<MarksAnswer> => {
            const within = own.slice(0, offset + limit).filter((_, index) => index % step === 0);
            const answer = { matching: own.length, step, marks: within.map(({ id, key }) => [key, id] as const) };
            return { pid: at + 1, slot: at + 1, answer };
          });
          const start = startOf(marks, { descending, limit, offset });
          // The steps of the marks bound the rows that are asked for.
          const { length } = all.flat();
          if (offset < length) expect(start.limit).toBeLessThanOrEqual(limit + (keys.length + 1) * step);
          const answers = all.map((own, at): Of<RowsAnswer> => {
            const { from } = start;
            const rest = from === undefined ? own : own.filter((row) => compare(row, from) >= 0);
            const rows = rest.slice(0, start.limit).map(({ id, key }) => ({ key, record: { id } as never }));
            const before = own.length - rest.length;
            return { pid: at + 1, slot: at + 1, answer: { total: own.length, matching: own.length, before, rows } };
          });
          const page = mergedConnections(answers, { descending, limit, offset }, (pid, id) => `${pid}-${id}`);
          expect(page.matching).toBe(length);
          expect(page.connections.map((row) => (row as { id: string }).id)).toEqual(
            all
              .flat()
              .toSorted(compare)
              .slice(offset, offset + limit)
              .map(({ id, pid }) => `${pid}-${id}`),
          );
        },
      ),
    );
  });
});
