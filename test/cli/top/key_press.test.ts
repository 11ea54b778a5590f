import { describe, expect, it } from "vitest";
import { type Action, type Pressed, pressed } from "../../../src/cli/top/key_press.ts";
import { initialView, settled, type ViewState } from "../../../src/cli/top/view_state.ts";
import { rowOf } from "./support/looks.ts";

const rows = Array.from({ length: 30 }, (_, index) => rowOf(index + 1));
const at: Pressed = { rows, pageRows: 10, cannotClose: undefined };
const initial = initialView({ sort: "in", descending: true, address: "", group: "" });

/** The state and the actions after keys. */
function after(keys: readonly string[], state: Partial<ViewState> = {}, place: Partial<Pressed> = {}) {
  const actions: Action[] = [];
  let now: ViewState = { ...initial, ...state };
  for (const key of keys) {
    const outcome = pressed(now, key, { ...at, ...place });
    now = settled(outcome.state, place.rows ?? rows, place.pageRows ?? 10);
    if (outcome.action !== undefined) actions.push(outcome.action);
  }
  return { state: now, actions };
}

describe("keys that select", () => {
  it.each([
    [["<down>"], 1, 0],
    [["j", "j", "k"], 1, 0],
    [["<up>"], 0, 0],
    [["<pagedown>"], 9, 0],
    [["<pagedown>", "<pagedown>"], 18, 9],
    [["<end>"], 29, 20],
    [["<end>", "<down>"], 29, 20],
    [["<end>", "<pageup>"], 20, 20],
    [["<end>", "<pageup>", "<up>"], 19, 19],
    [["<end>", "<home>"], 0, 0],
  ])("%j select row %d, with row %d at the top", (keys, selectedAt, first) => {
    expect(after(keys).state).toMatchObject({ selectedAt, first });
  });

  it("do nothing without rows", () => {
    for (const key of ["<down>", "<up>", "<end>", "<pagedown>", "<enter>", "c"]) {
      const { actions, state } = after([key], {}, { rows: [] });
      expect({ actions, mode: state.mode, at: state.selectedAt }).toEqual({
        actions: [],
        mode: { name: "table" },
        at: 0,
      });
    }
  });

  it("follow the connection wherever it goes, until Home", () => {
    const { state } = after(["<down>", "<down>"]);
    expect(state.selectedId).toBe(3);
    const reversed = settled(state, rows.toReversed(), 10);
    expect(reversed).toMatchObject({ selectedId: 3, selectedAt: 27, first: 18 });
    expect(settled(after(["<home>"], reversed).state, rows.toReversed(), 10)).toMatchObject({
      selectedId: undefined,
      selectedAt: 0,
    });
  });

  it("select what is at the place of a connection that has ended", () => {
    const { state } = after(["<down>", "<down>"]);
    expect(settled(state, [rowOf(1), rowOf(2), rowOf(4)], 10)).toMatchObject({ selectedId: 4, selectedAt: 2 });
    expect(settled(state, [rowOf(1)], 10)).toMatchObject({ selectedId: 1, selectedAt: 0 });
    expect(settled(state, [], 10)).toMatchObject({ selectedId: undefined, selectedAt: 0, first: 0 });
  });
});

