// @ts-check
// The echo in Go, built where go is installed.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../scripts/commands.mjs";

const SOURCE = fileURLToPath(new URL("servers/go/echo.go", import.meta.url));
/** The first build on a machine compiles Go's own packages too. */
const BUILD_MS = 120_000;

/** @type {Promise<string | undefined> | undefined} */
let built;

/** The program, which is built when it is first asked for, into a directory that ends with this process. */
export function goServer() {
  built ??= build();
  return built;
}

/** Where Go is missing, prints that once and returns undefined. */
async function build() {
  const directory = mkdtempSync(path.join(os.tmpdir(), "spillway-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const program = path.join(directory, "echo");
  const command = { command: "go", args: ["build", "-o", program, SOURCE] };
  const { ok, output } = await run(command, { timeoutMs: BUILD_MS });
  if (ok) return program;
  console.log(`\nThe servers in Go are left out, with their targets: ${output.trim()}`);
  return undefined;
}
