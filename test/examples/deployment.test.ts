// The files of docs/deployment.md, as far as the programs that read them are here.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execPath } from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { SETTINGS } from "../../src/cli/settings.ts";
import { RealProgram } from "../support/real_program.ts";
import { read } from "../support/tree.ts";

const document = read("docs/deployment.md");
const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-deployment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The named files of the document. */
const files = new Map(
  [...document.matchAll(/^```\S+ (\S+)\n([^`]+)^```$/gm)].map(([, name = "", text = ""]) => [name, text]),
);

/** Writes a file of the document, and returns its path. */
function written(name: string): string {
  const file = path.join(folder, name);
  // The programs of the document need not be here, but the checker wants one.
  writeFileSync(file, (files.get(name) ?? "").replaceAll("/usr/bin/node", execPath));
  return file;
}

const haproxy = new RealProgram("haproxy", "haproxy");
const systemdAnalyze = new RealProgram("systemd-analyze", "systemd");

describe("docs/deployment.md", () => {
  it("has all its files", () => {
    expect([...files.keys()]).toEqual([
      "echo.socket",
      "echo.service",
      "Dockerfile.node",
      "Dockerfile.deno",
      "Dockerfile.bun",
      "echo.yaml",
      "haproxy.cfg",
      "nginx.conf",
    ]);
  });

  it("uses only options of the command line that exist", () => {
    const known = new Set(SETTINGS.map(({ option }) => option));
    const commands = [...document.matchAll(/spillway"?,? "?serve[^\n`]*|"serve"[^\n]*/g)].map(([line]) => line);
    const used = commands.flatMap((line) => [...line.matchAll(/--[a-z-]+/g)].map(([option]) => option));
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((option) => !known.has(option))).toEqual([]);
  });

  it("has a configuration that HAProxy accepts", async (context) => {
    const { code, stderr } = await haproxy.run(context, ["-c", "-f", written("haproxy.cfg")]);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("has units that systemd accepts", async (context) => {
    const units = [written("echo.socket"), written("echo.service")];
    const { code, stderr } = await systemdAnalyze.run(context, ["verify", "--recursive-errors=no", ...units]);
    expect([code, stderr]).toEqual([0, ""]);
  });
});
