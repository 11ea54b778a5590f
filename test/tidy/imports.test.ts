// Who may import whom: the rooms of ARCHITECTURE.md.
import path from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, type SourceFile, sourcesIn } from "./support/tree.ts";

interface Import {
  readonly from: string;
  /** A path from the root for a relative import, else the name as it is written. */
  readonly to: string;
}

function resolve(source: SourceFile): Import[] {
  return importsOf(source).map((name) => {
    const to = name.startsWith(".") ? path.posix.join(path.posix.dirname(source.path), name) : name;
    return { from: source.path, to };
  });
}

const all = sourcesIn("src").flatMap(resolve);

/** The imports of a room that none of the patterns allows. */
function outside(room: RegExp, allowed: RegExp[]): Import[] {
  return all.filter(({ from, to }) => room.test(from) && !allowed.some((pattern) => pattern.test(to)));
}

const NODE = /^node:/;
const PACKAGE = /^(?!node:|\.|src\/)/;

describe("the import rule", () => {
  it("sees the imports", () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all).toContainEqual({ from: "src/core/mod.ts", to: "src/core/server/serve.ts" });
  });

  it("core imports nothing outside core", () => {
    expect(outside(/^src\/core\//, [/^src\/core\//])).toEqual([]);
  });

  it.each(["node", "deno", "bun"])("the %s adapter imports core, never another adapter", (runtime) => {
    const room = new RegExp(`^src/adapters/${runtime}/`);
    const own = runtime === "node" ? [NODE] : [];
    expect(outside(room, [/^src\/core\//, room, ...own])).toEqual([]);
  });

  it("testing imports core only", () => {
    expect(outside(/^src\/testing\//, [/^src\/(core|testing)\//])).toEqual([]);
  });

  it("optional parts import core's public face and each their own, never an adapter", () => {
    const optional = /^src\/(?!core\/|adapters\/|testing\/|cli\/)([a-z_]+)\//;
    const wrong = all.filter(({ from, to }) => {
      const room = optional.exec(from)?.[1];
      if (room === undefined || NODE.test(to) || PACKAGE.test(to)) return false;
      return to !== "src/core/mod.ts" && !to.startsWith(`src/${room}/`);
    });
    expect(wrong).toEqual([]);
  });

  it("the CLI imports public faces only", () => {
    const faces = /^src\/(mod|(core|testing|compute|observers|buses)\/(.+\/)?mod)\.ts$/;
    expect(outside(/^src\/(cli\/|main\.ts$)/, [/^src\/cli\//, faces, NODE, PACKAGE])).toEqual([]);
  });

  it("nothing imports the CLI but the CLI", () => {
    const wrong = all.filter(({ from, to }) => to.startsWith("src/cli/") && !/^src\/(cli\/|main\.ts$)/.test(from));
    expect(wrong).toEqual([]);
  });

  it("the library imports no package", () => {
    const library = /^src\/(core|adapters|testing)\/|^src\/mod\.ts$/;
    expect(all.filter(({ from, to }) => library.test(from) && PACKAGE.test(to))).toEqual([]);
  });
});
