// The files of docs/deployment.md, as far as the programs that read them are here.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execPath } from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { SETTINGS } from "../../src/cli/settings.ts";
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

function missing(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return false;
  } catch {
    return true;
  }
}

/** Runs a program, and returns what it printed: also when it failed. */
function output(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return `failed: ${String((error as { stderr?: unknown }).stderr)}`;
  }
}

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

  it.skipIf(missing("haproxy"))("has a configuration that HAProxy accepts", () => {
    expect(output("haproxy", ["-c", "-f", written("haproxy.cfg")])).toContain("Configuration file is valid");
  });

  it.skipIf(missing("systemd-analyze"))("has units that systemd accepts", () => {
    const [socket, service] = [written("echo.socket"), written("echo.service")];
    expect(output("systemd-analyze", ["verify", "--recursive-errors=no", socket, service])).toBe("");
  });
});
