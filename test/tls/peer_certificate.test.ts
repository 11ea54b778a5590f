import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { peerCertificate } from "../../src/tls/peer_certificate.ts";
import { pem } from "./support/certificates.ts";

const derOf = (name: string) => new Uint8Array(new X509Certificate(pem(name)).raw);

describe("the reading of a certificate", () => {
  it("gives what OpenSSL says of it, in the order and with the escapes of RFC 4514", () => {
    const { fingerprint256, serialNumber, ...rest } = peerCertificate(derOf("client.pem"));
    const native = new X509Certificate(pem("client.pem"));
    expect(fingerprint256).toBe(native.fingerprint256);
    // Some runtimes leave zeros at its beginning out.
    expect(serialNumber.replace(/^0/, "")).toBe(native.serialNumber.replace(/^0/, ""));
    expect(serialNumber.length % 2).toBe(0);
    expect(rest).toEqual({
      subject: String.raw`OU=x+CN=device-7,O=Example\, Inc.,C=DE`,
      commonName: "device-7",
      subjectAltNames: ["DNS:device-7.example", "URI:spiffe://example/device-7", "email:a@example.com", "IP:192.0.2.7"],
      issuer: "CN=Example CA,O=Example",
      validFrom: Date.UTC(2020, 0, 1),
      validTo: Date.UTC(2120, 0, 1),
    });
  });

  it("knows both ways to write a date, and a certificate without names", () => {
    expect(peerCertificate(derOf("expired.pem"))).toMatchObject({
      validFrom: Date.UTC(2000, 0, 1),
      validTo: Date.UTC(2001, 0, 1),
      subjectAltNames: ["DNS:localhost"],
    });
    expect(peerCertificate(derOf("ca.pem")).subjectAltNames).toEqual([]);
  });

  it("escapes what could break a line or a name, and never reads outside, whatever the bytes are", () => {
    const original = derOf("client.pem");
    const changes = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat(original.length), (bytes, length) => {
        const der = original.slice(0, length === 0 ? original.length : length);
        for (const [at, value] of bytes) if (at < der.length) der[at] = value;
        try {
          const { issuer, subject, subjectAltNames } = peerCertificate(der);
          // oxlint-disable-next-line no-control-regex -- these are what must not be there
          expect([issuer, subject, ...subjectAltNames].join("")).not.toMatch(/[\u0000-\u001f\u007f]/);
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
        }
      }),
      { numRuns: 3_000, seed: 13 },
    );
  });
});
