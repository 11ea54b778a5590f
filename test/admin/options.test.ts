import { mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type AdminOptions, admin, adminTarget } from "../../src/admin/mod.ts";
import { TOKEN } from "./support/admin_served.ts";

const LISTEN = { port: 0 };

describe("admin", () => {
  it.each<[object, RegExp]>([
    [{ listen: LISTEN, tokens: TOKEN }, /^unknown option tokens; did you mean token\?/],
    [{}, /^listen must be \{ port, hostname\? \} or \{ path, mode\? \}/],
    [{ listen: { port: 1, host: "::1" } }, /^unknown option host; did you mean hostname\?/],
    [{ listen: { port: "9090" } }, /^port must be a number/],
    [{ listen: { port: 0, hostname: "[::1]" } }, /^hostname must be/],
    [{ listen: { path: "/tmp/x", port: 1 } }, /^unknown option port/],
    [{ listen: LISTEN, token: 12 }, /^token must be a string/],
    [{ listen: LISTEN, token: `${TOKEN} x` }, /^token must consist of visible ASCII/],
    [{ listen: LISTEN, hosts: "admin.example" }, /^hosts must be an array/],
    [{ listen: LISTEN, hosts: ["http://admin.example"] }, /^hosts must hold names/],
    [{ listen: LISTEN, hosts: ["admin.example:80"] }, /^hosts must hold names without a port/],
    [{ listen: LISTEN, hosts: [1] }, /^hosts must hold names/],
    [{ listen: LISTEN, config: {} }, /^config must be a function/],
    [{ listen: LISTEN, describe: "state" }, /^describe must be a function/],
    [{ listen: LISTEN, onLogLevel: 1 }, /^onLogLevel must be a function/],
    [{ listen: LISTEN, metrics: {} }, /^metrics must have text\(\)/],
    [{ listen: LISTEN, sources: 7 }, /^sources must be an object/],
    [{ listen: LISTEN, sources: { pool: {} } }, /^sources\.pool has no stats\(\)/],
    [{ listen: LISTEN, metrics: null }, /^metrics must have text\(\)/],
  ])("refuses what makes no sense: %j", (options, message) => {
    expect(() => admin(options as AdminOptions)).toThrow(TypeError);
    expect(() => admin(options as AdminOptions)).toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ listen: { port: 65_536 } }, /^port must be a whole number from 0 to 65535/],
    [{ listen: { port: 1.5 } }, /^port must be a whole number/],
    [{ listen: { path: "/tmp/x", mode: 0o7777 } }, /mode/],
    [{ listen: LISTEN, token: "short" }, /^token must have 16 to 1024 characters, not 5: openssl/],
    [{ listen: LISTEN, token: "x".repeat(1_025) }, /^token must have 16 to 1024 characters/],
  ])("refuses the size of %j", (options, message) => {
    expect(() => admin(options as AdminOptions)).toThrow(RangeError);
    expect(() => admin(options as AdminOptions)).toThrow(message);
  });

  it("has an address from start() to close()", async () => {
    const endpoint = admin({ listen: LISTEN });
    expect(() => endpoint.address).toThrow(/await start\(\) first/);
    const address = await endpoint.start();
    expect(await endpoint.start()).toBe(address);
    expect(endpoint.address).toEqual({ hostname: "127.0.0.1", port: expect.any(Number) });
    await endpoint.close();
    await endpoint.close();
    expect(() => endpoint.address).toThrow(TypeError);
  });

  it("starts nothing once it is closed", async () => {
    const endpoint = admin({ listen: LISTEN });
    await endpoint.close();
    await expect(endpoint.start()).rejects.toThrow(/is closed/);
  });

  it("rejects when the address is in use, and closes all the same", async () => {
    const first = admin({ listen: LISTEN });
    const { port } = await first.start();
    const second = admin({ listen: { port: port as number } });
    await expect(second.start()).rejects.toMatchObject({ code: "address-in-use" });
    await second.close();
    await first.close();
  });

  // Windows has no Unix sockets.
  it.skipIf(process.platform === "win32")("listens at a path, for its user only, and removes it", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-admin-"));
    try {
      const at = path.join(folder, "admin.sock");
      const endpoint = admin({ listen: { path: at } });
      expect(await endpoint.start()).toEqual({ path: at });
      expect(statSync(at).mode & 0o777).toBe(0o600);
      const status = (host: string) =>
        new Promise<number | undefined>((resolve, reject) => {
          const asked = request({ socketPath: at, path: "/healthz", headers: { Host: host } }, (response) => {
            response.resume();
            response.on("end", () => resolve(response.statusCode));
          });
          asked.on("error", reject);
          asked.end();
        });
      expect(await status("localhost")).toBe(200);
      expect(await status("evil.example")).toBe(421);
      await expect(admin({ listen: { path: at } }).start()).rejects.toMatchObject({ code: "address-in-use" });
      await endpoint.close();
      expect(() => statSync(at)).toThrow(/ENOENT/);
      const open = admin({ listen: { path: at, mode: 0o660 } });
      await open.start();
      expect(statSync(at).mode & 0o777).toBe(0o660);
      await open.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("adminTarget", () => {
  it.each([
    ["127.0.0.1:9090", { port: 9_090, hostname: "127.0.0.1" }],
    ["localhost:0", { port: 0, hostname: "localhost" }],
    ["[::1]:9090", { port: 9_090, hostname: "::1" }],
    ["9090", { port: 9_090, hostname: "127.0.0.1" }],
    ["unix:/run/admin.sock", { path: "/run/admin.sock" }],
  ])("reads the target %s", (text, target) => {
    expect(adminTarget(text)).toEqual(target);
  });

  it.each(["", "localhost", "::1:9090", "1.2.3.4:", "http://localhost:1", "a b:1", "unix:"])(
    "refuses other text: %j",
    (text) => {
      expect(() => adminTarget(text)).toThrow(TypeError);
    },
  );

  it("refuses a port that does not exist", () => {
    expect(() => adminTarget("localhost:65536")).toThrow(RangeError);
  });
});
