import { describe, expect, it } from "vitest";
import { type TlsClientOptions, type TlsOptions, tls, tlsClient } from "../../src/tls/mod.ts";
import { runtime } from "../support/child.ts";
import { ca, pair, pem } from "./support/certificates.ts";

const { cert, key } = pair("server");
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("the options of tls()", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ["no key", { cert }, /^key must be PEM, as a string or bytes, not undefined/],
    ["no certificate", { key }, /^cert must be PEM/],
    ["a certificate that is none", { cert: "x", key }, /^cert has no certificate in PEM/],
    [
      "a certificate that is broken",
      { cert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", key },
      /^cert has a certificate that cannot be read/,
    ],
    ["a key that is none", { cert, key: "x" }, /^key is no private key in PEM, or is encrypted/],
    ["the key of another certificate", { cert, key: pem("client.key") }, /^key is not the key of cert/],
    ["an unknown option", { cert, key, clientCertificates: "none" }, /did you mean clientCertificate\?/],
    ["client certificates without ca", { cert, key, clientCertificate: "required" }, /^ca and clientCertificate go/],
    ["ca without client certificates", { cert, key, ca }, /^ca and clientCertificate go/],
    ["a broken ca", { cert, key, ca: "x", clientCertificate: "required" }, /^ca has no certificate/],
    ["an empty ca", { cert, key, ca: [], clientCertificate: "required" }, /^ca must have/],
    ["another choice", { cert, key, ca, clientCertificate: "maybe" }, /"none" or "optional" or "required", not maybe/],
    ["an old version", { cert, key, minVersion: "TLSv1.1" }, /^minVersion must be "TLSv1.2" or "TLSv1.3"/],
    ["an empty alpn", { cert, key, alpn: [] }, /^alpn must name at least one protocol/],
    ["an alpn that is no list", { cert, key, alpn: "x" }, /^alpn must be an array/],
    ["a protocol without a name", { cert, key, alpn: [""] }, /1 to 255 bytes, not 0/],
    ["a flag that is none", { cert, key, sessionTickets: 1 }, /^sessionTickets must be true or false/],
    [
      "a server name that is none",
      { cert, key, serverNames: { "a b": { cert, key } } },
      /"a b", which is no host name/,
    ],
    ["a wildcard in the middle", { cert, key, serverNames: { "a.*.b": { cert, key } } }, /which is no host name/],
    ["a name without a key", { cert, key, serverNames: { a: { cert } } }, /^serverNames\["a"\]\.key must be PEM/],
  ])("are refused at the call: %s", (_, options, message) => {
    expect(() => tls(options as unknown as TlsOptions)).toThrow(message);
  });

  it("may be text or bytes, and chains", () => {
    expect(typeof tls({ cert: bytesOf(cert + ca), key: bytesOf(key) }).reload).toBe("function");
    expect(typeof tls({ cert, key, ca: [ca, bytesOf(pem("other_ca.pem"))], clientCertificate: "optional" })).toBe(
      "function",
    );
  });

  it("turn tickets off where the runtime can, and say where it cannot", () => {
    const off = () => tls({ cert, key, sessionTickets: false });
    if (runtime === "deno") expect(off).toThrow(/Deno cannot turn session tickets off/);
    else expect(typeof off()).toBe("function");
  });
});

describe("the options of tlsClient()", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ["a certificate without its key", { cert }, /^cert and key go together/],
    ["the key of another certificate", { cert, key: pem("client.key") }, /^key is not the key of cert/],
    ["a name that is none", { serverName: "a b" }, /^serverName must be a host name/],
    ["an unknown option", { rejectUnauthorized: false }, /^unknown option rejectUnauthorized/],
    ["a flag that is none", { verify: "no" }, /^verify must be true or false/],
    ["a broken ca", { ca: "x" }, /^ca has no certificate/],
  ])("are refused at the call: %s", (_, options, message) => {
    expect(() => tlsClient(options as TlsClientOptions)).toThrow(message);
  });
});
