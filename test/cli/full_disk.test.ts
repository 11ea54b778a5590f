// Commands whose stdout is a full disk, in processes of their own.
import { existsSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { lines, serve } from "../../src/mod.ts";
import { LaunchedCli } from "./support/launched.ts";
import { WatchedServer } from "./top/support/watched_server.ts";

const FULL = ["/bin/sh", "-c", 'exec "$@" > /dev/full', "sh"];
const GONE = ["/bin/sh", "-c", '"$@" | exec true', "sh"];
const started: LaunchedCli[] = [];
afterAll(() => {
  for (const cli of started) cli.kill();
});

function launched(launcher: readonly string[], args: readonly string[]): LaunchedCli {
  const cli = LaunchedCli.start(launcher, ...args);
  started.push(cli);
  return cli;
}

const echo = () => serve({ port: 0, codec: lines(), handler: (line) => line, observer: () => {} });

const PRINTING = [
  ["--help"],
  ["--version"],
  ["serve", "-V"],
  ["help", "bench"],
  ["check", "echo"],
  ["serve", "echo", "--print-config"],
  ["complete", "zsh"],
];

// Only Linux has a device that is always full.
describe.skipIf(!existsSync("/dev/full"))("a command whose stdout is full", { concurrent: true }, () => {
  it.each(PRINTING.map((args) => [args]))("%j says so, and exits with 1", async (args) => {
    const cli = launched(FULL, args);
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stderr).toMatch(/^spillway: cannot write to stdout: .*no space left on device.*\n$/i);
  });

  it("bench says so, and exits with 1, though there were no errors", async () => {
    await using server = await echo();
    const bench = ["bench", `127.0.0.1:${server.address.port}`, "-d", "50ms", "--warm-up", "0s", "-c", "1"];
    const cli = launched(FULL, bench);
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stderr).toMatch(/^spillway: cannot write to stdout: /);
  });

  it("top --once says so, and exits with 1", async () => {
    await using watched = await WatchedServer.start();
    for (const flags of [[], ["--json"]]) {
      const cli = launched(FULL, ["top", watched.place, "--once", "--interval", "100ms", ...flags]);
      expect(await cli.ended).toEqual({ code: 1, signal: null });
      expect(cli.stderr).toMatch(/^spillway: cannot write to stdout: /);
    }
  });

  it("serve logs it, and serves", async () => {
    const cli = launched(FULL, ["serve", "echo", "--port", "0"]);
    await cli.logged(/WRN cannot write to stdout: /);
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it.each(PRINTING.map((args) => [args]))("%j is content when nobody reads", async (args) => {
    const cli = launched(GONE, args);
    await cli.ended;
    expect(cli.stderr).toBe("");
  });
});
