// A fleet of servers on the runtime's own transport.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type RemoteFleet, type RemoteOptions, remote, workService } from "../../src/compute/mod.ts";
import { type ServeOptions, serve } from "../../src/mod.ts";
import { tls } from "../../src/tls/mod.ts";
import { ca, pair } from "../tls/support/certificates.ts";
import { codeOf } from "./support/remote_trial.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

const work = workService((line: string) => line.toUpperCase());

async function worker(options: Partial<ServeOptions<Uint8Array, Uint8Array>> = {}) {
  const server = await serve<Uint8Array, Uint8Array>({ port: 0, ...work, ...options });
  open.push(server);
  return server;
}

function fleetOf(options: RemoteOptions): RemoteFleet<string, string> {
  const fleet = remote<string>({ observer: () => undefined, ...options });
  open.unshift(fleet);
  return fleet;
}

function ask(fleet: RemoteFleet<string, string>, line: string) {
  return fleet.handler(line, { signal: AbortSignal.timeout(20_000) }).catch(codeOf);
}

describe("a fleet on the runtime", { timeout: 60_000 }, () => {
  it("is reached by a name", async () => {
    const { address } = await worker();
    expect(await ask(fleetOf({ targets: `localhost:${address.port}` }), "a")).toBe("A");
  });

  it("is reached over TLS, whose certificate is for the name", async () => {
    const { address } = await worker({ establish: [tls(pair("server"))] });
    const targets = [`localhost:${address.port}`];
    expect(await ask(fleetOf({ targets, tls: { ca } }), "a")).toBe("A");
    expect(await ask(fleetOf({ targets, tls: { ca, serverName: "other.example" }, waitForWorkersMs: 0 }), "a")).toBe(
      "no-workers",
    );
    expect(await ask(fleetOf({ targets, tls: true, waitForWorkersMs: 0 }), "a")).toBe("no-workers");
    // Without TLS, the worker does not answer the probe.
    expect(await ask(fleetOf({ targets, waitForWorkersMs: 0, connectTimeoutMs: 300 }), "a")).toBe("no-workers");
  });

  // Windows has other paths.
  it.skipIf(process.platform === "win32")("is reached at a path", async () => {
    const folder = mkdtempSync(join(tmpdir(), "spillway-fleet-"));
    try {
      const path = join(folder, "worker.sock");
      open.push(await serve<Uint8Array, Uint8Array>({ path, ...work }));
      expect(await ask(fleetOf({ targets: [`unix:${path}`] }), "a")).toBe("A");
      expect(await ask(fleetOf({ targets: [{ path }] }), "b")).toBe("B");
    } finally {
      for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("has as many connections to a server as it is told to, and carries much in little time", async () => {
    const server = await worker();
    const fleet = fleetOf({ targets: `127.0.0.1:${server.address.port}`, connections: 3, maxInFlight: 30 });
    const replies = await Promise.all(Array.from({ length: 1_000 }, (_, line) => ask(fleet, `line ${line}`)));
    expect(replies).toEqual(replies.map((_, line) => `LINE ${line}`));
    expect(server.stats().connections).toBe(3);
    expect(fleet.stats()).toMatchObject({ workers: 3, busy: 0, queued: 0, answered: 1_000, failed: 0 });
  });
});
