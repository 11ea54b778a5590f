// The cost of a line, a push, a connection, in counts that no load on the machine changes: see docs/performance.md.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runtime } from "../support/child.ts";
import { read, root } from "../support/tree.ts";
import { DONE, HELD, TENFOLD } from "./cases.ts";
import { type Measured, measureOn } from "./child.ts";
import type { Cost } from "./measure.ts";
import { differences, type Table } from "./table.ts";

const table = JSON.parse(read("test/guard/table.json")) as Table;
/** Per line, member or byte. */
const GROWTH = 1.1;
/** An allowance for promises and objects that are made once, however much there is to do. */
const ONCE = 2;

const names = [...DONE, ...HELD].map(({ name }) => name);

let measured: Measured;

beforeAll(async () => {
  if (runtime === "node") compile();
  measured = await measureOn(runtime, process.execPath, root);
}, 120_000);

describe("the guard", () => {
  it("has a row for each case, and no other", () => {
    expect(Object.keys(table.costs)).toEqual(names);
    expect(Object.keys(measured.costs)).toEqual(names);
  });

  it.each(TENFOLD)("ten times %s costs at most ten times as much: %s", (once, tenfold) => {
    const [one, ten] = [countsOf(once), countsOf(tenfold)];
    const grown = Object.entries(ten).filter(([kind, count]) => count > GROWTH * 10 * ((one[kind] ?? 0) + ONCE));
    expect(grown).toEqual([]);
  });

  it.each(names)("%s costs what is written down", (name) => {
    expect(differences(name, table, runtime, measured)).toEqual([]);
  });
});

function countsOf(name: string): Readonly<Record<string, number>> {
  const { asked, engine } = measured.costs[name] as Cost;
  return { ...asked, ...engine };
}

function compile(): void {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", "test/guard", "--noCheck"], { cwd: root });
  if (status !== 0) throw new Error(`test/guard does not compile: ${String(stdout)}`);
}
