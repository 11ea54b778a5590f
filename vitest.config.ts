import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests and examples import "spillway" as its users do; here that is the sources, by deno.json's import map.
const { imports } = JSON.parse(readFileSync(new URL("./deno.json", import.meta.url), "utf8")) as {
  imports: Record<string, string>;
};
const alias = Object.entries(imports)
  .filter(([name]) => name === "spillway" || name.startsWith("spillway/"))
  .map(([name, file]) => ({
    find: new RegExp(`^${name}$`),
    replacement: fileURLToPath(new URL(file, import.meta.url)),
  }));

// Its workers are no part of vitest: on Node, whose oldest loads no TypeScript, they are what the build made.
if (!("deno" in process.versions || "bun" in process.versions)) {
  const dist = fileURLToPath(new URL("./dist/compute/mod.js", import.meta.url));
  alias.unshift({ find: /^spillway\/compute$/, replacement: dist });
}

export default defineConfig({
  resolve: { alias },
  test: {
    include: ["test/**/*.test.ts"],
    // Worker threads fail on Deno.
    pool: "forks",
    // Half of a test is waiting: one file more than there are processors keeps them busy.
    maxWorkers: availableParallelism() + 1,
    allowOnly: false,
    slowTestThreshold: 10_000,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
