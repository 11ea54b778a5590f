// `spillway connect` in a pipe, within this process.
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PassThrough, Readable, Transform } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCodecSpec } from "../../../src/cli/codec_spec.ts";
import { lines, serve } from "../../../src/mod.ts";
import { tls } from "../../../src/tls/mod.ts";
import { ca, pair, pathOf } from "../../tls/support/certificates.ts";
import { HostileServer } from "../support/hostile_server.ts";
import { ranToEnd } from "../support/ran_to_end.ts";

/** The input in chunks of one size. */
function chunked(input: string | Uint8Array, size = 65_536): Readable {
  const bytes = Buffer.from(input as string);
  const count = Math.ceil(bytes.length / size);
  return Readable.from(Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)));
}

function connect(target: string, input: string | Readable, ...flags: string[]) {
  const stdin = typeof input === "string" ? chunked(input) : input;
  return ranToEnd(["connect", target, ...flags], { cwd: "/", stdin });
}

function echo(codec = "lines") {
  return serve({
    port: 0,
    codec: parseCodecSpec(codec).codec({}),
    handler: (frame) => frame,
    observer: () => {},
  });
}

async function withEcho(input: string | Readable, ...flags: string[]) {
  const codec = flags[flags.indexOf("--codec") + 1];
  await using server = await echo(flags.includes("--codec") ? codec : undefined);
  return await connect(`127.0.0.1:${server.address.port}`, input, ...flags);
}

const GARBAGE = Buffer.from("\x1b[31m\xff\0\n", "latin1");

const DONE = { code: 0, out: "", err: "" };

