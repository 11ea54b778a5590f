import { describe, expect, it } from "vitest";
import { nameOrFile, wholeNumber } from "../../scripts/script.mjs";
import { runHere } from "../support/child.ts";

const SCRIPTS = ["simulate", "chaos", "fuzz", "mutate", "guard", "operate"].map((name) => `scripts/${name}.mjs`);

describe("scripts with options", () => {
  it.each([...SCRIPTS, "bench/run.mjs"])("%s says in a line what it does not understand", (script) => {
    const { status, stdout, output } = runHere(script, ["--wrong"]);
    expect({ status, stdout, output }).toEqual({ status: 2, stdout: "", output: "error: unknown option '--wrong'\n" });
  });

  it.each([
    ["0", 0],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("take %j for a number", (text, number) => {
    expect(wholeNumber(0)(text)).toBe(number);
  });

  it.each(["", "-1", "1.5", "1e3", " 1", "x", "9007199254740992"])("take %j for none", (text) => {
    expect(() => wholeNumber(0)(text)).toThrow("Write a whole number of at least 0.");
  });

  it("take no number outside of what it may be, and no option for a name", () => {
    expect(() => wholeNumber(2, 4)("1")).toThrow("Write a whole number from 2 to 4.");
    expect(() => wholeNumber(2, 4)("5")).toThrow("Write a whole number from 2 to 4.");
    expect([wholeNumber(2, 4)("2"), wholeNumber(2, 4)("4")]).toEqual([2, 4]);
    expect(nameOrFile("results-1.json")).toBe("results-1.json");
    expect(() => nameOrFile("--quick")).toThrow("It begins like an option.");
  });
});
