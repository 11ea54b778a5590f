// The real command line, in processes of its own.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";
import { RUNTIME } from "./support/runtime.ts";

const started: CliProcess[] = [];

function spillway(...args: string[]): CliProcess {
  const cli = new CliProcess(...args);
  started.push(cli);
  return cli;
}

afterAll(() => {
  for (const cli of started) cli.kill();
});

async function replyTo(line: string, cli: CliProcess): Promise<string> {
  const connection = new LineConnection(await cli.ready());
  connection.send(`${line}\n`);
  connection.finish();
  return connection.line();
}

async function refusal(cli: CliProcess): Promise<string> {
  await cli.ended;
  return cli.stderr;
}

const ANY = ["--port", "0"];

// Windows has no signal that another process could handle: there, nothing outside can ask for a drain.
describe.skipIf(process.platform === "win32")("serving", { concurrent: true }, () => {
  it("computes: a busy connection delays no other, and a drain answers what was received", async () => {
    const cli = spillway("serve", ...ANY, "--delay", "500ms");
    const port = await cli.ready();
    expect(cli.stdout).toBe(`spillway listening on 127.0.0.1:${port} (${RUNTIME.name})\n`);
    const begun = performance.now();
    const others = Array.from({ length: 8 }, () => new LineConnection(port));
    for (const other of others) other.send("41\n");
    for (const other of others) expect(await other.line()).toBe("result: 42 (processed '41')");
    // One after the other, they would take 4 s.
    expect(performance.now() - begun).toBeLessThan(3_500);
    for (const other of others) other.finish();
    const connection = new LineConnection(port);
    connection.send(" 9007199254740993 \r\nabc\n");
    expect(await connection.line()).toBe("result: 9007199254740994 (processed '9007199254740993')");
    // The second line came with the first, so it is in the handler by now.
    cli.signal("SIGTERM");
    expect(await connection.line()).toBe("cannot compute, received: 'abc'");
    connection.finish();
    expect(await connection.rest()).toBe("");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stdout.split("\n")).toHaveLength(2);
    expect(cli.stderr).toContain("SIGTERM: draining; a second signal aborts the remaining connections");
  });

  it("with --grace goes on serving after a signal, and drains when the last connection has gone", async () => {
    const cli = spillway("serve", "echo", ...ANY, "--grace", "60s");
    const connection = new LineConnection(await cli.ready());
    connection.send("one\n");
    expect(await connection.line()).toBe("one");
    cli.signal("SIGTERM");
    await cli.logged(/accepting stopped, open connections: 1; draining in 60000 ms/);
    connection.send("two\n");
    expect(await connection.line()).toBe("two");
    connection.finish();
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stderr).toContain("drained, closed in order: 1, aborted: 0");
  });

  it("echoes after a prefix; refuses a long line; keeps its port to itself; survives a reader that goes away", async () => {
    const cli = spillway("serve", "echo", ...ANY, "--prefix", "> ", "--max-frame-bytes", "8");
    cli.dropStdout();
    const [, text] = await cli.logged(/ listening on 127\.0\.0\.1:(\d+) /);
    const port = Number(text);
    const connection = new LineConnection(port);
    connection.send("hello\nÄÖ 12 \n123456789\n");
    connection.finish();
    expect(await connection.rest()).toBe("> hello\n> ÄÖ 12 \nerror: frame-too-large\n");
    const second = spillway("serve", "echo", "--port", String(port));
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.stdout).toBe("");
    expect(second.stderr).toMatch(
      new RegExp(`^spillway: cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use; [^\\n]*--port[^\\n]*\\n$`),
    );
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it.each([
    ["lines", "one\r\ntwo\n", "> one\n> two\n"],
    ["delimited:0x0d0a", "one\ntwo\r\n", "> one\ntwo\r\n"],
    ["delimited:\\x1e", "one\x1e\x1e", "> one\x1e> \x1e"],
    ["u16be", "\0\x03one\0\0", "\0\x05> one\0\x02> "],
    ["u32le", "\x03\0\0\0one", "\x05\0\0\0> one"],
    ["varint", "\x03one", "\x05> one"],
    ["netstring", "3:one,0:,", "5:> one,2:> ,"],
    ["octet", "3 one<13>two\n", "5 > one9 > <13>two"],
    ["content-length", "Content-Length: 3\r\n\r\none", "Content-Length: 5\r\n\r\n> one"],
    ["fixed:3", "onetwo", "onetwo"],
  ])("echoes with --codec %s", async (codec, input, output) => {
    const prefix = codec.startsWith("fixed") ? [] : ["--prefix", "> "];
    const cli = spillway("serve", "echo", ...ANY, "--codec", codec, ...prefix);
    const connection = new LineConnection(await cli.ready());
    connection.send(input);
    connection.finish();
    expect(await connection.rest()).toBe(output);
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("serves a module that is an object of a class, where that says", async () => {
    const cli = spillway("serve", "./shout.mjs");
    expect(await cli.ready()).not.toBe(8080);
    expect(await replyTo("hello", cli)).toBe("HELLO!");
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });

  it("serves a module in TypeScript, or says that this runtime does not", async () => {
    const cli = spillway("serve", "typed.ts", ...ANY);
    const said = RUNTIME.loadsTypeScript
      ? /^typed hello$/
      : /^spillway: cannot load typed\.ts: Node \S+ does not load TypeScript; use Node 22\.18 or later[^\n]*\n$/;
    expect(RUNTIME.loadsTypeScript ? await replyTo("hello", cli) : await refusal(cli)).toMatch(said);
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(RUNTIME.loadsTypeScript ? 0 : 2);
  });

  it("logs in JSON what happened, with the stack of what a handler threw", async () => {
    const cli = spillway("serve", "./failing.mjs", ...ANY, "--log-format", "json", "--log-level", "debug");
    const connection = new LineConnection(await cli.ready());
    connection.send("it\n");
    connection.finish();
    expect(await connection.rest()).toBe("error: handler-failed\n");
    await cli.logged(/"connection-closed"/);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
    const records = cli.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ event }) => event)).toEqual([
      "listening",
      "connection-opened",
      "handler-error",
      "connection-closed",
      "signal",
      "draining",
      "drained",
    ]);
    expect(records[2]).toMatchObject({
      level: "ERROR",
      connection: 1,
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
      code: "handler-failed",
      cause: {
        name: "Error",
        message: "cannot do it",
        stack: expect.stringContaining("failing.mjs") as unknown,
        cause: { name: "TypeError", message: "the reason" },
      },
    });
    expect(records[3]).toMatchObject({ level: "WARN", reason: "handler-failed", framesIn: 1, bytesIn: 3 });
  });
});

