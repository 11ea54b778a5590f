import { describe, expect, it } from "vitest";
import { eventually } from "../conformance/support/platform.ts";
import { ca, pem } from "./support/certificates.ts";
import { certificate, sClient } from "./support/openssl.ts";
import { servedTls } from "./support/served_tls.ts";

describe("a server with TLS", () => {
  it.each([
    ["-tls1_2", "TLSv1.2"],
    ["-tls1_3", "TLSv1.3"],
  ])("answers openssl s_client %s, and says what was agreed on", async (flag, protocol) => {
    const { of, port } = await servedTls();
    const client = sClient(port, flag, "-servername", "Localhost");
    client.send("hello\n");
    await client.until("HELLO\n");
    const [opened] = of("connection-opened");
    expect(opened?.connection.tls).toEqual({
      protocol,
      cipher: expect.stringMatching(/^TLS_/),
      serverName: "localhost",
      authorized: false,
      resumed: false,
    });
    client.finish();
    expect(await client.ended()).toContain("Verify return code: 0 (ok)");
    await eventually(() => of("connection-closed").length === 1);
    expect(of("connection-closed")[0]).toMatchObject({ reason: "remote-closed", framesOut: 1 });
  });

  it("agrees on a protocol, and refuses a client that speaks none of them", async () => {
    const { of, port, refused } = await servedTls({ alpn: ["x/1", "y/1"] });
    const client = sClient(port, "-alpn", "z/1,y/1");
    client.send("hello\n");
    expect(await client.until("HELLO\n")).toContain("ALPN protocol: y/1");
    expect(of("connection-opened")[0]?.connection.tls?.alpn).toBe("y/1");
    const other = sClient(port, "-alpn", "z/1");
    expect(await refused()).toMatchObject({ code: "tls-failed" });
    expect(await other.ended()).toContain("alert no application protocol");
  });

  it("requires the certificate of a client, and shows it", async () => {
    const { of, port } = await servedTls({ ca, clientCertificate: "required" });
    const client = sClient(port, ...certificate("client"));
    client.send("hello\n");
    await client.until("HELLO\n");
    expect(of("connection-opened")[0]?.connection.tls).toMatchObject({
      authorized: true,
      peerCertificate: {
        subject: String.raw`OU=x+CN=device-7,O=Example\, Inc.,C=DE`,
        commonName: "device-7",
        subjectAltNames: [
          "DNS:device-7.example",
          "URI:spiffe://example/device-7",
          "email:a@example.com",
          "IP:192.0.2.7",
        ],
        issuer: "CN=Example CA,O=Example",
        validFrom: Date.UTC(2020, 0, 1),
        validTo: Date.UTC(2120, 0, 1),
      },
    });
    expect(pem("client.pem")).toContain("BEGIN CERTIFICATE");
  });

  it.each([
    ["no certificate", [], /no certificate/],
    ["a self-signed certificate", certificate("self_signed"), /self-signed/],
    ["one of an unknown authority", certificate("unknown"), /authority/],
    ["an expired certificate", certificate("expired"), /expired/],
  ])("refuses a client with %s where one is required", async (_, args, message) => {
    const { of, port, refused } = await servedTls({ ca, clientCertificate: "required" });
    for (const flag of ["-tls1_2", "-tls1_3"]) {
      const client = sClient(port, flag, ...args);
      client.send("hello\n");
      await client.ended();
    }
    expect(await refused(2)).toMatchObject({ code: "tls-failed", message: expect.stringMatching(message) });
    expect(of("establish-failed").length).toBe(2);
    expect(of("connection-opened")).toEqual([]);
  });
});
