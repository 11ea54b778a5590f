// The files of docs/deployment.md, as far as the programs that read them are here.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execPath } from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { type AdminTcpTarget, admin, adminTarget } from "../../src/admin/mod.ts";
import { SETTINGS } from "../../src/cli/settings.ts";
import { lines, serve } from "../../src/mod.ts";
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

const promtool = new RealProgram("promtool", "prometheus");
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
      "exec_probe.yaml",
      "prometheus.yml",
      "prometheus_pods.yml",
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

  it.for(["prometheus.yml", "prometheus_pods.yml"])(
    "has a configuration, with the alerts, that Prometheus accepts: %s",
    async (name, context) => {
      writeFileSync(path.join(folder, "alerts.yml"), read("docs/prometheus/alerts.yml"));
      expect(files.get(name)).toMatch(/^ {2}- job_name: spillway$/m);
      const file = written(name);
      // Debian builds Prometheus without a client of Kubernetes: the rest of the configuration is checked.
      const found = "kubernetes_sd_configs: [{ role: pod }]";
      writeFileSync(file, (files.get(name) ?? "").replace(found, 'static_configs: [{ targets: ["10.0.0.1:9090"] }]'));
      const { code, stdout, stderr } = await promtool.run(context, ["check", "config", file]);
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("SUCCESS: 1 rule files found")]);
    },
  );

  it("has probes at routes of the admin endpoint, and an address where the node finds it", async () => {
    const manifest = files.get("echo.yaml") ?? "";
    expect(
      [...manifest.matchAll(/httpGet: \{ path: (\S+), port: (\w+) \}/g)].map(([, route, port]) => [route, port]),
    ).toEqual([
      ["/readyz", "admin"],
      ["/healthz", "admin"],
    ]);
    const [, target = ""] = /--admin=(\S+)"/.exec(manifest) ?? [];
    expect(manifest).toContain(`{ name: admin, containerPort: ${target.split(":").at(-1)} }`);
    // Where the node would find the pod: an address of this machine that is not loopback.
    const address = Object.values(os.networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
    const { hostname } = adminTarget(target) as AdminTcpTarget;
    const endpoint = admin({ listen: { port: 0, ...(hostname !== undefined && { hostname }) } });
    const { port } = await endpoint.start();
    try {
      const statuses = ["/healthz", "/readyz"].map(
        async (route) => (await fetch(`http://${address ?? "127.0.0.1"}:${port}${route}`)).status,
      );
      // No server listens yet.
      expect(await Promise.all(statuses)).toEqual([200, 503]);
    } finally {
      await endpoint.close();
    }
  });

  it("has a probe by a command that fails unless the endpoint says that it is ready", async () => {
    const [, program = ""] = /"-e", "([^"]+)"/.exec(files.get("exec_probe.yaml") ?? "") ?? [];
    const endpoint = admin({ listen: { port: 0 } });
    const { port } = await endpoint.start();
    const code = (at: number | undefined) =>
      new Promise((resolve) => {
        const text = program.replace("9090", String(at));
        spawn(execPath, execPath.includes("deno") ? ["eval", text] : ["-e", text], { stdio: "ignore" }).on(
          "exit",
          resolve,
        );
      });
    try {
      expect(await code(port)).toBe(1);
      const { observer } = endpoint;
      const server = await serve({ port: 0, codec: lines(), handler: (line) => line, observer });
      expect(await code(port)).toBe(0);
      await server.shutdown();
      expect(await code(port)).toBe(1);
    } finally {
      await endpoint.close();
    }
    expect(await code(port)).toBe(1);
  });

  it("has units that systemd accepts", async (context) => {
    const units = [written("echo.socket"), written("echo.service")];
    const { code, stderr } = await systemdAnalyze.run(context, ["verify", "--recursive-errors=no", ...units]);
    expect([code, stderr]).toEqual([0, ""]);
  });
});