describe("keys that order and filter", () => {
  it.each([
    [["<right>"], { sort: "out", descending: true }],
    [["<left>"], { sort: "idle", descending: true }],
    [[">", ">", "<"], { sort: "out", descending: true }],
    [["<left>", "<left>", "<left>"], { sort: "address", descending: false }],
    [["<left>", "<left>", "<left>", "<left>", "<left>"], { sort: "groups", descending: true }],
    [["r"], { sort: "in", descending: false }],
    [["r", "r"], { sort: "in", descending: true }],
  ])("of the order lead from IN/S to it: %j", (keys, state) => {
    const result = after(keys);
    expect(result.state).toMatchObject(state);
    expect(result.actions).toEqual(keys.map(() => ({ name: "look" })));
  });

  it.each([
    [["/", "1", "0", ".", "<enter>"], { address: "10.", group: "" }],
    [["g", "q", "<backspace>", "ä", "😀", "<backspace>", "<enter>"], { address: "", group: "ä" }],
    [["/", "x", "<ctrl-u>", "y", "<up>", "<f1>", "<enter>"], { address: "y", group: "" }],
    [["/", "<", "<enter>"], { address: "<", group: "" }],
    [["/", "x", "<escape>"], { address: "", group: "" }],
    [["/", "x", "<enter>", "g", "y", "<enter>"], { address: "x", group: "y" }],
    [["/", "x", "<enter>", "<escape>"], { address: "", group: "" }],
    [["/", "x", "<enter>", "/", "y", "<enter>"], { address: "xy", group: "" }],
  ])("of a filter are taken as they are entered: %j", (keys, state) => {
    expect(after(keys).state).toMatchObject({ ...state, mode: { name: "table" } });
  });

  it("keep a filter short", () => {
    const { state } = after(["/", ...Array.from({ length: 500 }, () => "x"), "<enter>"]);
    expect(state.address).toHaveLength(128);
  });
});

describe("keys that open and close", () => {
  it.each([
    [["?"], "help"],
    [["h"], "help"],
    [["<f1>"], "help"],
    [["?", "<escape>"], "table"],
    [["?", "q"], "table"],
    [["<enter>"], "details"],
    [["<enter>", "<enter>"], "table"],
    [["<enter>", "?"], "help"],
    [["c"], "close"],
    [["<delete>"], "close"],
    [["c", "x"], "close"],
    [["c", "<escape>"], "table"],
    [["c", "n"], "table"],
    [["<enter>", "c", "<escape>"], "details"],
    [["/"], "filter"],
  ])("%j lead to: %s", (keys, mode) => {
    expect(after(keys).state.mode.name).toBe(mode);
  });

  it.each([
    [["q"], [{ name: "quit" }]],
    [["<ctrl-c>"], [{ name: "interrupt" }]],
    [["/", "q", "<ctrl-c>"], [{ name: "interrupt" }]],
    [["?", "<ctrl-c>"], [{ name: "interrupt" }]],
    [["<ctrl-l>"], [{ name: "repaint" }]],
    [["c", "o"], [{ name: "close", id: 1, reset: false }]],
    [["<down>", "c", "r"], [{ name: "close", id: 2, reset: true }]],
    [["c", "q"], []],
    [
      ["<enter>", "c", "o"],
      [{ name: "look" }, { name: "close", id: 1, reset: false }],
    ],
    [["p"], []],
    [["p", "p"], [{ name: "look" }]],
    [["x", "<tab>", "Z"], []],
  ])("%j ask for %j", (keys, actions) => {
    expect(after(keys).actions).toEqual(actions);
  });

  it("close the connection that was selected, though another one is there by now", () => {
    const asked = pressed(after(["<down>"]).state, "c", at).state;
    const moved = settled(asked, rows.toReversed(), 10);
    expect(pressed(moved, "o", { ...at, rows: rows.toReversed() }).action).toEqual({
      name: "close",
      id: 2,
      reset: false,
    });
  });

  it("say why nothing can be closed, until the next key", () => {
    const { state } = after(["c"], {}, { cannotClose: "no token" });
    expect(state).toMatchObject({ mode: { name: "table" }, notice: { text: "no token", tone: "warn" } });
    expect(pressed(state, "<down>", at).state.notice).toBeUndefined();
  });

  it("scroll a text, and not before its beginning", () => {
    expect(after(["?", "<down>", "<down>", "<up>"]).state.mode).toEqual({ name: "help", scroll: 1 });
    expect(after(["?", "<pagedown>", "<home>", "<up>"]).state.mode).toEqual({ name: "help", scroll: 0 });
  });
});
