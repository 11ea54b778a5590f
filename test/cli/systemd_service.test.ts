// The messages of the real command line to systemd.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { CliProcess } from "./support/cli_process.ts";
import { LaunchedCli } from "./support/launched.ts";

const started: CliProcess[] = [];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "systemd-"));
});
afterAll(() => {
  for (const cli of started) cli.kill();
  rmSync(folder, { recursive: true });
});

const log = () => path.join(folder, "told");
const told = () => (existsSync(log()) ? readFileSync(log(), "utf8").split("\n").slice(0, -1) : []);

function echo(variables: Readonly<Record<string, string>>): CliProcess {
  const all = { PATH: `${folder}:${process.env["PATH"]}`, LOG: log(), ...variables };
  const launcher = ["env", ...Object.entries(all).map(([name, value]) => `${name}=${value}`)];
  const cli = LaunchedCli.start(launcher, "serve", "echo", "--port", "0");
  started.push(cli);
  return cli;
}

// The program in the place of systemd's is a script of the shell.
describe.skipIf(process.platform === "win32")("the command line as a service of systemd", () => {
  it("says when it is ready, that it is alive, and that it stops", async () => {
    const program = path.join(folder, "systemd-notify");
    writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> "$LOG"\n`);
    chmodSync(program, 0o755);
    const cli = echo({ NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "100000" });
    await cli.ready();
    await vi.waitFor(() => expect(told().length).toBeGreaterThan(2), { timeout: 15_000 });
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    await vi.waitFor(() => expect(told().join()).toContain("STOPPING=1"), { timeout: 15_000 });
    const [ready, alive] = told();
    expect(ready).toMatch(/^\/run\/notify --pid=\d+ READY=1$/);
    expect(alive).toMatch(/^\/run\/notify --pid=\d+ WATCHDOG=1$/);
    expect(cli.stderr).not.toContain("WRN");
  });

  it("serves, and logs a warning, when systemd cannot be told", async () => {
    const cli = echo({ NOTIFY_SOCKET: "/run/notify", PATH: "/nowhere" });
    await cli.ready();
    await cli.logged(/WRN systemd cannot be notified: /);
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });
});
