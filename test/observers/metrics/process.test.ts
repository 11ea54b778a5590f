import path from "node:path";
import { describe, expect, it } from "vitest";
import { runHere, runtime } from "../../support/child.ts";
import { root } from "../../support/tree.ts";

const fixture = path.join(root, "test", "observers", "metrics", "fixtures", "measured_process.mjs");
// Node 20 loads no TypeScript: there, what the build made of it.
const module = path.join(root, runtime === "node" ? "dist/observers/metrics/mod.js" : "src/observers/metrics/mod.ts");

describe("a process with metrics", () => {
  it("measures the delay of its event loop, and ends when it has nothing else to do", () => {
    const { status, stdout, output } = runHere(fixture, [module]);
    expect(status, output).toBe(0);
    expect(stdout, output).toBe("late as it was\n");
  });
});
