import { expect, it } from "vitest";
import { firstLine } from "../../src/cli/failure.ts";
import { errorFields } from "../../src/cli/log_observer.ts";
import { SpillwayError } from "../../src/core/mod.ts";
import { kindOf } from "../../src/testing/pledge.ts";
import { HOSTILE } from "../core/hostile.ts";

it.each(HOSTILE)("the command line describes what was thrown, whatever it is: %s", (_name, thrown, text) => {
  expect(firstLine(thrown)).toBe(text);
  const fields = errorFields(new SpillwayError("handler-failed", "it threw", { cause: thrown }));
  expect(JSON.parse(JSON.stringify(fields))).toMatchObject({ code: "handler-failed", error: "it threw" });
});

it.each(HOSTILE)("a simulation tells the kind of what was thrown, whatever it is: %s", (_name, thrown) => {
  expect(typeof kindOf(thrown)).toBe("string");
});
