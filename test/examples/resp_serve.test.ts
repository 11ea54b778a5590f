import { describe, expect, it, type TestContext } from "vitest";
import { execute } from "../../examples/resp/commands.ts";
import service from "../../examples/resp/service.ts";
import { Store } from "../../examples/resp/store.ts";
import { transport } from "../../src/mod.ts";
import { dialNet } from "../conformance/support/net_client.ts";
import { type Platform, start, stopServersAfterEach } from "../conformance/support/platform.ts";
import { RealProgram } from "../support/real_program.ts";
import { bytesOf, textOf } from "./support/resp_decoding.ts";

const platform: Platform = { name: "the runtime", transport: transport, dial: dialNet, faults: {} };
const redisCli = new RealProgram("redis-cli", "redis-tools");
const redisBenchmark = new RealProgram("redis-benchmark", "redis-tools");

stopServersAfterEach();

/** The service as it is served, with a store of its own. */
async function serveResp() {
  const store = new Store();
  const trial = await start(platform, { ...service, handler: (command, context) => execute(command, store, context) });
  return { ...trial, store, port: String(trial.server.address.port) };
}

describe("resp, as bytes", () => {
  it("answers arrays and typed lines, pipelined, in order", async () => {
    const { dial } = await serveResp();
    const client = await dial();
    client.send("*1\r\n$4\r\nPING\r\nSET k 'two words'\r\nGET k\n*2\r\n$3\r\nGET\r\n$1\r\nx\r\nINCR n\n");
    client.finish();
    expect(await client.rest()).toBe("+PONG\r\n+OK\r\n$9\r\ntwo words\r\n$-1\r\n:1\r\n");
  });

  it("ends with QUIT, whatever is behind it", async () => {
    const trial = await serveResp();
    const client = await trial.dial();
    client.send("PING\r\nQUIT\r\nPING\r\n");
    expect(await client.rest()).toBe("+PONG\r\n+OK\r\n");
    expect(await client.ended).toBe("fin");
    expect((await trial.closed()).reason).toBe("handler-closed");
  });

  it.each([
    ["what is no string", "*1\r\n:1\r\n", "expected '$', got ':'", "frame-invalid"],
    ["what is nothing that can be shown", "*1\r\n\r\n", "expected '$', got '?'", "frame-invalid"],
    ["what is no length", "*1\r\n$-1\r\n", "invalid bulk length", "frame-invalid"],
    ["what is no number", "*1x\r\n", "invalid multibulk length", "frame-invalid"],
    ["what is too large", "*99999\r\n", "invalid multibulk length", "frame-too-large"],
    ["a quote without its end", "ECHO 'a\r\n", "unbalanced quotes in request", "frame-invalid"],
  ])("ends with the words of Redis behind %s", async (_name, input, words, reason) => {
    const trial = await serveResp();
    const client = await trial.dial();
    client.send(`PING\r\n${input}PING\r\n`);
    expect(await client.rest()).toBe(`+PONG\r\n-ERR Protocol error: ${words}\r\n`);
    expect((await trial.closed()).reason).toBe(reason);
  });

  it("ends there even where skipping is asked for", async () => {
    const trial = await start(platform, { ...service, invalidFrame: "skip" });
    const client = await trial.dial();
    client.send('PING\r\nECHO "\r\nPING\r\n');
    expect(await client.rest()).toBe("+PONG\r\n-ERR Protocol error: unbalanced quotes in request\r\n");
    expect((await trial.closed()).reason).toBe("frame-invalid");
  });

  it("does not answer half a command", async () => {
    const trial = await serveResp();
    const client = await trial.dial();
    client.send("DEL k\r\nDEL k");
    client.finish();
    expect(await client.rest()).toBe(":0\r\n");
    expect((await trial.closed()).reason).toBe("unexpected-eof");
  });
});

