// `spillway connect` at a pseudo-terminal, in a process of its own.
import process from "node:process";
import { describe, expect, it, type TestContext } from "vitest";
import { lines, serve } from "../../../src/mod.ts";
import { HostileServer } from "../support/hostile_server.ts";
import { TerminalCli } from "../support/terminal_cli.ts";

const UP = "\x1b[A";
const END_OF_INPUT = "\x04";
const INTERRUPT = "\x03";
const PROMPT = "> ";

const upper = () => serve({ port: 0, codec: lines(), handler: (line) => line.toUpperCase(), observer: () => {} });

async function atTerminal(context: TestContext, target: string, ...flags: string[]) {
  const cli = new TerminalCli(context, "connect", target, ...flags);
  await cli.shows("connected to ");
  await cli.shows(PROMPT);
  return cli;
}

// Windows has no pseudo-terminals that Python could open.
describe.skipIf(process.platform === "win32")("spillway connect at a terminal", () => {
  it("sends what is entered, shows replies with their time, remembers lines, and ends in order", async (context) => {
    await using server = await upper();
    const cli = await atTerminal(context, `127.0.0.1:${server.address.port}`, "-v");
    cli.enter("hello");
    await cli.shows("HELLO  (");
    await cli.shows(" ms)");
    cli.type(UP);
    await cli.shows("> hello");
    cli.enter(" again");
    await cli.shows("HELLO AGAIN  (");
    cli.type(END_OF_INPUT);
    expect(await cli.ended).toBe(0);
    expect(server.stats().framesIn).toBe(2);
  });

  it("sends each line of a paste, and keeps the beginning of the last one while replies come", async (context) => {
    await using server = await upper();
    const cli = await atTerminal(context, `127.0.0.1:${server.address.port}`);
    cli.type("one\rtwo\rthr");
    await cli.shows("ONE");
    await cli.shows("TWO");
    await cli.shows("> thr");
    cli.enter("ee");
    await cli.shows("THREE");
    cli.type(END_OF_INPUT);
    expect(await cli.ended).toBe(0);
  });

  it("shows pushes above the line that is being entered, and tells with -v that nobody asked for them", async (context) => {
    await using server = await upper();
    const cli = await atTerminal(context, `127.0.0.1:${server.address.port}`, "-v");
    cli.type("half");
    await cli.shows("half");
    for (const session of server.sessions) session.send("news");
    await cli.shows("news  (not asked for)");
    await cli.shows("> half");
    cli.enter("way");
    await cli.shows("HALFWAY");
    cli.type(END_OF_INPUT);
    expect(await cli.ended).toBe(0);
  });

  it("escapes what the peer sends: it cannot command the terminal", async (context) => {
    await using server = new HostileServer((socket) => {
      socket.resume().write(Buffer.from("\x1b]0;evil\x07\x1b[2J\x9b31m\xff\r\n", "latin1"));
    });
    const cli = await atTerminal(context, await server.target());
    await cli.shows("\\x1b]0;evil\\x07\\x1b[2J\\x9b31m\\xff");
    expect(cli.screen).not.toContain("\x1b]0;");
    expect(cli.screen).not.toContain("\x1b[2J");
    cli.type(INTERRUPT);
    expect(await cli.ended).toBe(130);
  });

  it("sends and shows hexadecimal digits, and says what is no frame without sending it", async (context) => {
    await using server = await upper();
    const cli = await atTerminal(context, `127.0.0.1:${server.address.port}`, "--hex");
    cli.enter("6");
    await cli.shows("not sent: write bytes of two hexadecimal digits each");
    cli.enter("0a");
    await cli.shows("not sent: a line cannot contain");
    cli.enter("61 62");
    await cli.shows("\n");
    await cli.shows("4142");
    cli.type(END_OF_INPUT);
    expect(await cli.ended).toBe(0);
    expect(server.stats().framesIn).toBe(1);
  });

  it("ends with the peer", async (context) => {
    await using server = new HostileServer((socket) => {
      socket.on("data", () => socket.end("bye\n"));
    });
    const cli = await atTerminal(context, await server.target());
    cli.enter("quit");
    await cli.shows("bye");
    await cli.shows("the peer closed the connection");
    expect(await cli.ended).toBe(0);
  });

  it("fails when the connection breaks, and with a peer that never ends", async (context) => {
    await using resetting = new HostileServer((socket) => {
      socket.on("data", () => socket.resetAndDestroy());
    });
    const broken = await atTerminal(context, await resetting.target());
    broken.enter("hello");
    await broken.shows("spillway: the connection to 127.0.0.1:");
    expect(await broken.ended).toBe(1);
    await using silent = new HostileServer((socket) => void socket.resume());
    const waiting = await atTerminal(context, await silent.target(), "--wait", "100ms");
    waiting.type(END_OF_INPUT);
    await waiting.shows("no byte moved for 100 ms");
    expect(await waiting.ended).toBe(1);
  });
});
