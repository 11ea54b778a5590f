// `spillway top --once`, and calls that are refused.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PipedCli } from "../support/piped_cli.ts";
import { ranToEnd } from "../support/ran_to_end.ts";
import { WatchedServer } from "./support/watched_server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(() => rm(folder, { recursive: true }));

const once = (place: string, ...flags: string[]) =>
  ranToEnd(["top", place, "--once", "--interval", "100ms", ...flags], { cwd: folder });

describe("spillway top --once", () => {
  it("prints the head and a plain table, ordered and cut as asked", async () => {
    await using watched = await WatchedServer.start({ port: 0 }, { group: "room" });
    for (const frames of [1, 5, 3]) await watched.connect(frames);
    const { code, err, out } = await once(watched.place, "--sort", "bytes-in", "--limit", "2");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^spillway 127\.0\.0\.1:\d+ {3}(node|deno|bun) \S+ {3}up \d+s {3}listening$/);
    expect(lines.slice(1, 5)).toEqual([
      "connections 3   frames/s 0 in 0 out   bytes/s 0 B in 0 B out",
      expect.stringMatching(/^handlers p50 - p99 - {3}0 running {3}waiting 0 B {3}loop delay \S+ ms$/),
      "ends none",
      "",
    ]);
    expect(lines[5]).toMatch(
      /^ {2}ID {2}ADDRESS +AGE +IDLE +IN\/S +OUT\/S +BYTES IN▼ +BYTES OUT +WAITING +FLIGHT +TLS +GROUPS$/,
    );
    expect(lines.slice(6).map((line) => line.replace(/\s+/g, " "))).toEqual([
      expect.stringMatching(/^ 2 127\.0\.0\.1:\d+ \d+s \d+s 0 0 12 B 12 B 0 B 0 - room$/),
      expect.stringMatching(/^ 3 127\.0\.0\.1:\d+ \d+s \d+s 0 0 8 B 8 B 0 B 0 - room$/),
      "and 1 more",
      "",
    ]);
    const reversed = await once(watched.place, "--sort", "bytes-in", "--reverse");
    expect(reversed.out).toMatch(/\n +1 .*\n +3 .*\n +2 .*\n$/);
  });

  it("prints one JSON object, with rates", async () => {
    await using watched = await WatchedServer.start();
    await watched.connect(2);
    const { code, out } = await once(watched.place, "--json");
    expect(code).toBe(0);
    expect(out.endsWith("}\n")).toBe(true);
    expect(JSON.parse(out)).toEqual({
      at: expect.stringMatching(/^\d{4}-/),
      admin: watched.place,
      server: expect.objectContaining({
        phase: "serving",
        connections: 1,
        framesIn: 3,
        ends: {},
        rates: { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0 },
        handlerMs: { p50: null, p99: null },
      }),
      total: 1,
      matching: 1,
      connections: [expect.objectContaining({ id: 1, framesIn: 3, framesInRate: 0, groups: ["everyone"], tls: "" })],
    });
  });

  it("filters by address and group", async () => {
    await using watched = await WatchedServer.start();
    await watched.connect();
    const matching = async (...flags: string[]) =>
      (JSON.parse((await once(watched.place, "--json", ...flags)).out) as { matching: number }).matching;
    expect(await matching("--filter-address", "127.0.")).toBe(1);
    expect(await matching("--filter-address", "10.9.")).toBe(0);
    expect(await matching("--filter-group", "everyone")).toBe(1);
    expect(await matching("--filter-group", "every")).toBe(0);
  });

  // A path of Windows is no Unix socket.
  it.skipIf(process.platform === "win32")("asks an endpoint at a path", async () => {
    await using watched = await WatchedServer.start({ path: join(folder, "admin") });
    expect(watched.place).toBe(`unix:${join(folder, "admin")}`);
    expect(await once(watched.place)).toMatchObject({ code: 0, out: expect.stringContaining("listening") });
  });

  it("prints no control character, whatever the names are", async () => {
    await using watched = await WatchedServer.start({ port: 0 }, { group: "\x1b[2J\u202e\x07日本\n" });
    await watched.connect();
    for (const flags of [[], ["--json"]]) {
      const { out } = await once(watched.place, ...flags);
      expect(out).toContain("x1b[2J");
      expect(out).toContain("日本");
      expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  it("says that there is no answer, or none of an admin endpoint, and exits with 1", async () => {
    expect(await once("127.0.0.1:1")).toEqual({
      code: 1,
      out: "",
      err: "spillway: no answer from the admin endpoint 127.0.0.1:1: connection refused\n",
      stdout: "",
    });
    const other = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { code, err } = await once(`${(other.address() as AddressInfo).port}`);
    other.close();
    expect(code).toBe(1);
    expect(err).toMatch(/: no JSON: this is no admin endpoint of Spillway\n$/);
  });

  it("is content when nobody reads", async () => {
    await using watched = await WatchedServer.start();
    for (let count = 0; count < 5; count++) await watched.connect();
    using cli = new PipedCli("top", watched.place, "--once", "--interval", "100ms");
    cli.child.stdout.destroy();
    expect(await cli.ended).toBe(0);
    expect(cli.stderr).toBe("");
  });
});

describe("spillway top refuses", () => {
  it.each([
    [["nowhere"], "admin endpoint 'nowhere': write host:port, http://host:port, a port, or unix:/path"],
    [["--json"], "option '--json' is for --once: add it"],
    [[], "top shows a screen, and stdin or stdout is no terminal: use --once"],
    [["--sort", "size"], "option '--sort' cannot be 'size': choose one of id, address, age, idle, in, out,"],
    [["--limit", "0"], "option '--limit' cannot be '0': write a whole number from 1 to 10000"],
    [["--interval", "1ms"], "option '--interval' cannot be '1ms': it must be from 100ms to 1h"],
    [["--interval", "off"], "option '--interval' cannot be 'off': write a duration such as 250ms, 5s, 5m or 1h"],
    [["--filter-group", ""], "option '--filter-group' cannot be '': write 1 to 128 characters"],
    [["--once", "--token-file", "x"], "option '--token-file' has no effect with --once"],
    [["1", "2"], "too many arguments for 'top'"],
    [["--onse"], "unknown option '--onse' (did you mean --once?); see 'spillway top --help'"],
  ])("a call that makes no sense: %j", async (args, message) => {
    const { code, err, out } = await ranToEnd(["top", ...args], { cwd: folder });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`spillway: ${message}`);
  });

  const terminal = () => Object.assign(Readable.from([]), { isTTY: true });

  it.each([
    ["missing", undefined, "option '--token-file' cannot be read: "],
    ["empty", "\n", "option '--token-file' names an empty file"],
    [
      "short",
      "abc",
      "option '--token-file' holds no token: a token has 16 to 1024 visible ASCII characters, in one line",
    ],
    ["long", "x".repeat(100_000), "option '--token-file' holds no token"],
    ["divided", "twelve-characters\nand more", "option '--token-file' holds no token"],
    ["binary", "\x00\x01".repeat(16), "option '--token-file' holds no token"],
  ])("a token file that is %s", async (name, content, message) => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const { code, err } = await ranToEnd(["top", "--token-file", name], {
      cwd: folder,
      stdin: terminal(),
      stdout: Object.assign(new PassThrough(), { isTTY: true }),
    });
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  it("a folder, and a terminal that has no screen", async () => {
    const at = (variables: Record<string, string>, ...args: string[]) =>
      ranToEnd(["top", ...args], {
        cwd: folder,
        variables,
        stdin: terminal(),
        stdout: Object.assign(new PassThrough(), { isTTY: true }),
      });
    expect(await at({}, "--token-file", ".")).toMatchObject({
      code: 2,
      err: expect.stringContaining("cannot be read"),
    });
    expect(await at({ TERM: "dumb" })).toMatchObject({
      code: 2,
      err: expect.stringContaining("(TERM=dumb): use --once"),
    });
  });
});
