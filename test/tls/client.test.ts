import { describe, expect, it } from "vitest";
import { type Connection, type EstablishContext, SpillwayError } from "../../src/core/mod.ts";
import { transport as native } from "../../src/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { type TlsClientOptions, tlsClient } from "../../src/tls/mod.ts";
import { ca, pair, pathOf } from "./support/certificates.ts";
import { freePort } from "./support/free_port.ts";
import { certificate, Openssl } from "./support/openssl.ts";
import { servedTls } from "./support/served_tls.ts";

const memory = memoryTransport();

/** Connects with a step, as a client does. */
async function secured(
  step: ReturnType<typeof tlsClient>,
  port: number,
  hostname: string,
  transport = native,
): Promise<Connection> {
  const connection = await transport.connect({ hostname: "127.0.0.1", port });
  const context = { id: 1, signal: new AbortController().signal, hostname } satisfies EstablishContext & {
    hostname: string;
  };
  return step(connection, context);
}

/** Sends a line, and returns what comes back. */
async function exchange(connection: Connection, line: string): Promise<string> {
  const writer = connection.writable.getWriter();
  const reader = connection.readable.getReader();
  await writer.write(new TextEncoder().encode(line));
  const { value } = await reader.read();
  await writer.close();
  while (!(await reader.read()).done);
  await connection.closed;
  return new TextDecoder().decode(value);
}

describe.each([
  ["the network", native],
  ["memory", memory],
])("a client with TLS, over %s", (_name, transport) => {
  it("verifies the server, and says what was agreed on", async () => {
    const { port } = await servedTls({ alpn: ["x/1"] }, {}, transport);
    const connection = await secured(tlsClient({ ca, alpn: ["x/1"] }), port, "localhost", transport);
    expect(connection.tls).toMatchObject({
      protocol: "TLSv1.3",
      alpn: "x/1",
      serverName: "localhost",
      authorized: true,
      resumed: false,
      peerCertificate: {
        commonName: "localhost",
        subjectAltNames: ["DNS:localhost", "IP:127.0.0.1", "IP:0:0:0:0:0:0:0:1"],
      },
    });
    expect(await exchange(connection, "hello\n")).toBe("HELLO\n");
  });

  it.each<[string, string, string, TlsClientOptions, RegExp]>([
    ["is for another name", "server", "other.example", { ca }, /another name/],
    ["is for another address", "server", "127.0.0.9", { ca }, /another name/],
    ["is for names with one label less", "b_example", "x.y.b.example", { ca }, /another name/],
    ["is self-signed", "self_signed", "localhost", { ca }, /self-signed/],
    ["has an unknown authority", "unknown", "localhost", { ca }, /authority is unknown/],
    ["has expired", "expired", "localhost", { ca }, /expired/],
    ["has an authority that the runtime does not know", "server", "localhost", {}, /authority is unknown/],
  ])("refuses a certificate that %s", async (_, name, hostname, options, message) => {
    const { of, port } = await servedTls(pair(name), {}, transport);
    await expect(secured(tlsClient(options), port, hostname, transport)).rejects.toMatchObject({
      code: "tls-failed",
      message: expect.stringMatching(message),
    });
    expect(of("connection-opened").length).toBeLessThan(2);
  });

  it("verifies the name of serverName, or an address, or a name of a wildcard", async () => {
    const { port } = await servedTls({ serverNames: { "*.b.example": pair("b_example") } }, {}, transport);
    for (const [hostname, options] of [
      ["ignored.example", { ca, serverName: "localhost" }],
      ["127.0.0.1", { ca }],
      ["x.b.example", { ca }],
    ] as const) {
      const connection = await secured(tlsClient(options), port, hostname, transport);
      expect(connection.tls?.authorized).toBe(true);
      connection.abort();
    }
  });

  it("takes any certificate with verify: false, and says that it was not verified", async () => {
    const { port } = await servedTls(pair("self_signed"), {}, transport);
    const step = tlsClient({ verify: false });
    for (let count = 0; count < 2; count++) {
      const connection = await secured(step, port, "localhost", transport);
      expect(connection.tls).toMatchObject({ authorized: false });
      expect(await exchange(connection, "hello\n")).toBe("HELLO\n");
    }
    // A session that was begun so is worth nothing to a client that verifies.
    await expect(secured(tlsClient({ ca }), port, "localhost", transport)).rejects.toMatchObject({
      code: "tls-failed",
    });
  });

  it("sends its certificate, and keeps what it knows of a session that is resumed", async () => {
    const { of, port } = await servedTls({ ca, clientCertificate: "required" }, {}, transport);
    const step = tlsClient({ ca, ...pair("client") });
    for (let count = 0; count < 2; count++) {
      const connection = await secured(step, port, "localhost", transport);
      expect(connection.tls).toMatchObject({ authorized: true, peerCertificate: { commonName: "localhost" } });
      expect(await exchange(connection, "hello\n")).toBe("HELLO\n");
    }
    const seen = of("connection-opened").map(({ connection }) => connection.tls);
    expect(seen).toMatchObject([{ authorized: true }, { authorized: true }]);
  });

  it("ends when its signal aborts in the middle of the handshake", async () => {
    const { port } = await servedTls({}, { establish: [() => new Promise(() => {})] }, transport);
    const controller = new AbortController();
    const connection = await transport.connect({ hostname: "127.0.0.1", port });
    const reason = new SpillwayError("connect-aborted", "enough");
    const pending = tlsClient({ ca, serverName: "localhost" })(connection, { id: 1, signal: controller.signal });
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await connection.closed;
  });

  it("needs a name to verify", async () => {
    const { port } = await servedTls({}, {}, transport);
    const connection = await transport.connect({ hostname: "127.0.0.1", port });
    const { signal } = new AbortController();
    await expect(tlsClient({ ca })(connection, { id: 1, signal })).rejects.toThrow(/set serverName/);
    connection.abort();
  });
});

describe("a client with TLS, against openssl s_server", () => {
  it.each(["-tls1_2", "-tls1_3"])("exchanges lines (%s), with a client certificate and ALPN", async (flag) => {
    const port = await freePort();
    const args = [flag, "-accept", `127.0.0.1:${port}`, "-alpn", "x/1", "-Verify", "1", "-CAfile", pathOf("ca.pem")];
    const server = new Openssl(["s_server", ...args, ...certificate("server"), "-rev"]);
    await server.until("ACCEPT");
    const connection = await secured(tlsClient({ ca, alpn: ["x/1"], ...pair("client") }), port, "localhost");
    expect(connection.tls).toMatchObject({ protocol: flag === "-tls1_2" ? "TLSv1.2" : "TLSv1.3", alpn: "x/1" });
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode("hello\n"));
    const { value } = await connection.readable.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("olleh\n");
    connection.abort();
  });
});
