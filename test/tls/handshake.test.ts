import { connect as connectNet } from "node:net";
import { describe, expect, it } from "vitest";
import type { SpillwayError } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import { ca, pair } from "./support/certificates.ts";
import { cutClient } from "./support/cut_client.ts";
import { certificate, sClient } from "./support/openssl.ts";
import { servedTls } from "./support/served_tls.ts";

/** Sends bytes without TLS, and returns how the connection ended for the client. */
function sendPlain(port: number, text: string, then?: "fin" | "reset"): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectNet(port, "127.0.0.1", () => {
      if (text !== "") socket.write(text, "latin1");
      if (then === "fin") socket.end();
      if (then === "reset") socket.resetAndDestroy();
    });
    socket.resume();
    socket.on("end", () => resolve("fin"));
    socket.on("error", () => resolve("reset"));
    socket.on("close", () => resolve("closed"));
  });
}

describe("a peer that does not speak TLS", () => {
  it.each<[string, string, "fin" | "reset" | undefined, RegExp]>([
    ["HTTP", "GET / HTTP/1.1\r\n\r\n", undefined, /speaks HTTP|does not speak TLS/],
    ["garbage", "A".repeat(400), undefined, /does not speak TLS/],
    ["nothing, and FIN", "", "fin", /ended the connection before its ClientHello/],
    ["nothing, and a reset", "", "reset", /broke off|ended the connection/],
    ["half a ClientHello, and FIN", "\x16\x03\x01\x00\xc8\x01\x00", "fin", /ended the connection before/],
    ["a ClientHello without content", "\x16\x03\x01\x00\x04\x01\x00\x00\x00", undefined, /handshake failed/],
    ["an alert", "\x15\x03\x01\x00\x02\x02\x28", undefined, /handshake failed/],
    ["a ClientHello that is too long", "\x16\x03\x01\x00\x04\x01\x00\xff\xff", undefined, /more than 16384/],
  ])("is refused with one event and a clean end: %s", async (_, text, then, message) => {
    const { events, refused, port, server } = await servedTls();
    const ended = await sendPlain(port, text, then);
    if (then !== "reset") expect(ended).toBe("fin");
    expect(await refused()).toMatchObject({ code: "tls-failed", message: expect.stringMatching(message) });
    expect(events.map(({ type }) => type)).toEqual(["listening", "establish-failed"]);
    expect(server.stats()).toMatchObject({ connections: 0, establishing: 0 });
  });

  it("is let go when establishTimeoutMs has passed, also in the middle of a handshake", async () => {
    const { events, port, refused } = await servedTls({}, { establishTimeoutMs: 50 });
    await sendPlain(port, "\x16\x03\x01\x00\xc8\x01\x00");
    expect(await refused()).toMatchObject({ code: "establish-timeout" });
    const memory = memoryTransport();
    const other = await servedTls({}, { establishTimeoutMs: 50 }, memory);
    const connection = await memory.connect(other.server.address);
    // The client does not answer the first flight of the server.
    void cutClient(connection, 100_000, "fin");
    const stalled = await memory.connect(other.server.address);
    await stalled.writable.getWriter().write(new TextEncoder().encode("\x16\x03\x01\x00\x80"));
    expect(await other.refused()).toMatchObject({ code: "establish-timeout" });
    expect((await stalled.closed)?.code).toBe("connection-reset");
    expect(events.filter(({ type }) => type === "establish-failed").length).toBe(1);
  });
});