describe("spillway connect in a pipe", () => {
  it.each([1, 2, 3, 7, 65_536])(
    "sends each line as a frame, and writes each reply as a line; input in chunks of %d",
    async (size) => {
      const run = await withEcho(chunked("one\ntwo\r\n\nfour €\nlast", size));
      expect(run).toEqual({ ...DONE, stdout: "one\ntwo\n\nfour €\nlast\n" });
    },
  );

  it("ends in order without input", async () => {
    expect(await withEcho("")).toEqual({ ...DONE, stdout: "" });
  });

  it.each([
    "lines:crlf",
    "delimited:0x1e",
    "delimited:END",
    "fixed:2",
    "u8",
    "u16be",
    "u24le",
    "u32le",
    "u48be",
    "u64le",
    "varint",
    "netstring",
    "octet",
    "octet:\\0",
    "content-length",
  ])("speaks every codec: %s", async (codec) => {
    expect(await withEcho("ab\ncd\n", "--codec", codec)).toEqual({ ...DONE, stdout: "ab\ncd\n" });
  });

  it("passes bytes on as they are, without frames", async () => {
    expect(await withEcho("a\r\nb\0\nc", "--codec", "bytes")).toEqual({ ...DONE, stdout: "a\r\nb\0\nc" });
  });

  it("reads and writes hexadecimal digits", async () => {
    const run = await withEcho("00 0a ff\n\n0D0a\n", "--codec", "u16be", "--hex");
    expect(run).toEqual({ ...DONE, stdout: "000aff\n\n0d0a\n" });
  });

  it("gives back any frames, in order", async () => {
    await using server = await echo("u16be");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 50 }), async (frames) => {
        const text = frames.map((frame) => `${Buffer.from(frame).toString("hex")}\n`).join("");
        const run = await connect(`127.0.0.1:${server.address.port}`, text, "--codec", "u16be", "--hex");
        expect(run).toEqual({ ...DONE, stdout: text });
      }),
      { numRuns: 20 },
    );
  });

  it("tells the time of each reply on stderr with -v, and says which frame nobody asked for", async () => {
    await using server = await serve({ port: 0, codec: lines(), onConnect: () => "welcome", handler: (line) => line });
    const stdin = new PassThrough();
    const { code, err, stdout } = await ranToEnd(["connect", `127.0.0.1:${server.address.port}`, "-v"], {
      cwd: "/",
      stdin,
      onStdout: () => stdin.end("one\n"),
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "welcome\none\n" });
    expect(err).toMatch(/^spillway: frame 1: not asked for\nspillway: frame 2: [\d.,]+ ms\n$/);
  });

  it("sends all lines of a large input, and writes all replies", async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join("");
    expect(await withEcho(text)).toEqual({ ...DONE, stdout: text });
  });

  it("does not blame the peer when the reader of stdout is slow", async () => {
    await using server = await echo();
    const slow = new Transform({
      transform: (chunk, _encoding, done) => void setTimeout(() => done(null, chunk), 250),
    });
    const run = await ranToEnd(["connect", `127.0.0.1:${server.address.port}`, "--wait", "100ms"], {
      cwd: "/",
      stdin: chunked("one\n"),
      stdout: slow,
    });
    expect(run).toEqual({ ...DONE, stdout: "one\n" });
  });

  it("fails when stdout cannot be written, and ends in order when nobody reads it any more", async () => {
    await using server = await echo();
    const withFault = (code: string) =>
      ranToEnd(["connect", `127.0.0.1:${server.address.port}`], {
        cwd: "/",
        stdin: chunked("one\n"),
        stdout: new Transform({
          transform: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: no`), { code })),
        }).on("error", () => undefined),
      });
    expect(await withFault("ENOSPC")).toEqual({
      code: 1,
      out: "",
      stdout: "",
      err: "spillway: cannot write to stdout: ENOSPC: no\n",
    });
    expect(await withFault("EPIPE")).toEqual({ ...DONE, stdout: "" });
  });

  it("connects to a Unix socket", async (context) => {
    if (process.platform === "win32") context.skip("Unix sockets are not supported on Windows");
    const folder = await mkdtemp(join(tmpdir(), "spillway-"));
    try {
      const path = join(folder, "echo.sock");
      await using server = await serve({ path, codec: lines(), handler: (line) => line });
      expect(await connect(`unix:${String(server.addresses[0]?.path)}`, "hello\n")).toEqual({
        ...DONE,
        stdout: "hello\n",
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("spillway connect with TLS", () => {
  const served = (clientCertificate: "none" | "required" = "none") =>
    serve({
      port: 0,
      codec: lines(),
      handler: (line) => line,
      establish: [
        tls({
          ...pair("server"),
          ...(clientCertificate === "required" && { ca, clientCertificate }),
        }),
      ],
      observer: () => {},
    });
  /** The input ends when the reply has come: a TLS server on Bun may lose a reply while the end of the input comes in. */
  const ask = (target: string, ...flags: string[]) => {
    const stdin = new PassThrough();
    stdin.write("hello\n");
    return ranToEnd(["connect", target, ...flags], { cwd: "/", stdin, onStdout: () => stdin.end() });
  };
  const CA = ["--tls-ca", pathOf("ca.pem")];

  it.each([
    ["tls://", CA, "", 0],
    ["", ["--tls", ...CA], "", 0],
    ["tls://", [...CA, "--tls-server-name", "localhost"], "", 0],
    ["tls://", ["--tls-insecure"], "", 0],
    ["tls://", [], "the certificate of the peer was refused", 1],
    ["tls://", [...CA, "--tls-server-name", "example.org"], "the certificate of the peer was refused", 1],
  ] as const)("verifies the server: %s %j %s", async (scheme, flags, failure, code) => {
    await using server = await served();
    const run = await ask(`${scheme}127.0.0.1:${server.address.port}`, ...flags);
    expect(run.err).toContain(failure);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: code === 0 ? "hello\n" : "" });
  });

  it("shows its own certificate to a server that asks for one", async () => {
    await using server = await served("required");
    const target = `tls://127.0.0.1:${server.address.port}`;
    const own = ["--tls-cert", pathOf("client.pem"), "--tls-key", pathOf("client.key")];
    expect(await ask(target, ...CA, ...own)).toEqual({ ...DONE, stdout: "hello\n" });
    const refused = await ask(target, ...CA);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("spillway connect with a hostile peer", () => {
  const peers: Readonly<Record<string, (socket: Socket) => void>> = {
    bye: (socket) => socket.resume().end("bye\n"),
    never: (socket) => void socket.resume(),
    deaf: (socket) => void socket.pause(),
    reset: (socket) => void socket.on("data", () => socket.resetAndDestroy()),
    cut: (socket) => void socket.on("data", () => socket.end("half")),
    long: (socket) => socket.resume().write(`short\n${"x".repeat(100_000)}`),
    pushes: (socket) => {
      socket.write("one\ntwo\n");
      socket.resume().on("end", () => socket.end("three\n"));
    },
    garbage: (socket) => socket.resume().end(GARBAGE),
  };

  it.each([
    ["bye", 0, "bye\n", ""],
    ["pushes", 0, "one\ntwo\nthree\n", ""],
    ["never", 1, "", "no byte moved for 100 ms, and --wait allows no more"],
    ["reset", 1, "", "the connection to "],
    ["cut", 1, "", "the input ended in the middle of a line"],
    ["long", 1, "short\n", "a line of more than 65536 bytes"],
  ])("ends with the right code and reason: %s", async (peer, code, stdout, reason) => {
    await using server = new HostileServer(peers[peer] as (socket: Socket) => void);
    const run = await connect(await server.target(), "hello\n", "--wait", "100ms");
    expect(run).toMatchObject({ code, stdout });
    expect(run.err).toContain(reason);
    expect(run.err.split("\n")).toHaveLength(reason === "" ? 1 : 2);
  });

  it("passes garbage on as it is: what is escaped at a terminal is data in a pipe", async () => {
    await using server = new HostileServer(peers["garbage"] as (socket: Socket) => void);
    // The input stays open: node:net on Deno fails to reply to a peer that has sent FIN at once.
    const run = await connect(await server.target(), new PassThrough());
    expect(run).toEqual({ ...DONE, stdout: GARBAGE.toString() });
  });

  it("ends when the peer does, though the input goes on", async () => {
    await using server = new HostileServer(peers["bye"] as (socket: Socket) => void);
    const stdin = new PassThrough();
    expect(await connect(await server.target(), stdin)).toEqual({ ...DONE, stdout: "bye\n" });
    expect(stdin.destroyed).toBe(true);
  });

  it("gives a peer up that takes nothing, in the middle of the input", async () => {
    await using server = new HostileServer(peers["deaf"] as (socket: Socket) => void);
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.from(`${"x".repeat(60_000)}\n`);
      })(),
    );
    const run = await connect(await server.target(), endless, "--wait", "200ms");
    expect(run.code).toBe(1);
    expect(run.err).toContain("no byte moved for 200 ms");
  });
});

describe("spillway connect refuses", () => {
  it.each([
    [["connect"], "missing required argument 'target'"],
    [["connect", "nowhere"], "target 'nowhere': write host:port"],
    [["connect", "x:1", "y:2"], "too many arguments for 'connect'"],
    [["connect", "x:1", "--codec", "xml"], "option '--codec' cannot be 'xml': write lines"],
    [
      ["connect", "x:1", "--codce", "u8"],
      "unknown option '--codce' (did you mean --codec?); see 'spillway connect --help'",
    ],
    [["connect", "x:1", "--wait", "0s"], "option '--wait' cannot be '0s'"],
    [["connect", "x:1", "--codec", "fixed:2", "--max-frame-bytes", "5"], "does not apply to --codec fixed:2"],
    [["connect", "x:1", "--tls-insecure"], "option '--tls-insecure' is for TLS: write tls://host:port, or add --tls"],
    [["connect", "unix:/x", "--tls-ca", "ca.pem"], "option '--tls-ca' is for TLS"],
    [["connect", "tls://x:1", "--tls-cert", "x.pem"], "options '--tls-cert' and '--tls-key' go together"],
    [["connect", "tls+unix:/x"], "TLS to a path requires --tls-server-name"],
    [["connect", "tls://x:1", "--tls-ca", "/no/such.pem"], "option '--tls-ca': cannot read /no/such.pem"],
    [["connect", "tls://x:1", "--tls-ca", pathOf("server.key")], "TLS: ca has no certificate in PEM"],
    [["connect", `unix:/${"x".repeat(200)}`], "path must be at most"],
  ])("a wrong call, with what to do: %j", async (args, message) => {
    const { code, err, stdout } = await ranToEnd(args, { cwd: "/" });
    expect(err).toContain(message);
    expect({ code, stdout, lines: err.split("\n").length }).toEqual({ code: 2, stdout: "", lines: 2 });
  });

  it.each([
    ["a\nb b\n", ["--codec", "delimited: "], "line 2 of stdin is not a frame: a reply cannot contain a delimiter"],
    ["ab\nabc\n", ["--codec", "fixed:2"], "line 2 of stdin is not a frame"],
    ["00\n0\n", ["--hex"], "line 2 of stdin: write bytes of two hexadecimal digits each"],
    [
      "ab\nabcdefg\n",
      ["--max-frame-bytes", "6"],
      "line 2 of stdin: a line of more than 6 bytes; raise --max-frame-bytes",
    ],
  ])("a line that is no frame, by its number: %j", async (input, flags, message) => {
    const { code, err } = await withEcho(input, ...flags);
    expect(err).toContain(message);
    expect(code).toBe(1);
  });

  it("a target where nobody listens, with code 1", async () => {
    const server = await echo();
    const { port } = server.address;
    await server.shutdown();
    const { code, err } = await connect(`127.0.0.1:${port}`, "");
    expect(err).toMatch(new RegExp(`^spillway: cannot connect to 127\\.0\\.0\\.1:${port}: .*\n$`));
    expect(code).toBe(1);
  });

  it("a peer that does not speak TLS in time, with code 1", async () => {
    await using server = new HostileServer((socket) => void socket.resume());
    const { code, err } = await connect(`tls://${await server.target()}`, "", "--connect-timeout", "100ms");
    expect(err).toContain("not connected within 100 ms");
    expect(code).toBe(1);
  });
});
