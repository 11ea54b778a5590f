import { expect, it } from "vitest";
import { echo } from "../../../src/cli/services/echo.ts";
import type { Context } from "../../../src/mod.ts";

it.each([
  [undefined, "hello", "hello"],
  ["", "", ""],
  ["> ", "hello", "> hello"],
  ["ä ", "  spaced  ", "ä   spaced  "],
])("with prefix %j answers %j with %j", (prefix, frame, reply) => {
  const { handler } = echo(prefix === undefined ? {} : { prefix });
  expect(handler(new TextEncoder().encode(frame), {} as Context)).toEqual(new TextEncoder().encode(reply));
});

it("answers bytes that are no text with the same bytes", () => {
  const { handler } = echo({ prefix: ">" });
  expect(handler(Uint8Array.of(0xff, 0, 0xc3), {} as Context)).toEqual(Uint8Array.of(0x3e, 0xff, 0, 0xc3));
});
