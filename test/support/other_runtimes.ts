import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { runtime } from "./child.ts";
import { root } from "./tree.ts";

const RUNTIMES = ["node", "deno", "bun"] as const;
type RuntimeName = (typeof RUNTIMES)[number];

const FLAGS = { node: [], deno: ["run", "-A"], bun: ["--bun"] };
const modules = path.join(root, "node_modules");

const PLACES: Readonly<Record<RuntimeName, () => readonly string[]>> = {
  node: () => [process.env["npm_node_execpath"] ?? "node", "node"],
  deno: () => [path.join(modules, "deno", "deno"), ...inScope("@deno", "deno"), "deno"],
  bun: () => [path.join(modules, "bun", "bin", "bun.exe"), ...inScope("@oven", "bin/bun"), "bun"],
};

/** How a program with TypeScript is started on a runtime: what goes before its path. */
export interface OtherRuntime {
  readonly name: RuntimeName;
  readonly command: readonly [string, ...string[]];
}

/** Returns the runtimes that are installed and load TypeScript: Node does since version 24. */
export function typeScriptRuntimes(): readonly OtherRuntime[] {
  return RUNTIMES.flatMap((name) => {
    const program = name === runtime ? process.execPath : PLACES[name]().find((place) => majorOf(place) !== undefined);
    if (program === undefined || (name === "node" && (majorOf(program) ?? 0) < 24)) return [];
    return [{ name, command: [program, ...FLAGS[name]] as const }];
  });
}

function majorOf(program: string): number | undefined {
  const { stdout, status } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 20_000 });
  const [, major] = /(\d+)\.\d+\.\d+/.exec(stdout ?? "") ?? [];
  return status === 0 && major !== undefined ? Number(major) : undefined;
}

function inScope(scope: string, file: string): string[] {
  const folder = path.join(modules, scope);
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name, file)) : [];
}
