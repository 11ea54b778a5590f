import { afterEach, describe, expect, it } from "vitest";
import { connect, lines, type Server, serve } from "../../src/mod.ts";
import { proxyProtocol } from "../../src/proxy_protocol/mod.ts";
import { tls } from "../../src/tls/mod.ts";
import { ca, pair } from "./support/certificates.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.shutdown({ timeoutMs: 1 });
});

/** Serves whoever comes by way of a proxy with TLS, and says what is known of it. */
async function secured(): Promise<{ port: number }> {
  const server = await serve({
    port: 0,
    codec: lines(),
    establish: [proxyProtocol({ from: "127.0.0.1" }), tls(pair("server"))],
    handler: (_line, { connection }) => `${connection.remoteAddress.hostname} ${connection.tls?.protocol}`,
  });
  servers.push(server as unknown as Server);
  return { port: server.address.port };
}

describe("connect", () => {
  it("sends a PROXY header, and speaks TLS behind it", async () => {
    const options = {
      ...(await secured()),
      codec: lines(),
      proxyProtocol: { source: { hostname: "192.0.2.1", port: 7 } },
      tls: { ca, serverName: "localhost" },
    };
    await using client = await connect(options);
    expect(await client.request("?")).toBe("192.0.2.1 TLSv1.3");
  });

  it("verifies the server with tls: true", async () => {
    const { port } = await secured();
    const source = { hostname: "192.0.2.1", port: 7 };
    const connecting = connect({ port, codec: lines(), proxyProtocol: { source }, tls: true });
    await expect(connecting).rejects.toMatchObject({ code: "tls-failed" });
  });

  it("does without TLS with tls: false", async () => {
    const server = await serve({ port: 0, codec: lines(), handler: (line) => line });
    servers.push(server as unknown as Server);
    await using client = await connect({ ...server.address, codec: lines(), tls: false });
    expect(await client.request("hi")).toBe("hi");
  });

  it.each([
    [{ tls: 1 }, "tls must be true, or an object"],
    [{ tls: { serverNam: "a" } }, "unknown option serverNam; did you mean serverName?"],
    [{ proxyProtocol: { sourc: 1 } }, "unknown option sourc; did you mean source?"],
  ])("refuses options like %j", async (options, message) => {
    const wrong = { port: 1, codec: lines(), ...options } as unknown as Parameters<typeof connect<string, string>>[0];
    await expect(connect(wrong)).rejects.toThrow(new TypeError(message));
  });
});