describe("redis-cli", () => {
  /** Serves, and lets redis-cli send one command after the other, each from a process of its own. */
  async function ask(context: TestContext, ...commands: readonly (readonly string[])[]): Promise<string[]> {
    const { port } = await serveResp();
    const replies: string[] = [];
    for (const command of commands) {
      const ending = await redisCli.run(context, ["-p", port, "--no-raw", ...command]);
      expect(ending).toMatchObject({ code: 0, stderr: "" });
      replies.push(ending.stdout.trimEnd());
    }
    return replies;
  }

  it("PING, ECHO, QUIT", async (context) => {
    const replies = await ask(context, ["PING"], ["PING", "a b"], ["ECHO", "über"], ["QUIT"]);
    expect(replies).toEqual(["PONG", '"a b"', String.raw`"\xc3\xbcber"`, "OK"]);
  });

  it("SET, GET, DEL, INCR", async (context) => {
    const replies = await ask(
      context,
      ["GET", "k"],
      ["SET", "k", "v\n"],
      ["GET", "k"],
      ["INCR", "n"],
      ["INCR", "n"],
      ["DEL", "k", "n", "x"],
      ["GET", "n"],
    );
    expect(replies).toEqual(["(nil)", "OK", String.raw`"v\n"`, "(integer) 1", "(integer) 2", "(integer) 2", "(nil)"]);
  });

  it("understands the replies to INFO and COMMAND", async (context) => {
    const [info, count, entry] = await ask(
      context,
      ["INFO", "keyspace"],
      ["COMMAND", "COUNT"],
      ["COMMAND", "INFO", "set"],
    );
    expect(info).toContain("db0:keys=0");
    expect(count).toBe("(integer) 9");
    expect(entry).toContain('"set"');
  });

  it("shows the errors of commands", async (context) => {
    const replies = await ask(context, ["FOO", "a"], ["GET"], ["SET", "k", "v"], ["INCR", "k"]);
    expect(replies).toEqual([
      "(error) ERR unknown command 'FOO', with args beginning with: 'a'",
      "(error) ERR wrong number of arguments for 'get' command",
      "OK",
      "(error) ERR value is not an integer or out of range",
    ]);
  });

  it("a value of any bytes, from its stdin", async (context) => {
    const { port, store } = await serveResp();
    const value = Uint8Array.from({ length: 100_000 }, (_, at) => at);
    const ending = await redisCli.run(context, ["-p", port, "-x", "SET", "k"], value);
    expect(ending).toEqual({ code: 0, stdout: "OK\n", stderr: "" });
    expect(textOf(store.get(bytesOf("k")) as Uint8Array)).toBe(textOf(value));
  });

  it("one command after the other on one connection, and help, which COMMAND DOCS gives", async (context) => {
    const { port, server } = await serveResp();
    const { code, stdout } = await redisCli.run(context, ["-p", port], "SET k v\nGET k\nhelp get\n");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^OK\nv\n/);
    expect(stdout).toContain("Returns the value of a key.");
    expect(server.stats().accepted).toBe(1);
  });

  it.for([
    ["arrays", "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"],
    ["typed lines", "INCR n\r\n"],
  ] as const)("--pipe: 20,000 commands on their way at once, as %s", async ([, command], context) => {
    const { port, store } = await serveResp();
    const ending = await redisCli.run(context, ["-p", port, "--pipe"], command.repeat(20_000));
    expect(ending).toMatchObject({ code: 0, stderr: "" });
    expect(ending.stdout).toContain("errors: 0, replies: 20000\n");
    expect(textOf(store.get(bytesOf("n")) as Uint8Array)).toBe("20000");
  });
});

describe("redis-benchmark", () => {
  it("20 connections, each with 16 commands on their way", async (context) => {
    const { port, server, store, events } = await serveResp();
    const load = ["-q", "-P", "16", "-n", "20000", "-c", "20", "-t", "ping,set,get,incr"];
    const { code, stdout } = await redisBenchmark.run(context, ["-p", port, ...load]);
    expect(code).toBe(0);
    const finished = [...stdout.matchAll(/^ *(\w+): [\d.]+ requests per second/gm)].map(([, name]) => name);
    expect(finished).toEqual(["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR"]);
    // And what it asks of the server's configuration before it begins.
    expect(server.stats().framesIn).toBeGreaterThanOrEqual(100_000);
    expect(textOf(store.get(bytesOf("counter:__rand_int__")) as Uint8Array)).toBe("20000");
    expect(events.filter(({ type }) => type === "frame-error" || type === "handler-error")).toEqual([]);
  });
});
