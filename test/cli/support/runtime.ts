import process from "node:process";
import { fileURLToPath } from "node:url";

const { Deno, Bun } = globalThis as { Deno?: { version: { deno: string } }; Bun?: { version: string } };

/** The runtime of these tests, and the command that starts the command line there. */
export const RUNTIME: {
  readonly name: string;
  readonly loadsTypeScript: boolean;
  /** Before the arguments of the command line. */
  readonly command: readonly string[];
  /** Before the path of a program. */
  readonly program: readonly string[];
} = runtime();

function runtime() {
  if (Deno !== undefined) {
    return {
      name: `deno ${Deno.version.deno}`,
      loadsTypeScript: true,
      command: [process.execPath, "run", "-A", "--quiet", path("src/main.ts")],
      program: [process.execPath, "run", "-A", "--quiet"],
    };
  }
  if (Bun !== undefined) {
    return {
      name: `bun ${Bun.version}`,
      loadsTypeScript: true,
      command: [process.execPath, "run", path("src/main.ts")],
      program: [process.execPath, "run"],
    };
  }
  const { node } = process.versions;
  // Node loads TypeScript without a flag from some version on.
  const loadsTypeScript = "typescript" in process.features && Boolean(process.features.typescript);
  return {
    name: `node ${node}`,
    loadsTypeScript,
    command: [process.execPath, path("dist/main.js")],
    program: [process.execPath],
  };
}

function path(fromRoot: string): string {
  return fileURLToPath(new URL(`../../../${fromRoot}`, import.meta.url));
}