// Windows has no signal that another process could handle: there, nothing outside can ask for a drain.
describe.skipIf(process.platform === "win32")("serving from a pool", { concurrent: true }, () => {
  it.each([
    ["an object of a class", "./shout.mjs", "HELLO!"],
    ["the event loop's own", "./threads.mjs", "hello in a worker"],
  ])("a module: %s", async (_what, file, reply) => {
    const cli = spillway("serve", file, ...ANY, "--pool", "2");
    expect(await replyTo("hello", cli)).toBe(reply);
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("one in TypeScript, where the runtime loads that", async () => {
    const cli = spillway("serve", "typed.ts", ...ANY, "--pool", "1");
    expect(RUNTIME.loadsTypeScript ? await replyTo("hello", cli) : await refusal(cli)).toContain("typed");
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(RUNTIME.loadsTypeScript ? 0 : 2);
  });

  it("a drain waits for the worker; the process ends although the worker never would", async () => {
    const cli = spillway("serve", "./threads.mjs", ...ANY, "--pool", "1");
    const connection = new LineConnection(await cli.ready());
    connection.send("wait\n");
    await cli.logged(/waiting\n/);
    cli.signal("SIGINT");
    await cli.logged(/SIGINT: draining/);
    expect(await connection.line()).toBe("waited");
    connection.finish();
    expect(await cli.ended).toEqual({ code: 0, signal: null });
  });

  it("a handler that hangs holds up nobody else, is cut off by its deadline, and by a forced drain", async () => {
    const cli = spillway("serve", "./threads.mjs", ...ANY, "--pool", "2", "--handler-timeout", "3s");
    const port = await cli.ready();
    const hanging = new LineConnection(port);
    hanging.send("hang\n");
    await cli.logged(/hanging\n/);
    const other = new LineConnection(port);
    other.send("hello\n");
    expect(await other.line()).toBe("hello in a worker");
    other.finish();
    expect(await hanging.rest()).toBe("error: handler-timeout\n");
    const last = new LineConnection(port);
    last.send("hang\n");
    await cli.logged(/hanging\n[^]*hanging\n/);
    cli.signal("SIGINT");
    await cli.logged(/SIGINT: draining/);
    cli.signal("SIGINT");
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(await last.rest()).toBe("");
  });

  it("logs what the handler threw, also that it wants of its context what is not there", async () => {
    const cli = spillway("serve", "./threads.mjs", ...ANY, "--pool", "1");
    const connection = new LineConnection(await cli.ready());
    connection.send("close\n");
    expect(await connection.rest()).toBe("error: handler-failed\n");
    await cli.logged(/the handler threw: context\.close is not available in a pool: only context\.signal is/);
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });

  it("logs what a worker throws that has no frame", async () => {
    const cli = spillway("serve", "./threads.mjs", ...ANY, "--pool", "1");
    expect(await replyTo("crash later", cli)).toBe("soon");
    await cli.logged(/a worker without a frame failed: later/);
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });
});

// Windows has no signal that another process could handle: there, nothing outside can ask for a drain.
describe.skipIf(process.platform === "win32")("signals", { concurrent: true }, () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
    "%s drains: the reply in flight arrives",
    async (signal) => {
      const cli = spillway("serve", "./held.mjs", ...ANY);
      const connection = new LineConnection(await cli.ready());
      connection.send("1\n");
      await cli.logged(/handling 1\n/);
      cli.signal(signal);
      expect(await connection.line()).toBe("held 1");
      connection.finish();
      expect(await cli.ended).toEqual({ code: 0, signal: null });
      expect(cli.stderr).toContain(`${signal}: draining; a second signal aborts the remaining connections`);
      expect(cli.stderr).toContain("drained, closed in order: 1, aborted: 0");
    },
  );

  it("a second one forces, also a computation that would take an hour", async () => {
    const limits = ["--concurrency", "2", "--max-frame-bytes", "8", "--drain-timeout", "off"];
    const cli = spillway("serve", ...ANY, "--delay", "1h", ...limits);
    const connection = new LineConnection(await cli.ready());
    // The refusal of the second line says that the first is in the handler.
    connection.send("41\n123456789\n");
    await cli.logged(/a frame was refused/);
    cli.signal("SIGINT");
    await cli.logged(/SIGINT: draining; a second signal aborts the remaining connections/);
    cli.signal("SIGTERM");
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stderr).toContain("SIGTERM: aborting the remaining connections");
    expect(cli.stderr).toMatch(/ERR drained, closed in order: 0, aborted: 1\n$/);
    expect(await connection.rest()).toBe("");
  });

  it("a second one ends the process, also when a handler does not care about its own", async () => {
    const cli = spillway("serve", "./stubborn.mjs", ...ANY);
    const connection = new LineConnection(await cli.ready());
    connection.send("1\n");
    await cli.logged(/handling 1\n/);
    cli.signal("SIGINT");
    await cli.logged(/SIGINT: draining/);
    cli.signal("SIGINT");
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(await connection.rest()).toBe("");
  });
});

