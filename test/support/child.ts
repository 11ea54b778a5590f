import { spawnSync } from "node:child_process";
import { root } from "./tree.ts";

export const runtime: "node" | "deno" | "bun" =
  "deno" in process.versions ? "deno" : "bun" in process.versions ? "bun" : "node";

const FLAGS = { node: [], deno: ["run", "-A"], bun: ["--bun"] };

/** Runs a script to its end, inside the runtime that runs this test. */
export function runHere(
  script: string,
  args: string[] = [],
): { status: number | null; stdout: string; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...FLAGS[runtime], script, ...args], {
    cwd: root,
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, stdout, output: stdout + stderr };
}
