// Nothing happens on import: no timer, no signal handler, no env read, no output, nothing that keeps the process alive.
import path from "node:path";
import { describe, expect, it } from "vitest";
import { runHere, runtime } from "../support/child.ts";
import { read, root } from "../support/tree.ts";

const { exports } = JSON.parse(read("deno.json")) as { exports: Record<string, string> };

// Node 20 loads no TypeScript: there, what the build made of the entry.
const entry = (file: string) => (runtime === "node" ? file.replace("./src/", "./dist/").replace(/\.ts$/, ".js") : file);

const probe = path.join(root, "test", "tidy", "fixtures", "import_probe.mjs");

describe("importing", () => {
  it("is watched: the probe sees what a module does", () => {
    const { stdout, output } = runHere(probe, ["./test/tidy/fixtures/busy_module.mjs"]);
    expect(stdout.split("\n")[0], output).toBe("a line of output");
    const seen = JSON.parse(stdout.split("\n")[1] ?? "") as string[];
    expect(seen).toEqual(
      expect.arrayContaining([
        "setTimeout",
        "setInterval",
        "process.on SIGTERM",
        "env SPILLWAY_PROBE",
        "globals: spillwayProbe",
      ]),
    );
  });

  it.each(Object.entries(exports))("%s does nothing", (_name, file) => {
    const { status, output } = runHere(probe, [entry(file)]);
    expect(status, output).toBe(0);
    expect(output).toBe("[]\n");
  });
});
