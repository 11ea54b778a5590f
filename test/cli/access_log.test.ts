// The access log of the real command line.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { pathOf } from "../tls/support/certificates.ts";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

const folder = mkdtempSync(path.join(tmpdir(), "spillway-access-"));
const started: CliProcess[] = [];
afterAll(() => {
  for (const cli of started) cli.kill();
  rmSync(folder, { recursive: true });
});

let names = 0;
function newPath(): string {
  names += 1;
  return path.join(folder, `${names}.log`);
}

function start(...args: string[]): CliProcess {
  const cli = new CliProcess("serve", "echo", "--port", "0", ...args);
  started.push(cli);
  return cli;
}

async function echoed(text: string, port: number): Promise<string> {
  const connection = new LineConnection(port);
  connection.send(text);
  connection.finish();
  return await connection.rest();
}

function textAt(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function recordsIn(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("spillway serve --access-log", { concurrent: true }, () => {
  it("writes a line for each connection, and all of them before the process ends", async () => {
    const file = newPath();
    const cli = start("--access-log", file);
    const port = await cli.ready();
    expect(await echoed("one\ntwo\n", port)).toBe("one\ntwo\n");
    const open = new LineConnection(port);
    open.send("three\n");
    expect(await open.line()).toBe("three");
    cli.signal("SIGTERM");
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
    expect(recordsIn(textAt(file))).toEqual([
      expect.objectContaining({ id: 1, reason: "remote-closed", framesIn: 2, framesOut: 2, bytesIn: 8, bytesOut: 8 }),
      expect.objectContaining({ id: 2, reason: "drained", framesIn: 1, framesOut: 1, bytesIn: 6, bytesOut: 6 }),
    ]);
    expect(cli.stderr).not.toContain("access log");
  });

  it("writes to stdout, behind the ready line", async () => {
    const cli = start("--access-log", "-", "--access-log-format", "logfmt");
    expect(await echoed("x\n", await cli.ready())).toBe("x\n");
    await cli.printed(/^time=\S+ id=1 remote=127\.0\.0\.1:\d+ local=\S+ established=true reason=remote-closed .*\n/m);
    cli.signal("SIGTERM");
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
    expect(cli.stdout).toMatch(/^spillway listening on .*\ntime=[^\n]*\n$/);
  });

  it("writes the peers that were not admitted", async () => {
    const file = newPath();
    const cli = start("--access-log", file, "--deny", "127.0.0.1");
    await echoed("x\n", await cli.ready()).catch(() => undefined);
    await expect
      .poll(() => recordsIn(textAt(file)), { timeout: 10_000 })
      .toEqual([expect.objectContaining({ established: false, framesIn: 0, reason: "denied", error: "denied" })]);
    cli.signal("SIGTERM");
    await cli.ended;
  });

  it("follows a file that is rotated", async () => {
    const file = newPath();
    const cli = start("--access-log", file);
    const port = await cli.ready();
    await echoed("x\n", port);
    await expect.poll(() => textAt(file)).not.toBe("");
    renameSync(file, `${file}.1`);
    await expect
      .poll(
        async () => {
          await echoed("x\n", port);
          return textAt(file);
        },
        { timeout: 10_000 },
      )
      .not.toBe("");
    cli.signal("SIGTERM");
    await cli.ended;
    const ids = recordsIn(textAt(`${file}.1`) + textAt(file)).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, at) => at + 1));
  });

  it.each([
    [["--access-log", "/no/such/folder/x"], /'--access-log' cannot be opened: ENOENT/],
    [["--access-log-format", "json"], /'--access-log-format' has no effect without --access-log/],
    [["--access-log", "x", "--access-log-format", "xml"], /choose one of json, logfmt/],
  ])("refuses %j with a sentence, and exit code 2", async (args, message) => {
    const cli = start(...args);
    expect(await cli.ended).toEqual({ code: 2, signal: null });
    expect(cli.stderr).toMatch(message);
  });

  it("is looked at by spillway check, which creates no file", async () => {
    const file = newPath();
    const valid = new CliProcess("check", "echo", "--access-log", file);
    const invalid = new CliProcess("check", "echo", "--access-log", path.join(file, "x"));
    started.push(valid, invalid);
    expect(await valid.ended, valid.stderr).toEqual({ code: 0, signal: null });
    expect(existsSync(file)).toBe(false);
    expect(await invalid.ended).toEqual({ code: 2, signal: null });
    expect(invalid.stderr).toMatch(/'--access-log' cannot be opened: /);
  });

  // Elsewhere there is no /dev/full, and no pipe with a name.
  it.skipIf(process.platform !== "linux")("serves while nobody reads the log, and says what is lost", async () => {
    const pipe = newPath();
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
    const cli = start("--access-log", pipe);
    const port = await cli.ready();
    for (let count = 0; count < 3; count += 1) expect(await echoed("x\n", port)).toBe("x\n");
    cli.signal("SIGTERM");
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
    expect(cli.stderr).toMatch(/the access log is blocked: lines that are lost: 3/);
  });

  // As above.
  it.skipIf(process.platform !== "linux")("serves while the disk is full, and says so", async () => {
    const cli = start("--access-log", "/dev/full");
    const port = await cli.ready();
    expect(await echoed("x\n", port)).toBe("x\n");
    await cli.logged(/the access log cannot be written, and is tried again every second: .*ENOSPC/);
    expect(await echoed("x\n", port)).toBe("x\n");
    cli.signal("SIGTERM");
    expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
    expect(cli.stderr).toMatch(/lines that are lost: 2/);
    expect(cli.stderr.match(/ENOSPC/g)).toHaveLength(1);
  });

  it("has the log say where it listens, with the scheme", async () => {
    const certificate = ["--tls-cert", pathOf("server.pem"), "--tls-key", pathOf("server.key")];
    const cli = new CliProcess("serve", "echo", "--listen", "tls://127.0.0.1:0,tcp://127.0.0.1:0", ...certificate);
    started.push(cli);
    await cli.logged(/INF listening on tls:\/\/127\.0\.0\.1:\d+ \(.*\)\n.* INF listening on 127\.0\.0\.1:\d+ \(/);
    cli.signal("SIGTERM");
    await cli.ended;
  });
});
