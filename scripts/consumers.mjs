// @ts-check
// The packed package as its users compile it: test/types/consumer against what npm would publish, with the oldest TypeScript
// that is supported, later ones and the present one, without skipping the package's own types.
import { cpSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { root, run, tool } from "./commands.mjs";

/** The packages of the compilers, and what each must say that it is. */
const COMPILERS = { "typescript-5.5": "5.5", "typescript-5.9": "5.9", "typescript-6": "6.0", typescript: "7.0" };

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
};

/** How projects are set up. */
const SETTINGS = {
  strictest: { ...STRICT, module: "nodenext", lib: ["es2022", "esnext.disposable", "dom"], types: [] },
  bundler: { module: "esnext", moduleResolution: "bundler", lib: ["esnext", "dom", "dom.iterable"], types: [] },
  // As most servers on Node are: without the DOM's types. Those of Node leave some names out, hence without its check.
  node: { module: "nodenext", lib: ["es2023"], types: ["node"], skipLibCheck: true },
};

const ALWAYS = { strict: true, skipLibCheck: false, noEmit: true, target: "es2022", allowImportingTsExtensions: true };

/** @returns {Promise<import("./commands.mjs").Outcome>} */
export async function consumers() {
  const folder = path.join(root, "tmp", "consumer");
  const packed = await install(folder);
  if (!packed.ok) return packed;
  let { seconds } = packed;
  let failures = "";
  for (const [compiler, version] of Object.entries(COMPILERS)) {
    const told = await run(tool(compiler, ["--version"], "tsc"));
    if (!told.output.startsWith(`Version ${version}.`)) failures += `${compiler} is not ${version}: ${told.output}`;
    for (const name of Object.keys(SETTINGS)) {
      const outcome = await run(tool(compiler, ["-p", `tsconfig.${name}.json`, "--pretty", "false"], "tsc"), {
        cwd: folder,
      });
      seconds += outcome.seconds;
      if (!outcome.ok) failures += `── TypeScript ${version}, ${name} ──\n${outcome.output}\n`;
    }
  }
  return { ok: failures === "", output: failures, seconds };
}

/**
 * A project that has the package as npm would pack it.
 *
 * @param {string} folder
 */
async function install(folder) {
  rmSync(folder, { recursive: true, force: true });
  const installed = path.join(folder, "node_modules", "spillway");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const packed = await run({ command: npm, args: ["pack", "--dry-run", "--json", "--ignore-scripts"] });
  if (!packed.ok) return packed;
  const [{ files }] = /** @type {[{ files: { path: string }[] }]} */ (
    JSON.parse(packed.output.slice(packed.output.indexOf("[")))
  );
  for (const { path: file } of files) cpSync(path.join(root, file), path.join(installed, file));
  cpSync(path.join(root, "test", "types", "consumer"), path.join(folder, "src"), { recursive: true });
  rmSync(path.join(folder, "src", "tsconfig.json"));
  for (const [name, compilerOptions] of Object.entries(SETTINGS)) {
    const settings = { compilerOptions: { ...ALWAYS, ...compilerOptions }, include: ["src"] };
    writeFileSync(path.join(folder, `tsconfig.${name}.json`), JSON.stringify(settings));
  }
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "consumer", type: "module" }));
  return packed;
}
