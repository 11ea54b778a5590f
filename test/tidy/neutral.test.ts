// "Runtime-neutral" is not a promise but a fact that the compiler and these tests check.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runHere } from "../support/child.ts";
import { codeOnly, filesIn, importsOf, linesMatching, root, sourcesIn } from "../support/tree.ts";

describe.each([
  "src/core",
  "src/admission",
  "src/middleware",
  "src/observers/access_log",
  "src/observers/metrics",
  "src/proxy_protocol",
  "src/testing",
])("%s", (folder) => {
  it("names no global of a runtime", () => {
    const code = sourcesIn(folder).map((source) => ({ ...source, text: codeOnly(source.text) }));
    expect(
      code.flatMap((source) => linesMatching(source, /(?<![.\w])(process|Buffer|Deno|Bun)\b(?!\s*[?]?:)/)),
    ).toEqual([]);
  });

  it("imports nothing from a runtime", () => {
    expect(
      sourcesIn(folder).flatMap((source) => importsOf(source).filter((name) => /^(node|bun):|^bun$/.test(name))),
    ).toEqual([]);
  });
});

const FORBIDDEN: Record<string, string> = {
  "process.ts": "export const named: unknown = process;",
  "buffer.ts": "export const named: unknown = Buffer;",
  "deno.ts": "export const named: unknown = Deno;",
  "bun.ts": "export const named: unknown = Bun;",
  "node_import.ts": 'import "node:net";\nexport const named: unknown = await import("node:net");',
  "node_type.ts": 'export type Named = import("node:net").Socket;',
};
const ALLOWED: Record<string, string> = {
  "whatwg.ts": "export const named: unknown = [ReadableStream, AbortSignal, TextDecoder, setTimeout, performance];",
};

describe("src/core's compiler settings", () => {
  let folder = "";
  beforeAll(() => {
    mkdirSync(path.join(root, "tmp"), { recursive: true });
    folder = mkdtempSync(path.join(root, "tmp", "neutral-"));
    const settings = { extends: "../../src/core/tsconfig.json", include: ["."] };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(settings));
    for (const [name, text] of Object.entries({ ...FORBIDDEN, ...ALLOWED }))
      writeFileSync(path.join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("refuse every runtime's globals and modules, and know the WHATWG's", () => {
    const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
    const { status, output } = runHere(tsc, ["-p", folder, "--pretty", "false"]);
    expect(status, output).not.toBe(0);
    const refused = [...output.matchAll(/([a-z_]+\.ts)\(\d+,\d+\): error TS/g)].map((match) => match[1] ?? "");
    expect([...new Set(refused)].toSorted(), output).toEqual(Object.keys(FORBIDDEN).toSorted());
  });
});

function adapterFiles(runtime: string): string[] {
  // Only Bun needs a thread to hold a socket.
  return filesIn(`src/adapters/${runtime}`)
    .map((file) => path.posix.basename(file))
    .filter((name) => name !== "hold_thread.ts");
}

describe("the adapters", () => {
  it.each(["deno", "bun"])("the %s one has the same files as the Node one", (runtime) => {
    expect(adapterFiles(runtime)).toEqual(adapterFiles("node"));
  });
});
