import { existsSync, readFileSync } from "node:fs";

/** An optional peer of the package, for tests that need it. */
export interface OptionalPeer<Module> {
  readonly missing: boolean;
  /** Only for tests that do not run when it is `missing`. */
  readonly std: Module;
}

/**
 * Imports an optional peer if it is in node_modules, and says so if it is not. (Deno could fetch it by itself, but all
 * runtimes are to run the same tests.)
 *
 * The name is a parameter so that neither compiler nor bundler looks for a module that need not be there.
 */
export async function optionalPeer<Module>(name: string): Promise<OptionalPeer<Module>> {
  const missing = !existsSync(new URL(`../../../node_modules/${name}`, import.meta.url));
  if (!missing) return { missing, std: (await import(/* @vite-ignore */ name)) as Module };
  console.warn(`SKIPPED: ${name} is not installed. To run these tests: npm install --no-save ${peers()}`);
  return { missing, std: undefined as Module };
}

function peers(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { peerDependencies } = JSON.parse(text) as { peerDependencies: Record<string, string> };
  return Object.entries(peerDependencies)
    .map(([name, version]) => `${name}@${version}`)
    .join(" ");
}
