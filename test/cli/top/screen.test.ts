import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SORT_KEYS } from "../../../src/cli/top/columns.ts";
import { cutLine, lineText, lineWidth, paintedLine } from "../../../src/cli/top/line.ts";
import { rowsOfPage, type Size, screenLines, type View } from "../../../src/cli/top/screen.ts";
import type { Mode } from "../../../src/cli/top/view_state.ts";
import { lookOf, rowOf, viewOf } from "./support/looks.ts";

function shown(view: View, columns: number, rows: number): string[] {
  return screenLines(view, { columns, rows }).map((line) => lineText(line).trimEnd());
}

const three = lookOf([
  rowOf(1, { groups: ["room 1", "room 2"], groupCount: 9, waitingBytes: 70_000 }),
  rowOf(2, { tls: "TLSv1.3", inFlight: 3 }),
  rowOf(3, { address: "unix:", framesInRate: undefined, framesOutRate: undefined }),
]);

describe("the screen", () => {
  it("has a head, a status, a table, and the keys", () => {
    expect(shown(viewOf(three), 130, 12)).toEqual([
      "spillway 10.0.0.254:8080   node 20.20.2   up 1h02m   listening",
      "connections 3   frames/s 12.3k in 12.3k out   bytes/s 1.5 KiB in 10 MiB out",
      "handlers p50 0.4 ms p99 12 ms   2 running   waiting 2 KiB   loop delay 1.4 ms",
      "ends remote-closed 1,200, idle-timeout 3",
      "1-3 of 3",
      " ID▲  ADDRESS            AGE    IDLE   IN/S  OUT/S  BYTES IN  BYTES OUT   WAITING  FLIGHT  TLS      GROUPS",
      "   1  10.0.0.1:40001      1s      0s      1      1    1000 B   1.95 KiB  68.4 KiB       0  -        room 1, room 2 and 7 more",
      "   2  10.0.0.2:40002      2s      0s      2      2  1.95 KiB   3.91 KiB       0 B       3  TLSv1.3  -",
      "   3  unix:               3s      0s      -      -  2.93 KiB   5.86 KiB       0 B       0  -        -",
      "",
      "",
      "q quit  ? help  arrows select, order  r reverse  / address  g group  Enter details  c close  p pause",
    ]);
  });

  it.each([
    [80, " ID▲  ADDRESS            AGE    IDLE   IN/S  OUT/S  BYTES OUT   WAITING  FLIGHT"],
    [60, " ID▲  ADDRESS            AGE    IDLE   IN/S  OUT/S   WAITING"],
    [40, " ID▲  ADDRESS          IN/S  OUT/S"],
    [27, " ID▲  ADDRESS          IN/S"],
    [26, " ID▲  ADDRESS"],
    [11, " ID▲  ADDR…"],
  ])("of %d columns shows the columns that matter most", (columns, titles) => {
    expect(shown(viewOf(three), columns, 12)[5]).toBe(titles);
  });

  it.each([
    [1, 0, ["spillway 10.0.0.254:8080   node 20.20.2…"]],
    [2, 0, ["spillway 10.0.0.254:8080   node 20.20.2…", "q quit  ? help  arrows select, order"]],
    [3, 0, ["spillway 10.0.0.254:8080   node 20.20.2…", "no connections", "q quit  ? help  arrows select, order"]],
  ])("of %d rows shows %d connections", (rows, page, expected) => {
    const view = viewOf(lookOf([]));
    expect(rowsOfPage({ rows, columns: 40 })).toBe(page);
    expect(shown(view, 40, rows)).toEqual(expected);
  });

  it.each([
    [5, 1],
    [6, 2],
    [8, 4],
    [10, 4],
    [11, 4],
    [12, 5],
    [24, 17],
    [50, 43],
  ])("of %d rows has %d for connections", (rows, page) => {
    expect(rowsOfPage({ rows, columns: 80 })).toBe(page);
  });

  it.each([
    ["waiting for an answer", viewOf(undefined)],
    [
      "unreachable, trying again: connection refused",
      viewOf(undefined, {}, { problem: "unreachable, trying again: connection refused" }),
    ],
    ['no connections   address has "10.", group "a"', viewOf(lookOf([]), { address: "10.", group: "a" })],
    ["paused   1-3 of 3", viewOf(three, { paused: true })],
    ["2-3 of 3", viewOf(three, { first: 1 })],
    [
      "1-3 of 20,000   the 3 with the most frames",
      viewOf({ ...three, matching: 20_000 }, { sort: "in" }, { limit: 3 }),
    ],
    ["1-3 of 20,000", viewOf({ ...three, matching: 20_000 }, { sort: "waiting" }, { limit: 3 })],
  ])("says above the table: %s", (status, view) => {
    const lines = shown(view, 120, 20);
    expect(lines[4]).toBe(status);
  });

  it.each<[Mode, string]>([
    [{ name: "filter", field: "address", text: "10.0" }, "address contains: 10.0_"],
    [{ name: "filter", field: "group", text: "" }, "group: _"],
    [
      { name: "close", id: 2, address: "10.0.0.2:40002", before: { name: "table" } },
      "close 2 of 10.0.0.2:40002?  o in order  r reset  Esc no",
    ],
    [{ name: "help", scroll: 0 }, "Esc back  up down scroll  q quit"],
  ])("asks in the last line, and in the only one: %j", (mode, last) => {
    expect(shown(viewOf(three, { mode }), 120, 12).at(-1)).toBe(last);
    if (mode.name !== "help") expect(shown(viewOf(three, { mode }), 120, 1)).toEqual([last]);
  });

  it("shows a notice in place of the keys", () => {
    const notice = { text: "connection 2 was reset", tone: "good" } as const;
    expect(shown(viewOf(three, { notice }), 120, 12).at(-1)).toBe("connection 2 was reset");
  });

  it("shows the details of a connection, folded, or that it has ended", () => {
    const details = { ...rowOf(2), more: [["state", '{"user":"ann","role":"admin"}'] as const] };
    const mode: Mode = { name: "details", id: 2, scroll: 0 };
    const lines = shown(viewOf(lookOf([], { detailsOf: 2, details }), { mode }), 36, 30);
    expect(lines).toContain("connection 2");
    expect(lines).toContain("frames in       20 (2/s)");
    expect(lines.slice(lines.findIndex((line) => line.startsWith("state")))).toEqual(
      expect.arrayContaining(['state           {"user":"ann","role"', '                :"admin"}']),
    );
    expect(shown(viewOf(lookOf([], { detailsOf: 2 }), { mode }), 80, 30)).toContain("has ended");
    // The answer is still about another connection.
    expect(shown(viewOf(lookOf([], { detailsOf: 1 }), { mode }), 80, 30)).not.toContain("has ended");
  });

  it("scrolls a text no further than its end", () => {
    const at = (scroll: number) => shown(viewOf(three, { mode: { name: "help", scroll } }), 80, 12);
    expect(at(0)[5]).toBe("Keys");
    expect(at(1)[5]).toMatch(/^up down/);
    expect(at(1_000)[10]).toMatch(/^FLIGHT/);
  });

  it("marks the row that is selected, to its end, and the titles", () => {
    const lines = screenLines(viewOf(three, { selectedAt: 1 }), { columns: 60, rows: 12 });
    expect(lines[7]).toEqual([{ text: expect.stringMatching(/^ {3}2 {2}10\.0\.0\.2:40002/), tone: "selected" }]);
    expect(lineWidth(lines[7] ?? [])).toBe(60);
    expect(lines[5]?.[0]).toMatchObject({ tone: "title" });
  });

  const anyText = fc.oneof(fc.string({ unit: "grapheme", maxLength: 60 }), fc.constant("日本語".repeat(9)));
  const anyMode: fc.Arbitrary<Mode> = fc.oneof(
    fc.constant<Mode>({ name: "table" }),
    fc.nat(50).map((scroll): Mode => ({ name: "help", scroll })),
    fc.nat(50).map((scroll): Mode => ({ name: "details", id: 1, scroll })),
    anyText.map((text): Mode => ({ name: "filter", field: "group", text })),
    anyText.map((address): Mode => ({ name: "close", id: 1, address, before: { name: "table" } })),
  );

  it("has exactly its rows, none wider than its columns, whatever it shows", () => {
    fc.assert(
      fc.property(
        fc.record({ columns: fc.integer({ min: 1, max: 150 }), rows: fc.integer({ min: 1, max: 40 }) }),
        fc.array(anyText, { maxLength: 50 }),
        anyMode,
        fc.constantFrom(...SORT_KEYS),
        fc.nat(60),
        (size: Size, texts, mode, sort, at) => {
          const rows = texts.map((text, id) => rowOf(id, { address: text, groups: [text], groupCount: 1, tls: text }));
          const [first = rowOf(1)] = rows;
          const look = lookOf(rows, { detailsOf: 1, details: { ...first, more: [["state", texts.join("")]] } });
          const view = viewOf(at % 7 === 0 ? undefined : look, { mode, sort, selectedAt: at, first: at });
          const lines = screenLines(view, size);
          expect(lines).toHaveLength(size.rows);
          for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(size.columns);
        },
      ),
    );
  });
});

describe("a line", () => {
  it.each([
    [6, "ab|cdef"],
    [7, "ab|cdef"],
    [5, "ab|cd…"],
    [3, "ab|…"],
    [2, "a…"],
    [1, "…"],
    [0, ""],
  ])("is cut to %d columns", (columns, expected) => {
    const cut = cutLine([{ text: "ab" }, { text: "cdef", tone: "good" }], columns);
    expect(
      cut
        .map(({ text }) => text)
        .filter((text) => text !== "")
        .join("|"),
    ).toBe(expected);
  });

  it("is painted with colours, or, without them, with what is none", () => {
    const line = [
      { text: "a" },
      { text: "b", tone: "good" },
      { text: "c", tone: "selected" },
      { text: "", tone: "bad" },
    ] as const;
    expect(paintedLine(line, true)).toBe("a\x1b[32mb\x1b[0m\x1b[30;46mc\x1b[0m");
    expect(paintedLine(line, false)).toBe("ab\x1b[7mc\x1b[0m");
  });
});
