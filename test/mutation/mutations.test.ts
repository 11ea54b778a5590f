import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "./mutations.ts";

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");

describe("mutations", () => {
  it("are many, and no two have the same name in the same file", () => {
    const names = MUTATIONS.flatMap(({ file, mutations }) => mutations.map(({ name }) => `${file} ${name}`));
    expect(names.length).toBeGreaterThan(35);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(MUTATIONS)("of $file: each changes a text that occurs once", ({ file, mutations }) => {
    const source = read(file);
    const occurrences = mutations.map(({ name, find }) => [name, source.split(find).length - 1]);
    expect(occurrences).toEqual(mutations.map(({ name }) => [name, 1]));
    for (const { find, replacement } of mutations) expect(replacement).not.toBe(find);
  });
});
