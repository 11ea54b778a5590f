import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { VERSION } from "../../src/cli/version.ts";

it.each(["package.json", "deno.json"])("is the version of %s", async (file) => {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  expect(VERSION).toBe(version);
});