describe("a handshake", () => {
  it("that is cut at any byte, by FIN or a reset, is refused once", async () => {
    const memory = memoryTransport();
    const { of, server } = await servedTls({}, {}, memory);
    let cut = 0;
    for (let done = false; !done && cut < 4_000; cut += 1) {
      done = await cutClient(await memory.connect(server.address), cut, cut % 2 === 0 ? "fin" : "reset");
      await eventually(() => server.stats().establishing === 0);
      if (done) continue;
      expect(of("establish-failed").length).toBe(cut + 1);
    }
    // The last byte of ClientHello at least was among them.
    expect(cut).toBeGreaterThan(100);
    const codes = new Set(of("establish-failed").map(({ error }) => error.code));
    expect([...codes]).toEqual(["tls-failed"]);
  });

  it("that comes byte by byte succeeds", async () => {
    const { port } = await servedTls();
    const relay = await byteByByte(port);
    const client = sClient(relay.port);
    client.send("hello\n");
    await client.until("HELLO\n");
    relay.close();
  });

  it("takes place for 200 connections at once", async () => {
    const { of, port, server } = await servedTls();
    const { connect } = await import("node:tls");
    const answers = Array.from({ length: 200 }, (_, at) => {
      const socket = connect({ port, host: "127.0.0.1", ca, servername: "localhost" });
      return new Promise<string>((resolve, reject) => {
        socket.on("error", reject);
        socket.on("data", (data: Buffer) => {
          socket.destroy();
          resolve(data.toString());
        });
        socket.write(`line ${at}\n`);
      });
    });
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 200 }, (_, at) => `LINE ${at}\n`));
    expect(of("establish-failed")).toEqual([]);
    await eventually(() => server.stats().connections === 0);
  });
});

describe("the certificate of a server", () => {
  const serverNames = { "a.example": pair("a_example"), "*.b.example": pair("b_example") };

  it.each([
    ["a.example", "CN = a.example"],
    ["A.Example", "CN = a.example"],
    ["x.b.example", "CN = b.example"],
    ["b.example", "CN = localhost"],
    ["x.y.b.example", "CN = localhost"],
    ["other.example", "CN = localhost"],
    [undefined, "CN = localhost"],
  ])("for the server name %s is that of %s", async (name, subject) => {
    const { of, port } = await servedTls({ serverNames });
    const client = sClient(port, ...(name === undefined ? ["-noservername"] : ["-servername", name]));
    client.send("hello\n");
    expect(await client.until("HELLO\n")).toContain(`subject=${subject}\n`);
    expect(of("connection-opened")[0]?.connection.tls?.serverName).toBe(name?.toLowerCase());
  });

  it("is another after reload, for new connections, and no request fails meanwhile", async () => {
    const { of, port, step } = await servedTls();
    const open = sClient(port);
    open.send("one\n");
    await open.until("ONE\n");
    const subjects = new Set<string>();
    const { connect } = await import("node:tls");
    const request = () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", ca, servername: "localhost" });
        socket.on("error", reject);
        socket.on("data", () => {
          const { CN } = socket.getPeerCertificate().subject;
          subjects.add(CN as string);
          socket.destroy();
          resolve();
        });
        socket.write("line\n");
      });
    for (let round = 0; round < 10; round++) {
      const requests = Array.from({ length: 10 }, request);
      if (round === 5) step.reload(pair("renewed"));
      await Promise.all(requests);
    }
    expect([...subjects]).toEqual(["localhost", "localhost renewed"]);
    expect(of("establish-failed")).toEqual([]);
    open.send("two\n");
    await open.until("TWO\n");
  });

  it("stays when the new one is broken, or has another key", async () => {
    const { port, step } = await servedTls({ serverNames });
    const { cert } = pair("renewed");
    expect(() => step.reload({ cert, key: pair("server").key })).toThrow(new TypeError("key is not the key of cert"));
    expect(() => step.reload({ ...pair("renewed"), serverNames: { "a.example": { cert, key: "x" } } })).toThrow(
      /serverNames\["a\.example"\]\.key is no private key/,
    );
    const client = sClient(port);
    client.send("hello\n");
    expect(await client.until("HELLO\n")).toContain("subject=CN = localhost\n");
  });
});

