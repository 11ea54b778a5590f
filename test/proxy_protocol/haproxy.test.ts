// The step behind HAProxy, whose authors wrote the specification.
import path from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { type ProxyHeaderOptions, proxyHeader } from "../../src/proxy_protocol/mod.ts";
import { RealProgram } from "../support/real_program.ts";
import { read } from "../support/tree.ts";
import { type Described, described, describedConnections } from "./support/described.ts";
import { checkConfiguration, startHaproxy, temporaryFolder } from "./support/haproxy.ts";
import { v2 } from "./support/header_bytes.ts";

const openssl = new RealProgram("openssl", "openssl");

/** A check that waits for an answer. Otherwise HAProxy resets a connection as soon as it is there. */
const CHECKED = `option tcp-check
  tcp-check send hello\\n
  tcp-check expect string remoteAddress`;

interface Proxied {
  readonly folder: string;
  readonly server: Described;
  /** The path of the socket on which HAProxy listens. */
  readonly socket: string;
}

/** Starts a server, `at` a path or a port, and HAProxy in front of it: `bind` and `server` are the options of its lines. */
async function proxied(
  context: TestContext,
  { bind, server: options, more = "", at }: { bind: string; server: string; more?: string; at?: string },
  folder = temporaryFolder(context),
): Promise<Proxied> {
  const server = await describedConnections(at);
  context.onTestFinished(() => server[Symbol.asyncDispose]());
  const socket = path.join(folder, "in.sock");
  startHaproxy(
    context,
    folder,
    `listen proxy
  bind unix@${socket} mode 600 ${bind}
  ${more}
  server it ${server.address} ${options}
listen checked
  bind unix@${path.join(folder, "checked.sock")} mode 600
  ${CHECKED}
  server it ${server.address} send-proxy-v2 check inter 50ms`,
  );
  // HAProxy checks its servers as soon as it listens.
  await server.event((event) => event.type === "connection-opened" && event.connection.proxy?.command === "local");
  return { folder, server, socket };
}

const inet = {
  source: { hostname: "192.0.2.1", port: 56_324 },
  destination: { hostname: "198.51.100.7", port: 443 },
};
const inet6 = {
  source: { hostname: "2001:db8::1", port: 1 },
  destination: { hostname: "2001:db8::ffff:2", port: 65_535 },
};
const asInfo = ({ source, destination }: ProxyHeaderOptions) => ({ remoteAddress: source, localAddress: destination });

/** Reads an address with a port as HAProxy writes it. */
function asAddress(text: string): { readonly hostname: string; readonly port: number } {
  const [hostname = "", port] = text.split(":");
  return { hostname, port: Number(port) };
}

describe("HAProxy with send-proxy", () => {
  it.for([
    ["IPv4", proxyHeader({ version: 1, ...inet }), inet],
    ["IPv6", proxyHeader({ version: 1, ...inet6 }), inet6],
    [
      "IPv4 to IPv6",
      proxyHeader({ version: 1, source: inet.source, destination: inet6.destination }),
      { ...inet6, source: inet.source },
    ],
    [
      "IPv4-mapped IPv6",
      v2(0x21, 0x21, "00000000000000000000ffffc0000201 00000000000000000000ffffc6336407 dc04 01bb"),
      inet,
    ],
  ] as const)("passes on addresses that we announce: %s", async ([, header, addresses], context) => {
    const { socket } = await proxied(context, { bind: "accept-proxy", server: "send-proxy" });
    expect(await described(socket, header)).toMatchObject({
      ...asInfo(addresses),
      proxy: { version: 1, command: "proxy", transport: "tcp", from: { hostname: "127.0.0.1" }, others: [] },
    });
  });

  it("says UNKNOWN of what is not TCP, whose addresses then stay", async (context) => {
    const { socket, server } = await proxied(context, { bind: "", server: "send-proxy" });
    const info = await described(socket);
    expect(info).toMatchObject({
      remoteAddress: { hostname: "127.0.0.1" },
      localAddress: asAddress(server.address),
      proxy: { version: 1, command: "proxy", transport: "unspecified" },
    });
    expect(info.proxy?.from).toEqual(info.remoteAddress);
  });

  it("checks the server's health, also by what it answers", async (context) => {
    const { server } = await proxied(context, {
      bind: "",
      server: "send-proxy check check-send-proxy inter 50ms",
      more: CHECKED,
    });
    const wanted = { reason: "handler-closed", framesIn: 1, connection: { proxy: { version: 1, transport: "tcp" } } };
    const closed = await server.event(
      (event) => event.type === "connection-closed" && event.connection.proxy?.version === 1,
    );
    expect(closed).toMatchObject(wanted);
  });
});

const ALL_BUT_TLS = "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority";

