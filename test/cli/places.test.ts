// The places where the real command line listens: paths, inherited descriptors, systemd.
import { existsSync, statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealProgram } from "../support/real_program.ts";
import { bindAndBecome, python } from "./support/bind_and_become.ts";
import type { CliProcess } from "./support/cli_process.ts";
import { LaunchedCli } from "./support/launched.ts";
import { LineConnection } from "./support/line_connection.ts";
import { RUNTIME } from "./support/runtime.ts";

const started: CliProcess[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(async () => {
  for (const cli of started) cli.kill();
  await rm(folder, { recursive: true });
});

function spillway(...args: string[]): CliProcess {
  return launched([], ...args);
}

function launched(launcher: readonly string[], ...args: string[]): CliProcess {
  const cli = LaunchedCli.start(launcher, ...args);
  started.push(cli);
  return cli;
}

async function drained(cli: CliProcess): Promise<void> {
  cli.signal("SIGTERM");
  expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
}

async function refused(cli: CliProcess, code = 1): Promise<string> {
  expect(await cli.ended, cli.stderr).toEqual({ code, signal: null });
  expect(cli.stdout).toBe("");
  expect(cli.stderr).toMatch(/^spillway: [^\n]*\n$/);
  return cli.stderr;
}

async function echoes(to: number | string, text: string): Promise<void> {
  const connection = new LineConnection(to);
  connection.send(`${text}\n`);
  expect(await connection.line()).toBe(text);
  connection.finish();
  expect(await connection.rest()).toBe("");
}

/** Node before 21 has no usable abstract sockets. */
const HAS_ABSTRACT =
  process.platform === "linux" &&
  (!RUNTIME.name.startsWith("node ") || Number(process.versions.node.split(".")[0]) >= 21);

const isRoot = process.getuid?.() === 0;

// Windows has no such sockets, and no signals.
describe.skipIf(process.platform === "win32")("listening on", { concurrent: true }, () => {
  it("a path: netcat talks to it; it is there for this user only, and is gone afterwards", async (context) => {
    const path = join(folder, "nc.sock");
    const cli = spillway("serve", "echo", "--listen", `unix:${path}`);
    await cli.printed(/\n/);
    expect(cli.stdout).toBe(`spillway listening on unix:${path} (${RUNTIME.name})\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { stdout } = await new RealProgram("nc", "netcat-openbsd").run(context, ["-NU", path], "one\ntwo\n");
    expect(stdout).toBe("one\ntwo\n");
    await drained(cli);
    expect(existsSync(path)).toBe(false);
  });

  it("a path with the permissions that it is given", async () => {
    const path = join(folder, "mode.sock");
    const cli = spillway("serve", "echo", "--listen", `unix:${path}`, "--unix-mode", "660");
    await cli.printed(/\n/);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await drained(cli);
  });

  it("ports and paths at once, in one line, in their order", async () => {
    const path = join(folder, "several.sock");
    const listen = ["--listen", "tcp://127.0.0.1:0", "--listen", `unix:${path},tcp://127.0.0.1:0`];
    const cli = spillway("serve", "echo", ...listen);
    const [line, first, second] = await cli.printed(/tcp:\/\/127\.0\.0\.1:(\d+), \S+, tcp:\/\/127\.0\.0\.1:(\d+) .*\n/);
    expect(line).toContain(`, unix:${path}, `);
    for (const to of [Number(first), path, Number(second)]) await echoes(to, "hello");
    await drained(cli);
    expect(cli.stdout.split("\n")).toHaveLength(2);
  });

  it("an abstract name, which a second server does not get; where there are none, it is refused", async () => {
    const name = `spillway-${process.pid}-${RUNTIME.name.replace(/\W/g, "-")}`;
    const cli = spillway("serve", "echo", "--listen", `unix:@${name}`);
    if (!HAS_ABSTRACT) {
      expect(await refused(cli, 2)).toMatch(/^spillway: cannot listen on unix:@\S+: .*use a path\n$/);
      return;
    }
    await cli.printed(/\n/);
    expect(cli.stdout).toBe(`spillway listening on unix:@${name} (${RUNTIME.name})\n`);
    const second = spillway("serve", "echo", "--listen", `unix:@${name}`);
    expect(await refused(second)).toBe(
      `spillway: cannot listen on unix:@${name}: the name is in use; stop the program that listens there, or choose another name with --listen\n`,
    );
    await drained(cli);
  });

  it("the path of a service module, unless a port is asked for", async () => {
    const path = join(folder, "module.sock");
    const module = join(folder, "at_path.mjs");
    const codec = "codec: { decoder: () => ({ decode: (_, frame) => frame }), encoder: () => ({ encode() {} }) }";
    await writeFile(module, `export default { ${codec}, handler() {}, path: ${JSON.stringify(path)} };`);
    const cli = spillway("serve", module);
    await cli.printed(/\n/);
    expect(cli.stdout).toBe(`spillway listening on unix:${path} (${RUNTIME.name})\n`);
    await drained(cli);
    const elsewhere = spillway("serve", module, "--port", "0");
    expect(await elsewhere.ready()).toBeGreaterThan(0);
    await drained(elsewhere);
  });
});

// Windows has no such sockets, and no signals.
describe.skipIf(process.platform === "win32")("refusing", { concurrent: true }, () => {
  it("a path where another server listens, and it goes on", async () => {
    const path = join(folder, "taken.sock");
    const cli = spillway("serve", "echo", "--listen", `unix:${path}`);
    await cli.printed(/\n/);
    const second = spillway("serve", "echo", "--listen", `unix:${path}`);
    expect(await refused(second)).toBe(
      `spillway: cannot listen on unix:${path}: is that of another server, which is listening; stop that server, or choose another path with --listen\n`,
    );
    await echoes(path, "still here");
    await drained(cli);
  });

  it("a path of a plain file, which stays", async () => {
    const path = join(folder, "plain.txt");
    await writeFile(path, "text");
    expect(await refused(spillway("serve", "echo", "--listen", `unix:${path}`))).toBe(
      `spillway: cannot listen on unix:${path}: is a file of another kind, which is not replaced; remove it, or choose another path with --listen\n`,
    );
    expect(statSync(path).size).toBe(4);
  });

  it("a path whose directory is missing", async () => {
    const path = join(folder, "no", "such.sock");
    expect(await refused(spillway("serve", "echo", "--listen", `unix:${path}`))).toBe(
      `spillway: cannot listen on unix:${path}: its directory does not exist; create it, or choose another path with --listen\n`,
    );
  });

  // Where tests run as root, who may write everywhere.
  it.skipIf(isRoot)("a path whose directory may not be written", async () => {
    const denied = join(folder, "denied");
    await mkdir(denied);
    await chmod(denied, 0o500);
    const path = join(denied, "x.sock");
    expect(await refused(spillway("serve", "echo", "--listen", `unix:${path}`))).toMatch(
      /the permission to write to its directory: .*; grant this user that right, or choose another path with --listen\n$/,
    );
  });

  it("all places when one is taken: none is left behind", async () => {
    const [path, taken] = [join(folder, "first.sock"), join(folder, "taken.txt")];
    await writeFile(taken, "");
    await refused(spillway("serve", "echo", "--listen", `unix:${path},unix:${taken}`));
    expect(existsSync(path)).toBe(false);
  });

  it("a descriptor that is no socket", async () => {
    const cli = launched(["bash", "-c", 'exec "$@" 9</dev/null', "bash"], "serve", "--listen", "fd:9");
    expect(await refused(cli)).toMatch(
      /^spillway: cannot listen on fd:9: descriptor 9 is no bound stream socket: .*; the process that starts this one must pass .* a listening socket as that descriptor\n$/,
    );
  });

  it("systemd without its sockets, or with those of another process", async () => {
    expect(await refused(spillway("serve", "--listen", "systemd"), 2)).toContain("but LISTEN_FDS is not set; start");
    const launcher = ["env", "LISTEN_FDS=1", "LISTEN_PID=1"];
    const cli = launched(launcher, "serve", "--listen", "systemd");
    expect(await refused(cli, 2)).toContain("but its sockets are for process 1, and this is process ");
  });
});

// Windows has no such sockets, and no signals.
describe.skipIf(process.platform === "win32")("inheriting", { concurrent: true }, () => {
  it("a descriptor by its number: connections that came before are served", async (context) => {
    await python.run(context, ["--version"]);
    const launcher = ["python3", ...bindAndBecome(1)];
    const cli = launched(launcher, "serve", "echo", "--listen", "fd:3");
    const port = await cli.ready();
    expect(cli.stdout).toBe(`spillway listening on 127.0.0.1:${port} (${RUNTIME.name})\n`);
    await echoes(port, "hello");
    await drained(cli);
  });

  it("the sockets that systemd passes: all of them, or those with a name", async (context) => {
    await python.run(context, ["--version"]);
    const launcher = ["python3", ...bindAndBecome(3)];
    const all = launched(launcher, "serve", "echo", "--listen", "systemd");
    const [, ...ports] = await all.printed(/tcp:\/\/\S+:(\d+), tcp:\/\/\S+:(\d+), tcp:\/\/\S+:(\d+) \(/);
    for (const port of ports) await echoes(Number(port), "hello");
    await drained(all);
    const one = launched(launcher, "serve", "echo", "--listen", "systemd:b");
    await echoes(await one.ready(), "hello");
    await drained(one);
  });

  it("a socket from systemd-socket-activate, which starts it at the first connection", async (context) => {
    await new RealProgram("systemd-socket-activate", "systemd").run(context, ["--version"]);
    const path = join(folder, "activated.sock");
    const launcher = ["systemd-socket-activate", "-l", path, "-E", `PATH=${process.env["PATH"]}`];
    const cli = launched(launcher, "serve", "echo", "--listen", "systemd");
    await cli.logged(/Listening on .* as 3\./);
    await echoes(path, "woken");
    expect(cli.stdout).toBe(`spillway listening on unix:${path} (${RUNTIME.name})\n`);
    await drained(cli);
  });
});
