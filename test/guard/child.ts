import { execFile } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Costs } from "./measure.ts";

export type RuntimeName = "node" | "deno" | "bun";

/** The counts of one runtime. */
export interface Measured {
  readonly engine: string;
  readonly costs: Costs;
}

/** No compiler, which spares some of what the code asks for, whenever it gets round to it; and no collection of its own. */
const V8_FLAGS = [
  "--no-opt",
  "--no-maglev",
  "--no-sparkplug",
  "--no-lazy-feedback-allocation",
  "--no-flush-bytecode",
  "--single-threaded",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
  "--expose-gc",
  "--allow-natives-syntax",
];

/** How each runtime runs a script so that it can be counted. */
const ARGS: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: V8_FLAGS,
  deno: ["run", "-A", `--v8-flags=${V8_FLAGS.join(",")}`],
  bun: ["--bun"],
};

/** Node 20 loads no TypeScript: what `tsc -p test/guard` has made of it. */
const SCRIPT = path.join("test", "guard", "main.ts");
const COMPILED = path.join("tmp", "guard", "test", "guard", "main.js");

/** Counts every case: what is done and what is held, each in a process of its own, as Bun either collects or does not. */
export async function measureOn(runtime: RuntimeName, program: string, root: string): Promise<Measured> {
  const script = path.join(root, runtime === "node" ? COMPILED : SCRIPT);
  const measure = async (what: "made" | "held") => {
    const env = { ...process.env, BUN_JSC_useJIT: "0", BUN_JSC_useGC: what === "made" ? "0" : "1" };
    const child = promisify(execFile)(program, [...ARGS[runtime], script, what], { cwd: root, env, timeout: 60_000 });
    return JSON.parse((await child).stdout) as Measured;
  };
  const [made, held] = await Promise.all([measure("made"), measure("held")]);
  return { engine: made.engine, costs: { ...made.costs, ...held.costs } };
}
