// @ts-check
// node scripts/docs.mjs [DOCUMENT…]     only these documents, such as docs/operations.md
//
// Executes what README.md, ARCHITECTURE.md, CONTRIBUTING.md and docs/*.md show, so that no document promises what is not so.
//
//   ```ts                    A complete program that ends by itself (it listens on port 0, if at all). Runs on Node and
//                            Bun here, and on Deno by `deno test --doc`, with the examples in the sources' comments.
//   ```js server.mjs ignore  A program with a name: written to a file for the document's console fences, at least one
//                            of which must run it, or another such program. Type-checked. `ignore` keeps `deno test --doc` from starting it.
//                            A name in .ts cannot be run by Node 20.
//   ```console               `$ ` and a command; the lines below are all that it prints, stdout and stderr. One bash
//                            runs the whole fence, in a folder with the document's named programs.
//   `$ command &`            A simple command, kept running until the fence ends or kills it (`kill %1`, `wait %1`).
//                            The lines below are all that it ever prints on stdout; the next command waits for them.
//                            Its stderr, where logs go, is not compared.
//   ```console root         Commands of the repository, run in its root. Each must succeed; what it prints is not compared.
//
// Replaced before anything runs: the ports 8080 to 8099 by free ones; `npx spillway` by the built command line, `npx deno` and `npx bun` by the dev dependencies;
// versions of runtimes, when outputs are compared. Other fences (text, json, sh …) are for reading only.
// Commands that install or test (`npm ci`, `npm start`, `npm test` …) are listed, not run, but in the root: .ci/run does that.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { root } from "./commands.mjs";
import { checkConsole, makeBin } from "./docs/console.mjs";
import { documents, fencesOf, place } from "./docs/fences.mjs";
import { checkPrograms, isProgram } from "./docs/programs.mjs";
import { findRuntime } from "./runtimes.mjs";

const PORT = /\b80[89]\d\b/g;

const asked = process.argv.slice(2);
const chosen = documents().filter((document) => asked.length === 0 || asked.includes(document));

/** @type {string[]} */
const problems = asked.filter((name) => !chosen.includes(name)).map((name) => `there is no document ${name}`);
for (const document of chosen) problems.push(...(await checkDocument(document)));
for (const problem of problems) console.log(`\n${problem}`);
if (problems.length > 0) process.exitCode = 1;

/** @param {string} document */
async function checkDocument(document) {
  const fences = fencesOf(document);
  const programs = fences.filter(isProgram);
  const consoles = fences.filter(({ language }) => language === "console");
  const named = programs.flatMap(({ file }) => file ?? []);
  // A program may be run by another one.
  const unused = programs.filter(
    ({ file }) =>
      file !== undefined &&
      ![...consoles, ...programs].some((other) => other.file !== file && other.text.includes(file)),
  );
  const found = unused.map((fence) => `${place(fence)}: no console fence runs ${fence.file}`);
  if (programs.length + consoles.length === 0) return found;
  if (new Set(named).size < named.length) found.push(`${document}: two programs have the same name`);

  mkdirSync(path.join(root, "tmp"), { recursive: true });
  const folder = mkdtempSync(path.join(root, "tmp", "docs-"));
  try {
    const withPorts = await freePorts(fences.map(({ text }) => text).join(""));
    if (programs.length > 0) found.push(...(await checkPrograms(folder, programs, withPorts)));
    if (process.platform === "win32") {
      console.log(`     ${document}: console fences need a Unix shell`);
      return found;
    }
    const bin = makeBin(folder, await extraPrograms());
    for (const fence of consoles) found.push(...(await checkConsole(fence, { folder, bin, withPorts })));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

async function extraPrograms() {
  const deno = await findRuntime("deno");
  const bun = await findRuntime("bun");
  /** @type {Record<string, string[]>} */
  const programs = { deno: [deno.program], bun: [bun.program] };
  const nc = spawnSync("nc", ["-h"], { encoding: "utf8" });
  if (!`${nc.stdout}${nc.stderr}`.includes("OpenBSD")) {
    programs["nc"] = [process.execPath, path.join(root, "scripts", "docs", "nc.mjs")];
  }
  return programs;
}

/**
 * @param {string} text
 * @returns {Promise<(text: string) => string>}
 */
async function freePorts(text) {
  const written = [...new Set(text.match(PORT) ?? [])];
  const servers = written.map(() => net.createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once("listening", resolve))));
  const free = servers.map((server) => /** @type {net.AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return (other) => other.replace(PORT, (port) => String(free[written.indexOf(port)]));
}
