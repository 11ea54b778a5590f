import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import type { Service } from "../../../src/mod.ts";
import type { ManualClock } from "../../../src/testing/mod.ts";
import { CliProcess } from "../../cli/support/cli_process.ts";
import { RUNTIME } from "../../cli/support/runtime.ts";
import { type Served, served } from "../../core/support/served.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Serves an example in memory; what is left of it is ended, and looked at, after the test. */
export function serveInMemory<In, Out, State>(
  service: Service<In, Out, State>,
  { maxLinkBytes, clock }: { readonly maxLinkBytes?: number; readonly clock?: ManualClock } = {},
): Promise<Served> {
  // The type of the frames is a matter between the codec and the handler of the service.
  const options = service as unknown as Service;
  return served(clock === undefined ? options : { ...options, clock }, maxLinkBytes);
}

/** `spillway serve ./examples/NAME.ts`, in a process of its own that does not outlive the test. */
export async function serveByCli(
  name: string,
  ...flags: string[]
): Promise<{ readonly cli: CliProcess; readonly port: number }> {
  const source = path.join(root, "examples", `${name}.ts`);
  const module = RUNTIME.loadsTypeScript ? source : await compiled(source);
  const cli = new CliProcess("serve", module, "--port", "0", ...flags);
  onTestFinished(() => cli.kill());
  return { cli, port: await cli.ready() };
}

/** Compiles an example, for a Node that does not load TypeScript. The result is in the repository, where "spillway" is found. */
async function compiled(source: string): Promise<string> {
  mkdirSync(path.join(root, "tmp"), { recursive: true });
  const folder = mkdtempSync(path.join(root, "tmp", "example-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const settings = ["--ignoreConfig", "--noCheck", "--target", "es2022", "--module", "nodenext"];
  const places = ["--rootDir", path.join(root, "examples"), "--outDir", folder];
  await promisify(execFile)(process.execPath, [compiler, ...settings, ...places, source], { cwd: root });
  return path.join(folder, path.basename(source).replace(/ts$/, "js"));
}
