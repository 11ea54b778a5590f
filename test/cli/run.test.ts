import { EventEmitter } from "node:events";
import process from "node:process";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { SETTINGS } from "../../src/cli/settings.ts";
import { VERSION } from "../../src/cli/version.ts";
import { transport as runtimeTransport, SpillwayError, type Transport } from "../../src/mod.ts";
import { pathOf } from "../tls/support/certificates.ts";

const CERTIFICATE = ["--tls-cert", pathOf("server.pem"), "--tls-key", pathOf("server.key")];

/** The command line within this process. */
function started(args: readonly string[], transport = runtimeTransport, variables = {}) {
  const signals = new EventEmitter();
  const written = { out: "", err: "" };
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const exitCode = run(args, {
    stdio: {
      out: async (text) => {
        written.out += text;
        onReady();
      },
      err: (text, done) => {
        written.err += text;
        done();
      },
      lines: (text, done) => {
        written.out += text;
        done();
        onReady();
      },
      stdin: Readable.from([]),
      stdout: new PassThrough(),
      screen: (_, done) => done(),
      terminal: false,
      errTerminal: false,
      colors: false,
      columns: 100,
    },
    signals,
    uncaught: new EventEmitter(),
    transport,
    cwd: "/",
    variables,
    pid: process.pid,
    args,
    host: Object.assign(new EventEmitter(), { env: {} }),
  });
  return { signals, written, ready, exitCode };
}

