// The peers that may connect to the real command line: PROXY headers, rules of addresses, limits of one address.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";

const started: CliProcess[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(async () => {
  for (const cli of started) cli.kill();
  await rm(folder, { recursive: true });
});

function echo(...args: string[]): CliProcess {
  const cli = new CliProcess("serve", "echo", "--log-level", "debug", ...args);
  started.push(cli);
  return cli;
}

async function drained(cli: CliProcess): Promise<void> {
  cli.signal("SIGTERM");
  expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
}

/** The reply to a line, or "" if the connection was refused. */
async function replyTo(text: string, to: number | string): Promise<string> {
  const connection = new LineConnection(to);
  connection.send(text);
  connection.finish();
  return await connection.rest();
}

const HEADER = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("connections", { concurrent: true }, () => {
  it("with a PROXY header are logged with the original address, and judged by it", async () => {
    const args = ["--proxy-from", "127.0.0.0/8", "--deny", "198.51.100.0/24"];
    const cli = echo("--port", "0", ...args);
    const port = await cli.ready();
    expect(await replyTo(`${HEADER}hello\n`, port)).toBe("hello\n");
    await cli.logged(/from 192\.0\.2\.7:56324 opened/);
    expect(await replyTo(`${HEADER.replace("192.0.2.7", "198.51.100.7")}hello\n`, port)).toBe("");
    await cli.logged(/from 198\.51\.100\.7:56324 was not established: 198\.51\.100\.7:56324: denied by the rule/);
    expect(await replyTo("hello\n", port)).toBe("");
    await cli.logged(/from 127\.0\.0\.1:\d+ was not established: /);
    await drained(cli);
  });

  it("without one, from others, are never taken for one", async () => {
    const cli = echo("--port", "0", "--proxy-from", "10.0.0.0/8,unix");
    expect(await replyTo(HEADER, await cli.ready())).toBe(HEADER.replace("\r", ""));
    await drained(cli);
  });

  it("are refused unless they are allowed", async () => {
    const path = join(folder, "allow.sock");
    const cli = echo("--listen", `tcp://127.0.0.1:0,unix:${path}`, "--allow", "unix", "--allow", "10.0.0.0/8");
    const [, port] = await cli.printed(/tcp:\/\/127\.0\.0\.1:(\d+), /);
    expect(await replyTo("hello\n", Number(port))).toBe("");
    await cli.logged(/INF connection 1 from 127\.0\.0\.1:\d+ was not established: .*no rule allows /);
    expect(await replyTo("hello\n", path)).toBe("hello\n");
    await drained(cli);
  });

  it("of one address are limited in number", async () => {
    const cli = echo("--port", "0", "--max-connections-per-address", "1");
    const port = await cli.ready();
    const first = new LineConnection(port);
    first.send("one\n");
    expect(await first.line()).toBe("one");
    expect(await replyTo("two\n", port)).toBe("");
    await cli.logged(/was not established: 127\.0\.0\.1 has reached maxPerAddress: 1/);
    first.finish();
    expect(await first.rest()).toBe("");
    await cli.logged(/connection 1 .* closed: remote-closed/);
    expect(await replyTo("three\n", port)).toBe("three\n");
    await drained(cli);
  });

  it("of one address are limited in their rate", async () => {
    const cli = echo("--port", "0", "--connects-per-second", "0.001");
    const port = await cli.ready();
    expect(await replyTo("one\n", port)).toBe("one\n");
    expect(await replyTo("two\n", port)).toBe("");
    await cli.logged(/was not established: 127\.0\.0\.1 connects more often than connectsPerSecond allows/);
    await drained(cli);
  });

  it("cost no session, and no flood of lines, when a thousand come from a denied range", async () => {
    const path = join(folder, "denied.sock");
    const args = ["--deny", "127.0.0.0/8", "--log-format", "json"];
    const cli = echo("--listen", `tcp://127.0.0.1:0,unix:${path}`, ...args);
    const [, port] = await cli.printed(/tcp:\/\/127\.0\.0\.1:(\d+), /);
    for (let round = 0; round < 20; round++) {
      const replies = Array.from({ length: 50 }, () => replyTo("hello\n", Number(port)));
      expect(new Set(await Promise.all(replies))).toEqual(new Set([""]));
    }
    expect(await replyTo("hello\n", path)).toBe("hello\n");
    await drained(cli);
    const records = cli.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly event: string; readonly code?: string; readonly more?: number });
    const refused = records.filter(({ event }) => event === "establish-failed");
    expect(refused.reduce((count, { more = 1 }) => count + more, 0)).toBe(1_000);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["denied"]));
    expect(refused.length).toBeLessThan(50);
    expect(records.filter(({ event }) => event === "connection-opened")).toHaveLength(1);
  });
});
