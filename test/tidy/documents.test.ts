// The documents describe the sources as they are.
import { posix } from "node:path";
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

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  const headings = read(document)
    .replace(/^```[^]*?^```$/gm, "")
    .matchAll(/^#+ (.+)$/gm);
  for (const [, heading = ""] of headings) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let again = 0;
    while (anchors.has(again === 0 ? anchor : `${anchor}-${again}`)) again += 1;
    anchors.add(again === 0 ? anchor : `${anchor}-${again}`);
  }
  return anchors;
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

  it("link to files and headings that exist", () => {
    const broken = documents.flatMap((document) => {
      const text = read(document).replace(/^```[^]*?^```$/gm, "");
      return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = ""]) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
          const [file = "", heading] = link.split("#");
          const target = file === "" ? document : posix.join(posix.dirname(document), file);
          if (!files.includes(target) && !files.some((one) => one.startsWith(`${target.replace(/\/$/, "")}/`)))
            return true;
          return heading !== undefined && !anchorsOf(target).has(heading);
        })
        .map((link) => `${document}: ${link}`);
    });
    expect(broken).toEqual([]);
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
