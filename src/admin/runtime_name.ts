import process from "node:process";

/** Returns the name of the runtime and its version, such as `node 20.20.2`. */
export function runtimeName(): string {
  const { Bun, Deno } = globalThis as {
    readonly Bun?: { readonly version: string };
    readonly Deno?: { readonly version: { readonly deno: string } };
  };
  if (Deno !== undefined) return `deno ${Deno.version.deno}`;
  return Bun === undefined ? `node ${process.versions.node}` : `bun ${Bun.version}`;
}