describe("a session", () => {
  it.each(["-tls1_2", "-tls1_3"])("is resumed with a ticket (%s), and keeps the client's certificate", async (flag) => {
    const { of, port } = await servedTls({ ca, clientCertificate: "required" });
    const sessions = `${process.cwd()}/tmp/tls-session-${process.pid}${flag}`;
    const { mkdirSync, rmSync } = await import("node:fs");
    mkdirSync("tmp", { recursive: true });
    for (const option of ["-sess_out", "-sess_in"]) {
      const client = sClient(port, flag, ...certificate("client"), option, sessions);
      client.send("hello\n");
      await client.until("HELLO\n");
      client.finish();
      await client.ended();
    }
    rmSync(sessions, { force: true });
    expect(of("connection-opened").map(({ connection }) => connection.tls)).toMatchObject([
      { resumed: false, authorized: true, peerCertificate: { commonName: "device-7" } },
      { resumed: true, authorized: true, peerCertificate: { commonName: "device-7" } },
    ]);
  });

  it.each(["-tls1_2", "-tls1_3"])(
    "that was begun with a certificate of nobody's is worth nothing when it is resumed (%s)",
    async (flag) => {
      const optional = await servedTls({ ca, clientCertificate: "optional" });
      const required = await servedTls({ ca, clientCertificate: "required" });
      const { mkdirSync, rmSync } = await import("node:fs");
      mkdirSync("tmp", { recursive: true });
      const sessions = `${process.cwd()}/tmp/tls-forged-${process.pid}${flag}`;
      const first = sClient(optional.port, flag, ...certificate("self_signed"), "-sess_out", sessions);
      first.send("hello\n");
      await first.until("HELLO\n");
      first.finish();
      await first.ended();
      for (const { port } of [optional, required]) {
        const client = sClient(port, flag, ...certificate("self_signed"), "-sess_in", sessions);
        client.send("hello\n");
        if (port === optional.port) await client.until("HELLO\n");
        client.finish();
        await client.ended();
      }
      rmSync(sessions, { force: true });
      expect(optional.of("connection-opened").map(({ connection }) => connection.tls?.authorized)).toEqual([
        false,
        false,
      ]);
      expect(await required.refused()).toMatchObject({ code: "tls-failed" });
      expect(required.of("connection-opened")).toEqual([]);
    },
  );
});

describe("a client certificate that is optional", () => {
  it.each([
    ["none", [], { authorized: false }],
    ["a valid one", certificate("client"), { authorized: true }],
    ["an expired one", certificate("expired"), { authorized: false, authorizationError: "CERT_HAS_EXPIRED" }],
    [
      "a self-signed one",
      certificate("self_signed"),
      { authorized: false, authorizationError: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    ],
    [
      "one of an unknown authority",
      certificate("unknown"),
      { authorized: false, authorizationError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
    ],
  ])("is judged, and the client is served: %s", async (_, args, tls) => {
    const { of, port } = await servedTls({ ca, clientCertificate: "optional" });
    const client = sClient(port, ...args);
    client.send("hello\n");
    await client.until("HELLO\n");
    expect(of("connection-opened")[0]?.connection.tls).toMatchObject(tls);
  });
});

describe("a server with TLS 1.3 only", () => {
  it("refuses a client of TLS 1.2", async () => {
    const { port, refused } = await servedTls({ minVersion: "TLSv1.3" });
    const client = sClient(port, "-tls1_2");
    expect(((await refused()) as SpillwayError).code).toBe("tls-failed");
    expect(await client.ended()).toContain("alert");
  });

  it("and one of TLS 1.2 refuse renegotiation", async () => {
    const { events, port } = await servedTls();
    const client = sClient(port, "-tls1_2");
    client.send("hello\n");
    await client.until("HELLO\n");
    client.send("R\n");
    expect(await client.ended()).toMatch(/no renegotiation|no_renegotiation/);
    await eventually(() => events.some(({ type }) => type === "connection-closed"));
  });
});

/** A relay that passes what a client sends in segments of one byte. */
async function byteByByte(port: number): Promise<{ port: number; close(): void }> {
  const { createServer } = await import("node:net");
  const server = createServer({ noDelay: true }, (socket) => {
    const onward = connectNet({ port, host: "127.0.0.1", noDelay: true });
    onward.pipe(socket);
    socket.on("data", (chunk) => {
      for (const byte of chunk) onward.write(Uint8Array.of(byte));
    });
    socket.on("end", () => onward.end());
    for (const one of [socket, onward]) one.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, close: () => server.close() };
}
