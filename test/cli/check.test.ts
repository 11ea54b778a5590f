// `spillway check`, within this process and in one of its own.
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pathOf } from "../tls/support/certificates.ts";
import { CliProcess } from "./support/cli_process.ts";
import { ranToEnd } from "./support/ran_to_end.ts";

const cwd = fileURLToPath(new URL("fixtures/", import.meta.url));
const check = (args: readonly string[], variables = {}) => ranToEnd(["check", ...args], { cwd, variables });

describe("spillway check", () => {
  it.each([
    [["compute"], "compute is valid: 127.0.0.1:8080\n"],
    [["echo", "--port", "9000", "--codec", "u16be"], "echo is valid: 127.0.0.1:9000\n"],
    [
      ["echo", "--listen", "tcp://127.0.0.1:1,unix:/no/such/echo.sock"],
      "echo is valid: tcp://127.0.0.1:1, unix:/no/such/echo.sock\n",
    ],
    [["echo", "--grace", "1h"], "echo is valid: 127.0.0.1:8080\n"],
    [
      ["echo", "--tls-cert", pathOf("server.pem"), "--tls-key", pathOf("server.key")],
      "echo is valid: tls://127.0.0.1:8080\n",
    ],
  ])("says where a service would listen: %j", async (args, out) => {
    expect(await check(args)).toMatchObject({ code: 0, out, err: "" });
  });

  it.each([
    [["nosuch"], {}, "unknown service 'nosuch'"],
    [["./nosuch.mjs"], {}, "cannot load the service module ./nosuch.mjs"],
    [["echo", "--delay", "1s"], {}, "option '--delay' does not apply to echo"],
    [["echo"], { SPILLWAY_PORT: "x" }, "environment variable SPILLWAY_PORT cannot be 'x'"],
    [["compute", "--handler-timeout", "1s"], {}, "option '--handler-timeout' (1000 ms) must be longer"],
    [
      ["echo", "--tls-cert", "/no/such.pem", "--tls-key", "/no/such.key"],
      {},
      "cannot load the certificate /no/such.pem",
    ],
    [["echo", "--tls-cert", pathOf("server.pem"), "--tls-key", pathOf("client.key")], {}, "cannot speak TLS: "],
    [["echo", "--listen", `unix:/${"x".repeat(200)}`], {}, "path must be at most"],
    [["echo", "--config", "/no/such.json"], {}, "cannot load the configuration file /no/such.json"],
    [[], {}, "missing required argument 'service'; see 'spillway check --help'"],
  ])("says what serve would refuse: %j %j", async (args, variables, message) => {
    const { code, err, out } = await check(args, variables);
    expect(err).toContain(message);
    expect({ code, out, lines: err.split("\n").length }).toEqual({ code: 2, out: "", lines: 2 });
  });

  it("does not listen: the place may be in use", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve());
    });
    const { port } = taken.address() as { port: number };
    expect(await check(["echo", "--port", `${port}`])).toMatchObject({ code: 0, err: "" });
    await new Promise((resolve) => taken.close(resolve));
  });

  it("loads a module, and ends though it has left something running", async () => {
    const cli = new CliProcess("check", "./stubborn.mjs");
    expect({ ...(await cli.ended), err: cli.stderr }).toEqual({ code: 0, signal: null, err: "" });
    expect(cli.stdout).toMatch(/^\.\/stubborn\.mjs is valid: /);
  });

  it("starts the workers of a module, and names the line that throws", async () => {
    const cli = new CliProcess("check", "./threads.mjs", "--pool", "1");
    expect({ ...(await cli.ended), err: cli.stderr }).toEqual({ code: 0, signal: null, err: "" });
    const misuse = new CliProcess("check", "./misuse.mjs");
    expect((await misuse.ended).code).toBe(2);
    expect(misuse.stderr).toMatch(/^spillway: cannot load \.\/misuse\.mjs: maxFrameBytes must be .*misuse\.mjs:4.*\n$/);
  });
});