describe("usage", () => {
  it.each([
    [[], "missing command; see 'spillway --help'"],
    [["serv"], "unknown command 'serv' (did you mean serve?); see 'spillway --help'"],
    [["dance"], "unknown command 'dance'; see 'spillway --help'"],
    [["--port", "1"], "unknown option '--port'; see 'spillway --help'"],
    [["--loud", "serve"], "unknown option '--loud'; see 'spillway --help'"],
    [["serve", "--prot", "1"], "unknown option '--prot' (did you mean --port?); see 'spillway serve --help'"],
    [["serve", "-x"], "unknown option '-x'; see 'spillway serve --help'"],
    [["serve", "echo", "echo"], "too many arguments for 'serve'. Expected 1 argument but got 2"],
    [["serve", "--port"], "option '--port' requires a value; see 'spillway serve --help'"],
    [["serve", "-p", "x"], "option '--port' cannot be 'x': write a whole number from 0 to 65535"],
    [["serve", "--host", "::"], "unknown option '--host' (did you mean --hostname?); see 'spillway serve --help'"],
    [["serve", "--idle-timout=5s"], "unknown option '--idle-timout=5s' (did you mean --idle-timeout?)"],
    [["help", "dance"], "unknown command 'dance'; see 'spillway --help'"],
    [
      ["serve", "--config", "/no/such.json"],
      "cannot load the configuration file /no/such.json: the file /no/such.json does not exist",
    ],
    [["serve", "--port", "x"], "option '--port' cannot be 'x': write a whole number from 0 to 65535"],
    [["serve", "--port", "-1"], "option '--port' cannot be '-1': write a whole number from 0 to 65535"],
    [["serve", "--port", "a\nb"], "option '--port' cannot be 'a\\nb': write a whole number"],
    [["serve", "--hostname", ""], "option '--hostname' cannot be '': write a name or a numeric address"],
    [["serve", "--delay", "2"], "option '--delay' cannot be '2': write a duration such as 250ms, 5s, 5m or 1h, or off"],
    [
      ["serve", "echo", "--prefix", "a\nb"],
      "option '--prefix' cannot be \"a\\nb\" with --codec lines: a line cannot contain",
    ],
    [
      ["serve", "echo", "--codec", "u16"],
      "option '--codec' cannot be 'u16': write lines, lines:crlf, delimited:0x1e, delimited:'\\r\\n'",
    ],
    [["serve", "echo", "--codec", "delimited:"], "option '--codec' cannot be 'delimited:': write a delimiter; it may"],
    [
      ["serve", "echo", "--codec", "delimited:\n", "--prefix", "a\nb"],
      "option '--prefix' cannot be \"a\\nb\" with --codec delimited:\\n: a reply cannot contain a delimiter",
    ],
    [["serve", "--codec", "lines"], "option '--codec' does not apply to compute"],
    [
      ["serve", "--max-frame-bytes", "0"],
      "option '--max-frame-bytes' cannot be '0': write a whole number of at least 1",
    ],
    [["serve", "--idle-timeout", "5"], "option '--idle-timeout' cannot be '5': write a duration"],
    [
      ["serve", "--frame-timeout", "0s"],
      "option '--frame-timeout' cannot be '0s': it must be more than 0; off disables the limit",
    ],
    [["serve", "--handler-timeout", "x"], "option '--handler-timeout' cannot be 'x': write a duration"],
    [["serve", "--write-timeout", "x"], "option '--write-timeout' cannot be 'x': write a duration"],
    [["serve", "--authentication-timeout", "x"], "option '--authentication-timeout' cannot be 'x': write a duration"],
    [
      ["serve", "--max-concurrent-handlers", "0"],
      "option '--max-concurrent-handlers' cannot be '0': write a whole number",
    ],
    [["serve", "--lifetime", "x"], "option '--lifetime' cannot be 'x': write a duration"],
    [["serve", "--drain-timeout", "x"], "option '--drain-timeout' cannot be 'x': write a duration"],
    [["serve", "--max-connections", "1.5"], "option '--max-connections' cannot be '1.5': write a whole number"],
    [["serve", "--concurrency", "no"], "option '--concurrency' cannot be 'no': write a whole number"],
    [
      ["serve", "--log-level", "loud"],
      "option '--log-level' cannot be 'loud': choose one of debug, info, warning, error",
    ],
    [["serve", "--log-format", "xml"], "option '--log-format' cannot be 'xml': choose one of pretty, json"],
    [["serve", "dance"], "unknown service 'dance': use compute, echo, or the path of a module such as ./dance.js"],
    [["serve", "echo", "--delay", "1s"], "option '--delay' does not apply to echo"],
    [
      ["serve", "--handler-timeout", "1s"],
      "option '--handler-timeout' (1000 ms) must be longer than the --delay of compute (2000 ms)",
    ],
    [
      ["serve", "--listen", "udp://127.0.0.1:1"],
      "option '--listen' cannot be 'udp://127.0.0.1:1': write tcp://host:port, tls://host:port, unix:/path, unix:@name",
    ],
    [
      ["serve", "--listen", "127.0.0.1:1"],
      "option '--listen' cannot be '127.0.0.1:1': write tcp://host:port, tls://host:port, unix:/path, unix:@name, fd:3 or systemd (did you mean tcp://127.0.0.1:1?)",
    ],
    [
      ["serve", "--listen", "fd:3", "-p", "1"],
      "option '--listen' and option '--port' do not go together: write the port as tcp://host:port in the former",
    ],
    [
      ["serve", "--listen", "fd:3", "--hostname", "::1"],
      "option '--listen' and option '--hostname' do not go together",
    ],
    [["serve", "--listen", "systemd"], "option '--listen' says systemd, but LISTEN_FDS is not set; start this process"],
    [["serve", "--listen", "fd:7,fd:7"], "option '--listen' names descriptor 7 twice"],
    [["serve", "--listen", `unix:/${"x".repeat(200)}`], "option '--listen': path must be at most "],
    [
      ["serve", "--listen", "unix:/no/such.sock", "--keep-alive", "5s"],
      "option '--keep-alive' is for TCP, and this server listens only at paths",
    ],
    [["serve", "--unix-mode", "660"], "option '--unix-mode' has no effect: nothing listens at a path"],
    [["serve", "--unix-mode", "rw"], "option '--unix-mode' cannot be 'rw': write three octal digits"],
    [["serve", "--listn", "fd:3"], "unknown option '--listn' (did you mean --listen?)"],
    [["serve", "--allow", "localhost"], "option '--allow' cannot be 'localhost': write a numeric address, a range"],
    [
      ["serve", "--deny", "10.0.0.1/8"],
      "option '--deny' must have no bit set behind the first 8, as \"10.0.0.1/8\" has",
    ],
    [["serve", "--proxy-from", "::1/8"], "option '--proxy-from' must have no bit set behind the first 8"],
    [["serve", "--proxy-from", ""], "option '--proxy-from' cannot be '': write a numeric address"],
    [
      ["serve", "--max-connections-per-address", "0"],
      "option '--max-connections-per-address' cannot be '0': write a whole number of at least 1, or off",
    ],
    [["serve", "--connects-per-second", "0"], "option '--connects-per-second' cannot be '0': write a number above 0"],
    [["serve", "--tls-cert", "a.pem"], "option '--tls-cert' requires --tls-key (the same file, if it has both)"],
    [["serve", "--tls-key", "a.key"], "option '--tls-key' requires --tls-cert"],
    [
      ["serve", "--listen", "fd:3,tls://[::1]:1"],
      "option '--listen' names tls://[::1]:1, which requires --tls-cert and --tls-key",
    ],
    [["serve", "--tls-ca", "a.pem"], "option '--tls-ca' has no effect without --tls-cert and --tls-key"],
    [["serve", "--tls-client-certificate", "optional"], "option '--tls-client-certificate' has no effect without"],
    [["serve", "--tls-alpn", "x"], "option '--tls-alpn' has no effect without --tls-cert and --tls-key"],
    [["serve", "--tls-min-version", "1.3"], "option '--tls-min-version' has no effect without --tls-cert"],
    [["serve", "--tls-min-version", "1.1"], "option '--tls-min-version' cannot be '1.1': choose one of 1.2, 1.3"],
    [["serve", "--tls-client-certificate", "yes"], "option '--tls-client-certificate' cannot be 'yes': choose one of"],
    [
      ["serve", "--listen", "tcp://[::1]:1", ...CERTIFICATE],
      "option '--tls-cert' has no effect: no place of --listen speaks TLS; write tls://host:port",
    ],
    [
      ["serve", ...CERTIFICATE, "--tls-client-certificate", "required"],
      "option '--tls-client-certificate' requires --tls-ca, the authorities that have signed",
    ],
    [
      ["serve", ...CERTIFICATE, "--tls-ca", pathOf("ca.pem")],
      "option '--tls-ca' has no effect without --tls-client-certificate optional or required",
    ],
    [
      ["serve", "--tls-cert", "/no/such.pem", "--tls-key", "/no/such.key"],
      "cannot load the certificate /no/such.pem: the file /no/such.pem does not exist",
    ],
    [
      ["serve", "--tls-cert", pathOf("server.pem"), "--tls-key", pathOf("client.key")],
      `cannot speak TLS: ${pathOf("client.key")} is not the key of ${pathOf("server.pem")}; check the files of --tls-cert`,
    ],
    [
      ["serve", "--tls-cert", pathOf("server.key"), "--tls-key", pathOf("server.key")],
      `cannot speak TLS: ${pathOf("server.key")} has no certificate in PEM; check`,
    ],
    [
      ["serve", ...CERTIFICATE, "--tls-client-certificate", "optional", "--tls-ca", pathOf("server.key")],
      `cannot speak TLS: ${pathOf("server.key")} has no certificate in PEM; check`,
    ],
    [["serve", "./no_such_module.mjs"], "cannot load the service module ./no_such_module.mjs: the file "],
  ])("%j is refused in one line", async (args, message) => {
    const { written, exitCode } = started(args);
    expect(await exitCode).toBe(2);
    expect(written.out).toBe("");
    expect(written.err.startsWith(`spillway: ${message}`), written.err).toBe(true);
    expect(written.err.indexOf("\n")).toBe(written.err.length - 1);
  });

  it.each([["--version"], ["-v"], ["-V"], ["serve", "--version"], ["serve", "-v"]])(
    "%s %s prints the version",
    async (...args) => {
      const { written, exitCode } = started(args);
      expect(await exitCode).toBe(0);
      expect(written).toEqual({ out: `${VERSION}\n`, err: "" });
    },
  );

  it.each([
    [["--help"], ["Usage: spillway ", "serve ", "help ", "-v, --version"]],
    [["help"], ["Usage: spillway ", "serve "]],
    [
      ["help", "serve"],
      ["Usage: spillway serve ", "--port"],
    ],
    [
      ["serve", "--help"],
      [
        "Usage: spillway serve ",
        ...SETTINGS.map(({ option }) => option),
        "-p, --port",
        "--config",
        "--print-config",
        "delimited:'\\r\\n'",
        "content-length",
        "--version",
        "--help",
        "compute",
        "echo",
      ],
    ],
  ])("%j prints help", async (args, parts) => {
    const { written, exitCode } = started(args);
    expect(await exitCode).toBe(0);
    expect(written.err).toBe("");
    for (const part of parts) expect(written.out).toContain(part);
  });
});

