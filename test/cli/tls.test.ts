// TLS on the real command line, as openssl sees it.
import { once } from "node:events";
import { copyFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import { RealProgram } from "../support/real_program.ts";
import { pathOf, pem } from "../tls/support/certificates.ts";
import { bindAndBecome, python } from "./support/bind_and_become.ts";
import { CliProcess } from "./support/cli_process.ts";
import { LineConnection } from "./support/line_connection.ts";
import { RUNTIME } from "./support/runtime.ts";

const openssl = new RealProgram("openssl", "openssl");

const started: CliProcess[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-"));
});
afterAll(async () => {
  for (const cli of started) cli.kill();
  await rm(folder, { recursive: true });
});

const CERTIFICATE = ["--tls-cert", pathOf("server.pem"), "--tls-key", pathOf("server.key")];
const CLIENT = ["-cert", pathOf("client.pem"), "-key", pathOf("client.key")];

function serve(...args: string[]): CliProcess {
  const cli = new CliProcess("serve", "--log-level", "debug", ...args);
  started.push(cli);
  return cli;
}

async function drained(cli: CliProcess): Promise<void> {
  cli.signal("SIGTERM");
  expect(await cli.ended, cli.stderr).toEqual({ code: 0, signal: null });
}

/** HAProxy takes the socket that it inherits, and passes connections on to a path, with PROXY headers. */
function haproxyConfiguration(to: string): string {
  return `global
  maxconn 100
defaults
  mode tcp
  timeout connect 10s
  timeout client 10s
  timeout server 10s
listen lines
  bind fd@3
  server one unix@${to} send-proxy-v2
`;
}

/** A connection of `openssl s_client`, which verifies the certificate of the server. */
class Client {
  output = "";
  readonly #child: ReturnType<RealProgram["start"]>["child"];
  readonly #ending: ReturnType<RealProgram["start"]>["ending"];
  readonly #waiting = new Set<() => void>();

  constructor(context: TestContext, to: number | string, ...args: string[]) {
    const where = typeof to === "string" ? ["-unix", to] : ["-connect", `127.0.0.1:${to}`];
    const trust = ["-CAfile", pathOf("ca.pem"), "-verify_return_error"];
    const { child, ending } = openssl.start(context, ["s_client", ...where, ...trust, ...args]);
    this.#child = child;
    this.#ending = ending;
    child.stdin.on("error", () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: string) => {
        this.output += text;
        for (const look of this.#waiting) look();
      });
    }
    void ending.then(() => {
      for (const look of this.#waiting) look();
    });
  }

  send(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Fulfils when this is in the output. */
  async printed(text: string): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = () => {
          if (this.output.includes(text)) resolve();
        };
        this.#waiting.add(look);
        look();
      }),
      this.ended(),
    ]);
    expect(this.output).toContain(text);
  }

  /** Ends the input, and fulfils with all of the output. */
  async finished(): Promise<string> {
    this.#child.stdin.end();
    return this.ended();
  }

  async ended(): Promise<string> {
    await this.#ending;
    return this.output;
  }
}

/** Sends a line over a connection of its own. Fulfils with the name of the server, when the line has come back. */
async function requestOver(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: pem("ca.pem") });
  await once(socket, "secureConnect");
  const name = socket.getPeerCertificate().subject.CN;
  socket.setEncoding("utf8").write("request\n");
  const [reply] = (await once(socket, "data")) as [string];
  expect(reply).toBe("request\n");
  socket.end();
  await once(socket, "close");
  return name;
}

/** The port of the ready line. */
async function portOf(cli: CliProcess): Promise<number> {
  const [, port] = await cli.printed(/tls:\/\/127\.0\.0\.1:(\d+)/);
  return Number(port);
}

