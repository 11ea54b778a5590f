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

it.each([
  ["/run/echo.sock", "unix:/run/echo.sock"],
  ["relative.sock", "unix:relative.sock"],
  ["", "unix:"],
  ["\0abstract", "unix:@abstract"],
  ["/tmp/\x1b[31mred\n", "unix:/tmp/\\x1b[31mred\\n"],
  ["/a".repeat(500), `unix:${"/a".repeat(128)}… (744 more)`],
])("the path %j is %s", (path, text) => {
  expect(addressText({ path })).toBe(text);
});
