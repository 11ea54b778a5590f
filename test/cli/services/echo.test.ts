import { expect, it } from "vitest";
import { echo } from "../../../src/cli/services/echo.ts";
import type { Context } from "../../../src/mod.ts";

it.each([
  [undefined, "hello", "hello"],
  ["", "", ""],
  ["> ", "hello", "> hello"],
  ["> ", "  spaced  ", ">   spaced  "],
])("with prefix %j answers %j with %j", (prefix, line, reply) => {
  const { handler } = echo(prefix === undefined ? {} : { prefix });
  expect(handler(line, {} as Context)).toBe(reply);
});
