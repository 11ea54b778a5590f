// `spillway top` at a pseudo-terminal, in a process of its own.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { HostileServer } from "../support/hostile_server.ts";
import { ScreenCli } from "../support/screen_cli.ts";
import { TOKEN, WatchedServer } from "./support/watched_server.ts";

let folder: string;
let tokenFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
  tokenFile = join(folder, "token");
  await writeFile(tokenFile, `${TOKEN}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** The exit code that Python reports for an end by signal 1. */
const BY_SIGHUP = 255;
const SIZE = { columns: 120, rows: 20 };

const atTerminal = (context: TestContext, place: string, ...flags: string[]) =>
  new ScreenCli(context, SIZE, ["top", place, "--interval", "100ms", "--sort", "id", ...flags]);

/** Quits, and sees that the terminal is as it was. */
async function quits(cli: ScreenCli, code = 0): Promise<void> {
  expect(await cli.ended).toEqual({ code, left: "lines" });
  expect({ alternate: cli.alternate, cursor: cli.cursor }).toEqual({ alternate: false, cursor: true });
  expect(cli.written.endsWith("\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l")).toBe(true);
}

/** The row that is selected. */
function selected(cli: ScreenCli): string | undefined {
  const mark = "\x1b[30;46m";
  return /^ *(\d+)/.exec(cli.written.slice(cli.written.lastIndexOf(mark) + mark.length))?.[1];
}

// Windows has no pseudo-terminals that Python could open.
describe.skipIf(process.platform === "win32")("spillway top at a terminal", { concurrent: true }, () => {
  it("shows connections as they come, and gives the terminal back at q", async (context) => {
    await using watched = await WatchedServer.start();
    await watched.connect(2);
    const cli = atTerminal(context, watched.place);
    await cli.shows(/connections 1 [\s\S]*\n1-1 of 1\n[\s\S]* {3}1 {2}127\.0\.0\.1:/);
    expect(cli.alternate && !cli.cursor).toBe(true);
    expect(cli.lines).toHaveLength(SIZE.rows);
    await watched.connect();
    await cli.shows(/connections 2 [\s\S]*\n1-2 of 2\n[\s\S]* {3}2 {2}127\.0\.0\.1:/);
    cli.type("q");
    await quits(cli);
  });

  it("selects, shows details, closes in order and by a reset, after a question", async (context) => {
    await using watched = await WatchedServer.start({ port: 0 }, { token: TOKEN, describe: () => ({ user: "ann" }) });
    for (let count = 0; count < 3; count++) await watched.connect();
    const cli = atTerminal(context, watched.place, "--token-file", tokenFile);
    await cli.shows("1-3 of 3");
    cli.type("\x1b[B");
    await cli.until(() => selected(cli) === "2", "the second row selected");
    cli.type("\r");
    await cli.shows(/connection 2\n[\s\S]*groups +everyone\n[\s\S]*state +\{"user":"ann"\}/);
    cli.type("c");
    await cli.shows(/close 2 of 127\.0\.0\.1:\d+\? {2}o in order {2}r reset {2}Esc no/);
    cli.type("\x1b");
    await cli.shows("Esc back");
    cli.type("c");
    await cli.shows("close 2 of");
    cli.type("o");
    await cli.shows("has ended");
    await cli.shows("ends handler-closed 1");
    cli.type("\x1b");
    await cli.shows("1-2 of 2");
    cli.type("\x1b[F");
    await cli.until(() => selected(cli) === "3", "the last row selected");
    cli.type("cr");
    await cli.shows(/ends (.*, )?aborted 1/);
    await cli.shows("1-1 of 1");
    expect(watched.server.stats().connections).toBe(1);
    cli.type("q");
    await quits(cli);
  });

  it("says why it closes nothing", async (context) => {
    await using watched = await WatchedServer.start({ port: 0 }, { token: TOKEN });
    await watched.connect();
    const cli = atTerminal(context, watched.place);
    await cli.shows("1-1 of 1");
    cli.type("c");
    await cli.shows("closing needs the token of the endpoint: start top with --token-file");
    cli.type("q");
    await quits(cli);
    await writeFile(join(folder, "other"), "another-token-of-characters");
    const wrong = atTerminal(context, watched.place, "--token-file", join(folder, "other"));
    await wrong.shows("1-1 of 1");
    wrong.type("co");
    await wrong.shows("connection 1 was not closed: the token is wrong");
    await using tokenless = await WatchedServer.start();
    await tokenless.connect();
    const vain = atTerminal(context, tokenless.place, "--token-file", tokenFile);
    await vain.shows("1-1 of 1");
    vain.type("c");
    await vain.shows("the endpoint has no token: start the server with --admin-token-file");
    wrong.type("q");
    vain.type("q");
    await quits(wrong);
    await quits(vain);
  });

  it("orders, filters, pauses, and explains its keys", async (context) => {
    await using watched = await WatchedServer.start();
    for (let count = 0; count < 3; count++) await watched.connect();
    const cli = atTerminal(context, watched.place);
    await cli.shows(/ID▲[\s\S]*\n +1 [^\n]*\n +2 [^\n]*\n +3 /);
    cli.type("r");
    await cli.shows(/ID▼[\s\S]*\n +3 [^\n]*\n +2 [^\n]*\n +1 /);
    cli.type("\x1b[C");
    await cli.shows("ADDRESS▲");
    cli.type("/10.9\r");
    await cli.shows('no connections   address has "10.9"');
    cli.type("geveryone\r");
    await cli.shows('no connections   address has "10.9", group "everyone"');
    cli.type("\x1b");
    await cli.shows("1-3 of 3");
    cli.type("?");
    await cli.shows(/Keys\n[\s\S]*reverse the order/);
    cli.type("?p");
    await cli.shows("paused   1-3 of 3");
    await watched.connect();
    cli.type("p");
    await cli.shows(/^1-4 of 4$/m);
    cli.type("q");
    await quits(cli);
  });

  it("fits any size, and paints again at once when that changes", async (context) => {
    await using watched = await WatchedServer.start();
    for (let count = 0; count < 30; count++) await watched.connect();
    const cli = new ScreenCli(context, { columns: 20, rows: 5 }, ["top", watched.place, "--sort", "id"]);
    await cli.shows(
      /^spillway 127\.0\.0\.1:…\n1-1 of 30\n ID▲ {2}ADDRESS\s*\n +1 {2}127\.0\.0\.\S*\s*\nq quit {2}\? help$/,
    );
    cli.resize(1, 1);
    await cli.shows(/^…$/);
    for (let step = 1; step < 60; step++) cli.resize(step * 3, step);
    cli.resize(100, 12);
    await cli.shows(/^[^\n]*listening\n[\s\S]*\n1-5 of 30\n/);
    expect(cli.lines).toHaveLength(12);
    cli.type("q");
    await quits(cli);
  });

  it("gives the terminal back at a signal", async (context) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
      const cli = atTerminal(context, "127.0.0.1:1");
      await cli.shows("unreachable, trying again: connection refused");
      cli.signal(signal);
      await quits(cli, 130);
    }
    const cli = atTerminal(context, "127.0.0.1:1");
    await cli.shows("unreachable, trying again: connection refused");
    cli.signal("SIGHUP");
    await quits(cli, BY_SIGHUP);
  });

  it("ends at Ctrl-C, and when the terminal is gone", async (context) => {
    const cli = atTerminal(context, "127.0.0.1:1");
    await cli.shows("unreachable, trying again: connection refused");
    cli.type("\x03");
    await quits(cli, 130);
    const hung = atTerminal(context, "127.0.0.1:1");
    await hung.shows("unreachable");
    hung.hangUp();
    expect((await hung.ended).code).toBe(BY_SIGHUP);
  });

  it("obeys a signal although the terminal takes nothing any more", async (context) => {
    const cli = atTerminal(context, "127.0.0.1:1");
    await cli.shows("unreachable, trying again: connection refused");
    cli.hold("SIGTERM");
    expect((await cli.ended).code).toBe(130);
  });

  it("goes on when the server is started again", async (context) => {
    const port = await freePort();
    const cli = atTerminal(context, `127.0.0.1:${port}`);
    await cli.shows("unreachable, trying again: connection refused");
    for (let start = 0; start < 2; start++) {
      await using watched = await WatchedServer.start({ port });
      await watched.connect();
      await cli.shows(/^1-1 of 1$/m);
      await watched[Symbol.asyncDispose]();
      await cli.shows("unreachable, trying again: ");
    }
    cli.type("q");
    await quits(cli);
  });

  it("says that there is no answer yet, and obeys keys meanwhile", async (context) => {
    await using silent = new HostileServer((socket) => void socket.resume());
    const cli = atTerminal(context, await silent.target());
    await cli.shows(/no answer for [12] s/);
    cli.type("?");
    await cli.shows("Keys");
    expect(silent.connections).toBe(1);
    cli.type("?q");
    await quits(cli);
  });

  it("shows drains, and escapes what peers have named", async (context) => {
    await using watched = await WatchedServer.start({ port: 0 }, { group: "\x1b]0;evil\x07\x1b[31m" });
    await watched.connect();
    const cli = atTerminal(context, watched.place);
    await cli.shows("\\x1b]0;evil\\x07\\x1b[31m");
    expect(cli.written).not.toContain("\x1b]0;");
    const draining = watched.server.shutdown({ graceMs: 60_000 });
    await cli.shows("about to drain");
    void watched.server.shutdown();
    await draining;
    await cli.shows("drained");
    cli.type("q");
    await quits(cli);
  });

  it("has no colours with NO_COLOR", async (context) => {
    await using watched = await WatchedServer.start();
    await watched.connect();
    const cli = new ScreenCli(context, SIZE, ["top", watched.place], { NO_COLOR: "1" });
    await cli.shows("1-1 of 1");
    cli.type("q");
    await quits(cli);
    expect(cli.written).toContain("\x1b[7m");
    expect(cli.written.replaceAll("\x1b", "ESC")).not.toMatch(/ESC\[[\d;]*(3|4|9)\d[;m]/);
  });
});

/** A port that is free, and stays so for as long as nobody else is given it. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