describe("HAProxy with send-proxy-v2", () => {
  it.for([
    ["IPv4", { ...inet }],
    ["IPv6", { ...inet6 }],
    ["with a checksum", { ...inet, crc32c: true }],
  ] as const)("passes on what we announce: %s", async ([, options], context) => {
    const { socket } = await proxied(context, {
      bind: "accept-proxy",
      more: "unique-id-format id-of-%ci-%cp",
      server: ALL_BUT_TLS,
    });
    const header = proxyHeader({ ...options, authority: "a.example" });
    expect(await described(socket, header)).toMatchObject({
      ...asInfo(options),
      proxy: {
        version: 2,
        command: "proxy",
        transport: "tcp",
        from: { hostname: "127.0.0.1" },
        authority: "a.example",
        uniqueId: `id-of-${options.source.hostname}-${options.source.port}`,
        others: [],
      },
    });
  });

  it.for([1, 2] as const)(
    "reaches the server through a Unix domain socket, too: version %d",
    async (version, context) => {
      const folder = temporaryFolder(context);
      const at = path.join(folder, "server.sock");
      const server = version === 1 ? "send-proxy" : ALL_BUT_TLS;
      const { socket } = await proxied(context, { bind: "accept-proxy", server, at }, folder);
      expect(await described(socket, proxyHeader({ version, ...inet }))).toMatchObject({
        ...asInfo(inet),
        proxy: { version, from: { path: "" } },
      });
    },
  );

  it("says LOCAL of what is not TCP, whose addresses then stay", async (context) => {
    const { socket, server } = await proxied(context, { bind: "", server: ALL_BUT_TLS });
    expect(await described(socket)).toMatchObject({
      remoteAddress: { hostname: "127.0.0.1" },
      localAddress: asAddress(server.address),
      proxy: { version: 2, command: "local", transport: "unspecified" },
    });
  });

  it("says LOCAL when it checks the server's health", async (context) => {
    const { server } = await proxied(context, {
      bind: "",
      server: "send-proxy-v2 proxy-v2-options crc32c check check-send-proxy inter 50ms",
      more: CHECKED,
    });
    const closed = await server.event((event) => event.type === "connection-closed" && event.framesIn === 1);
    expect(closed).toMatchObject({
      connection: { remoteAddress: { hostname: "127.0.0.1" }, proxy: { version: 2, command: "local" } },
    });
  });
});

/** Certificates for a test, made by openssl: an authority, and what it has signed. */
async function makeCertificates(context: TestContext, folder: string): Promise<void> {
  const file = (name: string) => path.join(folder, name);
  const make = async (...args: string[]) => {
    const { code, stderr } = await openssl.run(context, args);
    expect(code, stderr).toBe(0);
  };
  const key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  await make("req", "-x509", ...key, "-subj", "/CN=authority", "-keyout", file("ca.key"), "-out", file("ca.pem"));
  for (const name of ["server", "client"]) {
    const signed = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-keyout", file(`${name}.pem.key`)];
    await make("req", "-x509", ...key, "-subj", `/CN=${name}.example`, ...signed, "-out", file(`${name}.pem`));
  }
}

describe("HAProxy that ends TLS", () => {
  it("tells of the client's session and certificate", async (context) => {
    const folder = temporaryFolder(context);
    await makeCertificates(context, folder);
    const file = (name: string) => path.join(folder, name);
    const options = "ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c";
    const { socket } = await proxied(
      context,
      {
        bind: `ssl crt ${file("server.pem")} ca-file ${file("ca.pem")} verify optional crt-ignore-err all alpn lines`,
        server: `send-proxy-v2 proxy-v2-options ${options}`,
        // Without addresses of TCP, HAProxy says LOCAL, and a receiver discards the rest.
        more: `tcp-request connection set-src ipv4(${inet.source.hostname})
  tcp-request connection set-dst ipv4(${inet.destination.hostname})`,
      },
      folder,
    );
    const ask = async (...certificate: string[]) => {
      const client = ["s_client", "-unix", socket, "-servername", "a.example", "-alpn", "lines", "-quiet"];
      const { stdout, stderr } = await openssl.run(context, [...client, ...certificate], "who am I?\n");
      const [reply] = /\{.*\}/.exec(stdout) ?? [];
      expect(reply, stderr).toBeDefined();
      return JSON.parse(reply ?? "") as { proxy: { tls: unknown; alpn?: string; authority?: string } };
    };
    const session = {
      version: "TLSv1.3",
      cipher: expect.stringContaining("TLS_"),
      signatureAlgorithm: "RSA-SHA256",
      keyAlgorithm: "RSA2048",
      others: [],
    };
    const { proxy } = await ask("-cert", file("client.pem"), "-key", file("client.pem.key"));
    expect(proxy).toMatchObject({ authority: "a.example", alpn: "lines" });
    expect(proxy.tls).toEqual({
      ...session,
      verified: true,
      clientCertificate: "connection",
      commonName: "client.example",
    });
    expect((await ask()).proxy.tls).toEqual({ ...session, verified: false, clientCertificate: "none" });
  });
});

describe("the example of docs/proxy_protocol.md", () => {
  it("is a configuration of HAProxy", async (context) => {
    const folder = temporaryFolder(context);
    await makeCertificates(context, folder);
    const [, example = ""] = /```haproxy\n(.+?)```/s.exec(read("docs/proxy_protocol.md")) ?? [];
    expect(example).toContain("/etc/haproxy/site.pem");
    const ending = await checkConfiguration(
      context,
      folder,
      example.replace("/etc/haproxy/site.pem", path.join(folder, "server.pem")),
    );
    expect(ending).toMatchObject({ code: 0 });
  });
});

describe("HAProxy that sends no header", () => {
  it("is refused by a server that requires one", async (context) => {
    const { server, socket } = await proxied(context, { bind: "", server: "" });
    await expect(described(socket)).rejects.toThrow(/JSON|ECONNRESET|EPIPE|reset/);
    const refused = await server.event(
      (event) => event.type === "establish-failed" && event.error.code === "proxy-invalid",
    );
    expect(refused).toMatchObject({
      connection: { remoteAddress: { hostname: "127.0.0.1" } },
      error: { code: "proxy-invalid", message: expect.stringContaining(`got "who am I?`) },
    });
  });
});