describe("serve", () => {
  it("says that it is ready, drains at a signal, and forgets the signals", async () => {
    const { signals, written, ready, exitCode } = started(["serve", "echo", "--port", "0"]);
    await ready;
    expect(written.out).toMatch(/^spillway listening on 127\.0\.0\.1:\d+ \(\w+ \d+\.\d+\.\d+\S*\)\n$/);
    expect(signals.eventNames()).toEqual(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);
    signals.emit("SIGHUP");
    expect(await exitCode).toBe(0);
    expect(signals.eventNames()).toEqual([]);
    expect(written.out.split("\n")).toHaveLength(2);
    expect(written.err).toContain("SIGHUP: draining; a second signal aborts the remaining connections");
    expect(written.err).toContain("drained, closed in order: 0, aborted: 0");
  });

  it("says in one line everywhere that it listens", async () => {
    const args = ["serve", "echo", "--listen", "tcp://127.0.0.1:0,tcp://localhost:0"];
    const { signals, written, ready, exitCode } = started(args);
    await ready;
    expect(written.out).toMatch(
      /^spillway listening on tcp:\/\/127\.0\.0\.1:\d+, tcp:\/\/\S+:\d+ \(\w+ \d+\.\d+\.\d+\S*\)\n$/,
    );
    signals.emit("SIGTERM");
    expect(await exitCode).toBe(0);
  });

  it("says what of several places it cannot listen on", async () => {
    const args = ["serve", "echo", "--listen", "tcp://127.0.0.1:0,tcp://203.0.113.1:0,tcp://127.0.0.1:0"];
    const { written, exitCode } = started(args);
    expect(await exitCode).toBe(1);
    expect(written).toEqual({
      out: "",
      err: "spillway: cannot listen on 203.0.113.1:0: this machine does not have that address; choose an address of this machine with --listen (0.0.0.0 or :: for all addresses)\n",
    });
  });

  it("ends with 1, and says why, when accepting fails for good", async () => {
    const dead: Transport = {
      name: "dead 1.0.0",
      listen: async () => ({
        address: { hostname: "127.0.0.1", port: 1 },
        close: () => undefined,
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new SpillwayError("accept-failed", "cannot accept")),
        }),
      }),
      connect: () => expect.unreachable(),
    };
    const { signals, written, exitCode } = started(["serve", "echo"], dead);
    expect(await exitCode).toBe(1);
    expect(written.out).toBe("spillway listening on 127.0.0.1:1 (dead 1.0.0)\n");
    expect(written.err).toContain("ERR accepting stopped: cannot accept");
    expect(signals.eventNames()).toEqual([]);
  });

  it("ends with 1, in one line, on a runtime without a transport", async () => {
    const { written, exitCode } = started(["serve"], {
      name: "no transport",
      listen: () => Promise.reject(new SpillwayError("runtime-unsupported", "no TCP here")),
      connect: () => expect.unreachable(),
    });
    expect(await exitCode).toBe(1);
    expect(written).toEqual({ out: "", err: "spillway: cannot listen on 127.0.0.1:8080: no TCP here\n" });
  });

  it.each([
    ["203.0.113.1", "this machine does not have that address"],
    ["host.invalid", "the name does not resolve"],
  ])("cannot listen on %s, and says why", async (hostname, why) => {
    const { signals, written, exitCode } = started(["serve", "--hostname", hostname, "--port", "0"]);
    expect(await exitCode).toBe(1);
    expect(written).toEqual({
      out: "",
      err: expect.stringMatching(`^spillway: cannot listen on ${hostname}:0: ${why}; .*--hostname.*\n$`) as unknown,
    });
    expect(signals.eventNames()).toEqual([]);
  });
});