// Windows has no signal that another process could handle.
describe.skipIf(process.platform === "win32")("the command line with a certificate", { concurrent: true }, () => {
  it("speaks TLS on its port, and refuses a client that does not", async (context) => {
    const cli = serve(...CERTIFICATE, "--port", "0", "--delay", "10ms");
    const port = await portOf(cli);
    expect(cli.stdout).toBe(`spillway listening on tls://127.0.0.1:${port} (${RUNTIME.name})\n`);
    const client = new Client(context, port);
    client.send("41\n");
    await client.printed("result: 42 (processed '41')");
    expect(await client.finished()).toContain("Verify return code: 0 (ok)");
    const plain = new LineConnection(port);
    plain.send("41\n");
    expect(await plain.rest()).not.toContain("result");
    await cli.logged(/INF connection 2 from 127\.0\.0\.1:\d+ was not established: /);
    await drained(cli);
  });

  it("asks for a certificate, chooses a protocol, and refuses an old version", async (context) => {
    const mutual = ["--tls-ca", pathOf("ca.pem"), "--tls-client-certificate", "required"];
    const cli = serve(
      "echo",
      ...CERTIFICATE,
      ...mutual,
      "--tls-alpn",
      "x/2,x/1",
      "--tls-min-version",
      "1.3",
      "-p",
      "0",
    );
    const port = await portOf(cli);
    const client = new Client(context, port, ...CLIENT, "-alpn", "x/1,x/2");
    client.send("hello\n");
    await client.printed("hello\n");
    const output = await client.finished();
    expect(output).toContain("ALPN protocol: x/2");
    expect(output).toContain("TLSv1.3");
    const stranger = new Client(context, port);
    stranger.send("hello\n");
    expect(await stranger.ended()).not.toContain("hello\n");
    await cli.logged(/connection 2 .* was not established: .*certificate/);
    await new Client(context, port, ...CLIENT, "-tls1_2").ended();
    await cli.logged(/connection 3 .* was not established: /);
    await drained(cli);
  });

  it("speaks TLS only where that is said: on a port, at a path", async (context) => {
    const [path, plain] = [join(folder, "tls.sock"), join(folder, "plain.sock")];
    const places = ["tls://127.0.0.1:0", `tls+unix:${path}`, `unix:${plain}`];
    const cli = serve("echo", ...CERTIFICATE, "--listen", places.join(","));
    const port = await portOf(cli);
    expect(cli.stdout).toBe(
      `spillway listening on tls://127.0.0.1:${port}, tls+unix:${path}, unix:${plain} (${RUNTIME.name})\n`,
    );
    for (const to of [port, path]) {
      const client = new Client(context, to);
      client.send("hello\n");
      await client.printed("hello\n");
      await client.finished();
    }
    const connection = new LineConnection(plain);
    connection.send("hello\n");
    expect(await connection.line()).toBe("hello");
    connection.finish();
    expect(await connection.rest()).toBe("");
    await drained(cli);
  });

  it("takes a new certificate while a connection stays open, and keeps it when the next is broken", async (context) => {
    const [cert, key] = [join(folder, "reload.pem"), join(folder, "reload.key")];
    await copyFile(pathOf("server.pem"), cert);
    await copyFile(pathOf("server.key"), key);
    const cli = serve("echo", "--port", "0", "--tls-cert", cert, "--tls-key", key);
    const port = await portOf(cli);
    const first = new Client(context, port);
    first.send("before\n");
    await first.printed("before\n");
    expect(first.output).toMatch(/subject=CN ?= ?localhost\n/);
    for (const [from, to] of [
      ["renewed.pem", cert],
      ["renewed.key", key],
    ] as const) {
      await copyFile(pathOf(from), `${to}.new`);
      await rename(`${to}.new`, to);
    }
    await cli.logged(/INF the certificate \S+reload\.pem was reloaded; .* is valid until .*2120/);
    first.send("after\n");
    await first.printed("after\n");
    const second = new Client(context, port);
    second.send("hello\n");
    await second.printed("hello\n");
    expect(second.output).toMatch(/subject=CN ?= ?localhost renewed\n/);
    await second.finished();
    await writeFile(key, "no key");
    await cli.logged(
      /WRN the certificate \S+reload\.pem was not reloaded, and the old one stays: \S+reload\.key is no private key/,
    );
    const third = new Client(context, port);
    third.send("hello\n");
    await third.printed("hello\n");
    expect(third.output).toMatch(/subject=CN ?= ?localhost renewed\n/);
    for (const client of [third, first]) await client.finished();
    await drained(cli);
  });

  it("loses no request while a certificate is replaced under load", async () => {
    const [cert, key] = [join(folder, "load.pem"), join(folder, "load.key")];
    await copyFile(pathOf("server.pem"), cert);
    await copyFile(pathOf("server.key"), key);
    const cli = serve("echo", "--port", "0", "--tls-cert", cert, "--tls-key", key, "--log-level", "info");
    const port = await portOf(cli);
    const seen = new Set<string>();
    let requests = 0;
    const end = new AbortController();
    const load = Array.from({ length: 8 }, async () => {
      while (!end.signal.aborted) {
        seen.add(await requestOver(port));
        requests += 1;
      }
    });
    await vi.waitFor(() => expect(requests).toBeGreaterThan(20), { timeout: 10_000 });
    // One after the other: between them they do not belong together.
    await copyFile(pathOf("renewed.pem"), cert);
    await copyFile(pathOf("renewed.key"), key);
    await cli.logged(/INF the certificate \S+load\.pem was reloaded/);
    const before = requests;
    await vi.waitFor(() => expect(requests).toBeGreaterThan(before + 20), { timeout: 10_000 });
    end.abort();
    await Promise.all(load);
    expect(seen).toEqual(new Set(["localhost", "localhost renewed"]));
    await drained(cli);
    expect(cli.stderr).not.toMatch(/WRN|ERR|not established/);
  });

  it("behind HAProxy answers a client with a certificate, and logs its original address", async (context) => {
    const back = join(folder, "back.sock");
    const mutual = ["--tls-ca", pathOf("ca.pem"), "--tls-client-certificate", "required"];
    const place = ["--listen", `tls+unix:${back}`, "--unix-mode", "666", "--proxy-from", "unix"];
    const cli = serve("--delay", "10ms", ...CERTIFICATE, ...mutual, ...place);
    await cli.printed(/\n/);
    const configuration = join(folder, "haproxy.cfg");
    await writeFile(configuration, haproxyConfiguration(back));
    await new RealProgram("haproxy", "haproxy").run(context, ["-v"]);
    const haproxy = python.start(context, [...bindAndBecome(1), "haproxy", "-db", "-f", configuration]);
    const [, port] = await new Promise<RegExpExecArray>((resolve) => {
      let said = "";
      haproxy.child.stderr.on("data", (text: string) => {
        said += text;
        const ports = /^ports (\d+)\n/.exec(said);
        if (ports !== null) resolve(ports);
      });
    });
    const client = new Client(context, Number(port), ...CLIENT);
    client.send("41\n");
    await client.printed("result: 42 (processed '41')");
    await cli.logged(/connection \d+ from 127\.0\.0\.1:\d+ opened/);
    await client.finished();
    haproxy.child.kill("SIGTERM");
    await haproxy.ending;
    await drained(cli);
  });
});
