// @ts-check
// The package as its users get it: packed, installed into an empty folder without the network, and started there on each
// runtime the way that README.md says.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, run } from "./commands.mjs";
import { findRuntime } from "./runtimes.mjs";

/** Documents, examples, sources and what was built of them. */
const MOST_PACKED_BYTES = 2_000_000;
/** The packages that an installation without network needs: the dependencies, and theirs. */
const DEPENDENCIES = [
  "@logtape/logtape",
  "@bomb.sh/tab",
  "commander",
  "@noble/ciphers",
  "ipaddr.js",
  "uplot",
  "hdr-histogram-js",
  "@assemblyscript/loader",
  "base64-js",
  "pako",
];

/** @type {string[]} */
const problems = [];
const folder = mkdtempSync(path.join(tmpdir(), "spillway-consumer-"));
try {
  await check();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.log(problem);
if (problems.length > 0) process.exitCode = 1;

async function check() {
  const own = await pack(root);
  const bytes = statSync(own).size;
  console.log(`packed: ${bytes} bytes`);
  if (bytes > MOST_PACKED_BYTES) problems.push(`the package has ${bytes} bytes, more than ${MOST_PACKED_BYTES}`);
  const tarballs = [own];
  for (const name of DEPENDENCIES) tarballs.push(await pack(path.join(root, "node_modules", name)));
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  if (!(await npm("install", "--offline", "--no-audit", "--no-fund", ...tarballs))) return;
  checkLinks(path.join(folder, "node_modules", "spillway"));
  await checkPrograms();
}

/** @param {string} from */
async function pack(from) {
  const before = new Set(readdirSync(folder));
  await npm("pack", "--ignore-scripts", "--silent", "--pack-destination", folder, from);
  const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz") && !before.has(file));
  if (tarball === undefined) throw new Error(`npm pack made nothing of ${from}`);
  return path.join(folder, tarball);
}

/** @param {string[]} args */
function npm(...args) {
  const windows = process.platform === "win32";
  return start("npm", windows ? "cmd" : "npm", windows ? ["/c", "npm", ...args] : args);
}

/**
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {RegExp} [expected]
 */
async function start(what, command, args, expected = /^/) {
  const { ok, output } = await run({ command, args }, { cwd: folder, timeoutMs: 120_000, env: { NO_COLOR: "1" } });
  const good = ok && expected.test(output);
  if (!good) problems.push(`${what} ${args.join(" ")}:\n${output}`);
  return good;
}

/**
 * Every link of a packed document to a file leads to a packed file. Pictures are left out of the package for their size.
 *
 * @param {string} packed
 */
function checkLinks(packed) {
  let links = 0;
  for (const file of readdirSync(packed, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".md") || file.includes("node_modules")) continue;
    const text = readFileSync(path.join(packed, file), "utf8").replace(/^```[^]*?^```$/gm, "");
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [target = ""] = link.split("#");
      if (target === "" || /^[a-z]+:/.test(target)) continue;
      links += 1;
      const where = target.endsWith(".png") ? root : packed;
      if (!existsSync(path.join(where, path.dirname(file), target))) {
        problems.push(`${file} links to ${target}, which is not in the package`);
      }
    }
  }
  console.log(`links in the package: ${links}`);
  if (links === 0) problems.push("no document of the package links to another");
}

async function checkPrograms() {
  const { program: deno } = await findRuntime("deno");
  const { program: bun } = await findRuntime("bun");
  const config = /"service": "echo"/;
  const serve = ["serve", "echo", "--print-config"];
  await npm("exec", "--offline", "--", "spillway", ...serve);
  await start("deno", deno, ["run", "-A", "npm:spillway", ...serve], config);
  await start("bun", bun, ["x", "--bun", "spillway", ...serve], config);
  mkdirSync(path.join(folder, "app"));
  const file = path.join(folder, "app", "server.mjs");
  writeFileSync(
    file,
    `import { connect, lines, serve } from "spillway";
const server = await serve({ port: 0, codec: lines(), handler: (line) => line + "!", signals: true });
const client = await connect({ ...server.address, codec: lines() });
console.log(await client.request("hello"));
await client.close();
await server.shutdown();
`,
  );
  await start("node", process.execPath, [file], /^hello!\n$/);
  await start("deno", deno, ["run", "-A", file], /^hello!\n$/);
  await start("bun", bun, [file], /^hello!\n$/);

  // The dashboard is made of files of this package, and of another one.
  const page = path.join(folder, "app", "dashboard.mjs");
  writeFileSync(
    page,
    `import { admin } from "spillway/admin";
const endpoint = admin({ listen: { port: 0 } });
await endpoint.start();
for (const name of ["", "assets/dashboard.css", "assets/dashboard.js", "assets/uplot.js", "assets/uplot.css"]) {
  const { status } = await fetch(\`http://127.0.0.1:\${endpoint.address.port}/\${name}\`, { headers: { Connection: "close" } });
  console.log(status);
}
await endpoint.close();
`,
  );
  const served = /^(200\n){5}$/;
  await start("node", process.execPath, [page], served);
  await start("deno", deno, ["run", "-A", page], served);
  await start("bun", bun, [page], served);
}