/** Sends SIGHUP without a pause, until the process has ended. */
async function storm(cli: CliProcess): Promise<void> {
  const ended = cli.ended.then(() => true);
  try {
    do {
      for (let count = 0; count < 50; count++) cli.signal("SIGHUP");
    } while (!(await Promise.race([ended, new Promise((resolve) => setImmediate(resolve, false))])));
  } catch {
    // It has ended a moment ago.
  }
}

// Windows has no signal that another process could handle: there, nothing outside can ask for a drain.
describe.skipIf(process.platform === "win32")("a storm of signals", () => {
  it.each([1, 2, 3])("ends the process with its exit code, not by the signal (%d)", async () => {
    const cli = spillway("serve", "echo", ...ANY);
    await cli.ready();
    await storm(cli);
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stderr).toMatch(/drained, closed in order: 0, aborted: 0\n$/);
  });
});

/** At a terminal of util-linux's `script`; says its process id, as signals must reach the process itself. */
class AtTerminal extends CliProcess {
  protected override launcher(): readonly string[] {
    const script = `printf -v command ' %q' "$@"; exec script -qec "echo pid \\$\\$; exec$command" /dev/null`;
    return ["bash", "-c", script, "bash"];
  }
}

// Only Linux has this kind of script.
describe.skipIf(process.platform !== "linux")("at a terminal", () => {
  it("one line says that it listens, and the log begins with what comes then", async () => {
    const cli = new AtTerminal("serve", "echo", ...ANY);
    started.push(cli);
    const [, pid] = await cli.printed(/^pid (\d+)\r\n[^]*listening/);
    process.kill(Number(pid), "SIGINT");
    await cli.ended;
    expect(cli.stdout.match(/listening/g)).toHaveLength(1);
    const lines = cli.stdout.split("\r\n");
    expect(lines[1]).toMatch(/^spillway listening on 127\.0\.0\.1:\d+ \(\w+ \S+\)$/);
    expect(lines[2]).toContain("SIGINT: draining");
  });
});

