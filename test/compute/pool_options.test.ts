import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type PoolOptions, pool } from "spillway/compute";
import { describe, expect, it } from "vitest";
import { runHere, runtime } from "../support/child.ts";
import { root } from "../support/tree.ts";
import { ANSWERS } from "./support/workers.ts";

describe("pool()", () => {
  it.each([
    ["./worker.js", TypeError],
    [undefined, TypeError],
    [new URL("https://example.com/worker.js"), TypeError],
  ])("refuses the module %s", (module, error) => {
    expect(() => pool(module as URL)).toThrow(error);
    expect(() => pool(module as URL)).toThrow("module must be a file: URL");
  });

  it.each([
    [{ size: 0 }, RangeError, "size must be a whole number of at least 1, not 0"],
    [{ size: 1.5 }, RangeError, "size"],
    [{ size: Infinity }, RangeError, "size"],
    [{ size: "2" }, TypeError, "size must be a number, not string"],
    [{ maxQueue: 0 }, RangeError, "maxQueue"],
    [{ maxQueue: Number.NaN }, RangeError, "maxQueue"],
    [{ maxQueue: -Infinity }, RangeError, "maxQueue"],
    [{ maxMemoryMb: 15 }, RangeError, "maxMemoryMb must be a whole number of at least 16, not 15"],
    [{ onWorkerError: 1 }, TypeError, "onWorkerError must be a function"],
  ])("refuses the options %o", (options, error, message) => {
    expect(() => pool(ANSWERS, options as PoolOptions)).toThrow(error);
    expect(() => pool(ANSWERS, options as PoolOptions)).toThrow(message);
  });

  it.each([{}, { size: 1_000 }, { maxQueue: Infinity }, { maxMemoryMb: 16 }])(
    "takes %o, and starts nothing",
    (options) => {
      expect(pool(ANSWERS, options).stats()).toEqual({ workers: 0, busy: 0, ending: 0, queued: 0, waiting: 0 });
    },
  );
});

const MODULE = runtime === "node" ? "dist/compute/mod.js" : "src/compute/mod.ts";

describe("a process with a pool", () => {
  const script = path.join(root, "test/compute/fixtures/leaves.mjs");

  it.each(["closes", "forgets"])("ends by itself when it %s the pool", (how) => {
    const { status, output } = runHere(script, [MODULE, how]);
    expect([status, output]).toEqual([0, "HELLO\n"]);
  });
});

describe("without piscina", () => {
  it("ready() says what to install", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "spillway-"));
    try {
      for (const room of ["core", "compute"]) {
        const from = path.join(root, MODULE, "../..", room);
        cpSync(from, path.join(folder, "src", room), { recursive: true });
      }
      // Bun fetches packages by itself where there is no such folder.
      mkdirSync(path.join(folder, "node_modules"));
      writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
      const file = path.basename(MODULE);
      writeFileSync(
        path.join(folder, "main.mjs"),
        `import { pool } from "./src/compute/${file}";
         await pool(new URL("./any.mjs", import.meta.url)).ready().catch(({ code, message }) => console.log(code, message));`,
      );
      const { status, output } = runHere(path.join(folder, "main.mjs"));
      expect([status, output]).toEqual([
        0,
        "pool-unavailable the package piscina does not load: npm install piscina\n",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
