import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Keys } from "../../../src/cli/top/keys.ts";

const TABLE: readonly (readonly [input: string, keys: readonly string[]])[] = [
  ["q", ["q"]],
  ["jk", ["j", "k"]],
  ["\x1b[A\x1b[B\x1b[C\x1b[D", ["<up>", "<down>", "<right>", "<left>"]],
  ["\x1bOA\x1bOB", ["<up>", "<down>"]],
  ["\x1b[5~\x1b[6~", ["<pageup>", "<pagedown>"]],
  ["\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1bOH\x1bOF", [1, 2, 3, 4].flatMap(() => ["<home>", "<end>"])],
  ["\x1b[3~", ["<delete>"]],
  ["\x1bOP\x1b[11~\x1b[[A", ["<f1>", "<f1>", "<f1>"]],
  ["\r\n\t\x7f\b", ["<enter>", "<enter>", "<tab>", "<backspace>", "<backspace>"]],
  ["\x03\x0c\x15", ["<ctrl-c>", "<ctrl-l>", "<ctrl-u>"]],
  ["ä€😀", ["ä", "€", "😀"]],
  // Keys that mean nothing here, with modifiers, and reports of a mouse.
  ["\x1b[1;5Ax\x1b[<0;3;4My\x1b[200~z", ["x", "y", "z"]],
  ["\x00\x01\x1cx", ["x"]],
  ["\x1b\x1b[A", ["<escape>", "<up>"]],
  ["\x1bx", ["<escape>", "x"]],
];

describe("keys", () => {
  it.each(TABLE)("of %j are %j, in whatever pieces they come", (input, expected) => {
    for (let first = 0; first <= input.length; first++) {
      for (let second = first; second <= input.length; second++) {
        const keys = new Keys();
        const pieces = [input.slice(0, first), input.slice(first, second), input.slice(second)];
        // A character beyond the basic plane is never divided: stdin is decoded before.
        if (pieces.some((piece) => /^[\udc00-\udfff]|[\ud800-\udbff]$/.test(piece))) continue;
        expect(pieces.flatMap((piece) => keys.push(piece))).toEqual(expected);
        expect(keys.unfinished).toBe(false);
      }
    }
  });

  it("take ESC for a key only when nothing follows", () => {
    const keys = new Keys();
    expect(keys.push("\x1b")).toEqual([]);
    expect(keys.unfinished).toBe(true);
    expect(keys.flush()).toEqual(["<escape>"]);
    expect(keys.flush()).toEqual([]);
    expect(keys.push("[A")).toEqual(["[", "A"]);
  });

  it("keep little of a sequence without an end", () => {
    const keys = new Keys();
    for (let sent = 0; sent < 1_000; sent++) keys.push(`\x1b[${"1".repeat(50)}`);
    expect(keys.push("\x1b[A")).toContain("<up>");
  });

  it("of any input are characters or names", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (pieces) => {
        const keys = new Keys();
        for (const key of [...pieces.flatMap((piece) => keys.push(piece)), ...keys.flush()]) {
          expect(key).toMatch(/^(<[a-z0-9-]+>|[^\p{Cc}])$/u);
        }
      }),
    );
  });
});