describe.concurrent("refusing", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "spillway-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const CODEC = "codec: { decoder() {}, encoder() {} }";

  it.each([
    [
      "no_default.mjs",
      "export const codec = 1;",
      "is not a service: it has no default export; it needs `export default ",
    ],
    ["a_number.mjs", "export default 42;", "is not a service: its default export is not an object"],
    ["no_codec.mjs", "export default { handler() {} };", "is not a service: it has no codec"],
    ["no_handler.mjs", `export default { ${CODEC} };`, "is not a service: it has no handler"],
    ["a_name.mjs", `export default { ${CODEC}, handler: "echo" };`, "is not a service: its handler is not a function"],
    ["handlr.mjs", `export default { ${CODEC}, handlr() {} };`, "unknown option handlr; did you mean handler?"],
    [
      "not_called.mjs",
      "export default { codec: () => ({}), handler() {} };",
      "is not a service: its codec is a function: call it, as in `codec: lines()`",
    ],
    [
      "misspelt.mjs",
      `export default { ${CODEC}, handler() {}, idleTimeout: 5 };`,
      "unknown option idleTimeout; did you mean idleTimeoutMs?",
    ],
    [
      "zero.mjs",
      `export default { ${CODEC}, handler() {}, idleTimeoutMs: 0 };`,
      "idleTimeoutMs must be more than 0 ms",
    ],
    ["throws.mjs", "throw new Error('no database\\nis there');", "no database"],
    ["throws_text.mjs", "throw 'a tantrum';", "a tantrum"],
    ["syntax.mjs", "export default {", ""],
    ["missing_import.mjs", "import './not_there.mjs';", "not_there.mjs"],
  ])("the module %s, in one line", async (file, code, why) => {
    const path = join(folder, file);
    await writeFile(path, code);
    const cli = spillway("serve", path, ...ANY);
    expect(await cli.ended).toEqual({ code: 2, signal: null });
    expect(cli.stdout).toBe("");
    expect(cli.stderr).toMatch(/^spillway: [^\n]*\n$/);
    expect(cli.stderr).toContain(file);
    expect(cli.stderr).toContain(why);
  });

  it("names the flag of the keepalive that Deno does not have; elsewhere it is served", async () => {
    const cli = spillway("serve", "echo", ...ANY, "--keep-alive", "5s");
    if (!RUNTIME.name.startsWith("deno")) {
      expect(await cli.ready()).toBeGreaterThan(0);
      return;
    }
    expect(await cli.ended).toEqual({ code: 2, signal: null });
    expect(cli.stderr).toMatch(
      /^spillway: option '--keep-alive' is not supported on deno [\d.]+: use --silence-timeout instead\n$/,
    );
  });

  it.each([
    [["serve", "--delay", "soon"], "option '--delay' cannot be 'soon'"],
    [
      ["serve", "echo", "--codec", "morse"],
      "option '--codec' cannot be 'morse': write lines, lines:crlf, delimited:0x1e",
    ],
    [["serve", "echo", "--codec", "fixed:4", "--max-frame-bytes", "4"], "does not apply to --codec fixed:4"],
    [["serve", "./shout.mjs", "--codec", "u8"], "option '--codec' does not apply to a service module"],
    [["serve", "echo", "--pool", "2"], "option '--pool' does not apply to echo"],
    [["serve", "./shout.mjs", "--pool", "0"], "option '--pool' cannot be '0': write a whole number of at least 1"],
    [["serve", "./only_main.mjs", "--pool", "2"], "cannot start the workers for ./only_main.mjs: not in a worker"],
    [["serve", "--bananas"], "unknown option '--bananas'"],
    [["dance"], "unknown command 'dance'"],
    [["serve", "./no_such.mjs"], "cannot load the service module ./no_such.mjs"],
  ])("%j, in one line", async (args, why) => {
    const cli = spillway(...args);
    expect(await cli.ended).toEqual({ code: 2, signal: null });
    expect(cli.stdout).toBe("");
    expect(cli.stderr).toMatch(/^spillway: [^\n]*\n$/);
    expect(cli.stderr).toContain(why);
  });
});

describe.concurrent("--version", () => {
  it("prints the version", async () => {
    const cli = spillway("--version");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(cli.stderr).toBe("");
  });

  it("how it is used", async () => {
    const cli = spillway("serve", "--help");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stdout).toMatch(/^Usage: spillway serve /);
    expect(cli.stderr).toBe("");
  });
});
