import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { read, root } from "../support/tree.ts";

interface PackageJson {
  version: string;
  exports: Record<string, string | { types: string; default: string }>;
  bin: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

interface DenoJson {
  version: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
}

const npm = JSON.parse(read("package.json")) as PackageJson;
const deno = JSON.parse(read("deno.json")) as DenoJson;

const entries = Object.entries(npm.exports).filter(([name]) => name !== "./package.json");

describe("package.json and deno.json", () => {
  it("have the same version, which the changelog knows or will know", () => {
    expect(npm.version).toBe(deno.version);
    expect(read("CHANGELOG.md")).toMatch(/^## \[Unreleased\]$/m);
  });

  it("export the same names, each from the source that the build makes it of", () => {
    const sources = entries.map(([name, target]) => {
      if (typeof target === "string") throw new TypeError(`${name} has no types`);
      expect(target.types).toBe(target.default.replace(/\.js$/, ".d.ts"));
      return [name, target.default.replace(/^\.\/dist\//, "./src/").replace(/\.js$/, ".ts")];
    });
    expect(Object.fromEntries(sources)).toEqual(deno.exports);
  });

  it("export only what exists", () => {
    const missing = Object.values(deno.exports).filter((file) => !existsSync(path.join(root, file)));
    expect(missing).toEqual([]);
  });

  it("resolve the package's own name to its exports, for the documents' examples", () => {
    const own = Object.entries(deno.imports).filter(([name]) => /^spillway(\/|$)/.test(name));
    const exported = Object.entries(deno.exports).map(([name, file]) => [path.posix.join("spillway", name), file]);
    expect(Object.fromEntries(own)).toEqual(Object.fromEntries(exported));
  });

  it("pin the same versions of the same packages", () => {
    const pinned = Object.entries(npm.dependencies);
    expect(pinned.filter(([name, version]) => deno.imports[name] !== `npm:${name}@${version}`)).toEqual([]);
    const loose = [...pinned, ...Object.entries(npm.devDependencies)].filter(
      ([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});
