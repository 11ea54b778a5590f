// The documents describe the sources as they are.
import { describe, expect, it } from "vitest";
import { filesIn, read, sourcesIn } from "../support/tree.ts";

const files = filesIn(".");
const documents = files.filter((file) => file.endsWith(".md") && file !== "CHANGELOG.md");

/** Files and folders in backquotes. */
function pathsIn(document: string): string[] {
  return [...read(document).matchAll(/`((?:src|test|docs|bench|scripts|examples)\/[\w./-]+)`/g)].map(
    ([, path = ""]) => path,
  );
}

describe("documents", () => {
  it("name files and folders that exist", () => {
    const exists = (path: string) =>
      files.some((file) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`));
    const missing = documents.flatMap((document) =>
      pathsIn(document)
        .filter((path) => !exists(path))
        .map((path) => `${document}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it("name methods that exist, in the path of a line", () => {
    const [, fence = ""] = /## The path of a line[^`]+```\n([^`]+)```/.exec(read("ARCHITECTURE.md")) ?? [];
    const steps = [...fence.matchAll(/^ *(\w+)\.(#?\w+)\(/gm)];
    const classes = sourcesIn("src").flatMap(({ text }) => text.split(/^(?=export class )/m));
    const missing = steps.filter(
      ([, owner, method]) =>
        !classes.some(
          (text) =>
            text.startsWith(`export class ${owner}`) && new RegExp(`^  (readonly )?${method}\\b`, "m").test(text),
        ),
    );
    expect(steps.length).toBeGreaterThan(9);
    expect(missing.map(([step]) => step.trim())).toEqual([]);
  });
});
