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

/** How a program is started on a runtime: what goes before its path. */
export interface InstalledRuntime {
  readonly name: RuntimeName;
  readonly command: readonly [string, ...string[]];
}

/** Returns the runtimes that are installed. */
export function installedRuntimes(): readonly InstalledRuntime[] {
  return RUNTIMES.flatMap((name) => {
    const program = name === runtime ? process.execPath : PLACES[name]().find(isThere);
    return program === undefined ? [] : [{ name, command: [program, ...FLAGS[name]] as const }];
  });
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"], { timeout: 20_000 }).status === 0;
}

function inScope(scope: string, file: string): string[] {
  const folder = path.join(modules, scope);
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name, file)) : [];
}
