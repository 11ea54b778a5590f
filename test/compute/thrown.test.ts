import { describe, expect, it } from "vitest";
import { putTogether } from "../../src/compute/thrown.ts";
import { takeApart } from "../../src/core/mod.ts";

const sent = (thrown: unknown) => putTogether(structuredClone(takeApart(thrown)));

describe("a value thrown in a worker", () => {
  it("keeps its name, message, stack, code and causes", () => {
    const cause = Object.assign(new TypeError("the reason"), { code: "E_REASON" });
    const thrown = new RangeError("cannot", { cause });
    const error = sent(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "RangeError", message: "cannot", stack: thrown.stack });
    expect(error.cause).toMatchObject({ name: "TypeError", message: "the reason", code: "E_REASON" });
    expect("code" in error).toBe(false);
    expect(String(error)).toBe("RangeError: cannot");
  });

  it.each([
    ["a tantrum", "a tantrum"],
    [undefined, "undefined"],
    [Symbol("it"), "Symbol(it)"],
    [Object.create(null), "an object that cannot be described"],
  ])("may be no error: %o", (thrown, message) => {
    expect(sent(thrown)).toMatchObject({ name: "Error", message });
  });

  it("may hold values that cannot be cloned", () => {
    expect(sent(Object.assign(new Error("it"), { code: () => 1, more: () => 2 }))).toMatchObject({ message: "it" });
    expect(sent(new Error("it", { cause: () => 1 })).cause).toMatchObject({ message: "() => 1" });
  });

  it("may be its own cause", () => {
    const ring = new Error("round");
    ring.cause = ring;
    let depth = 0;
    for (let error: unknown = sent(ring); error instanceof Error; error = error.cause) depth += 1;
    expect(depth).toBe(5);
  });
});
