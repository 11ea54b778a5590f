import { expect, it } from "vitest";
import { addressText } from "../../src/core/mod.ts";

it.each([
  ["127.0.0.1", 8080, "127.0.0.1:8080"],
  ["::1", 8080, "[::1]:8080"],
  ["", 0, "unknown"],
  ["::ffff:127.0.0.1", 1, "[::ffff:127.0.0.1]:1"],
])("%s and %d are %s", (hostname, port, text) => {
  expect(addressText({ hostname, port })).toBe(text);
});
