import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ProxyHeader,
  type ProxyHeaderOptions,
  parseProxyHeader,
  proxyHeader,
} from "../../src/proxy_protocol/mod.ts";
import { ascii, INET, INET6, joined, path, tlv, v2 } from "./support/header_bytes.ts";
import { addresses, headers } from "./support/headers.ts";

const SEED = 20_261_130;

const source = { hostname: "192.0.2.1", port: 56_324 };
const destination = { hostname: "198.51.100.7", port: 443 };
const source6 = { hostname: "2001:db8::1", port: 1 };
const destination6 = { hostname: "2001:DB8::2", port: 65_535 };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("a header of version 1", () => {
  it.each<[ProxyHeaderOptions, string]>([
    [{ source, destination }, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"],
    [{ source: source6, destination: destination6 }, "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"],
    [{ source, destination: destination6 }, "PROXY TCP6 ::ffff:c000:201 2001:db8::2 56324 65535\r\n"],
    [
      { source: { ...source, hostname: "::ffff:192.0.2.1" }, destination },
      "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n",
    ],
    [
      { source: { ...source6, hostname: "fe80::1%eth0" }, destination: source6 },
      "PROXY TCP6 fe80::1 2001:db8::1 1 1\r\n",
    ],
    [{ source, destination, transport: "udp" }, "PROXY UNKNOWN\r\n"],
    [{ source: { path: "/a" }, destination: { path: "/b" } }, "PROXY UNKNOWN\r\n"],
    [{ command: "local" }, "PROXY UNKNOWN\r\n"],
    [{}, "PROXY UNKNOWN\r\n"],
  ])("for %j is the line", (options, line) => {
    expect(text(proxyHeader({ version: 1, ...options }))).toBe(line);
  });
});

describe("a header of version 2", () => {
  it.each<[string, ProxyHeaderOptions, Uint8Array]>([
    ["TCP over IPv4", { source, destination }, v2(0x21, 0x11, INET)],
    ["UDP over IPv4", { source, destination, transport: "udp" }, v2(0x21, 0x12, INET)],
    ["TCP over IPv6", { version: 2, source: source6, destination: destination6 }, v2(0x21, 0x21, INET6)],
    ["UDP over IPv6", { source: source6, destination: destination6, transport: "udp" }, v2(0x21, 0x22, INET6)],
    [
      "a peer over IPv4 of a server over IPv6",
      { source, destination: destination6 },
      v2(0x21, 0x21, "00000000000000000000ffffc0000201 20010db8000000000000000000000002 dc04 ffff"),
    ],
    ["Unix paths", { source: { path: "" }, destination: { path: "/b" } }, v2(0x21, 0x31, path(""), path("/b"))],
    [
      "an abstract name",
      { source: { path: "\0a\0" }, destination: { path: "" } },
      v2(0x21, 0x31, path("\0a"), path("")),
    ],
    ["nothing", {}, v2(0x21, 0x00)],
    ["a connection of the proxy itself", { command: "local" }, v2(0x20, 0x00)],
    [
      "TLVs",
      {
        alpn: "h2",
        authority: "café",
        uniqueId: Uint8Array.of(1),
        netns: "blue",
        tls: { verified: true, clientCertificate: "connection", version: "TLSv1.3", commonName: "ö" },
        others: [{ type: 0xe0, value: Uint8Array.of(2) }],
      },
      v2(
        0x21,
        0x00,
        tlv(1, ascii("h2")),
        tlv(2, joined(ascii("caf"), "c3a9")),
        tlv(5, "01"),
        tlv(0x20, "07 00000000", tlv(0x21, ascii("TLSv1.3")), tlv(0x22, "c3b6")),
        tlv(0x30, ascii("blue")),
        tlv(0xe0, "02"),
      ),
    ],
    ["TLS without a certificate", { tls: {} }, v2(0x21, 0x00, tlv(0x20, "01 00000001"))],
    [
      "TLS with an earlier certificate",
      { tls: { clientCertificate: "session" } },
      v2(0x21, 0, tlv(0x20, "05 00000001")),
    ],
  ])("for %s has these bytes", (_name, options, bytes) => {
    expect(proxyHeader(options)).toEqual(bytes);
  });

  it("carries the checksum of all its bytes, as if it were zeros", () => {
    // Computed by another program, bit by bit.
    const bytes = proxyHeader({ source, destination, crc32c: true });
    expect(bytes).toEqual(v2(0x21, 0x11, INET, tlv(3, "d45a11b9")));
    expect(parseProxyHeader(bytes)?.header.transport).toBe("tcp");
  });

  it("with a checksum is not read as it was if any bit of it is another", () => {
    const bytes = proxyHeader({ source, destination, authority: "a.example", crc32c: true });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const broken = bytes.slice();
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const parse = () => parseProxyHeader(broken)?.header;
      // The length of the header, and the type of the checksum's TLV: what these say is another header.
      const elsewhere = [14, 15, 28].includes(bit >> 3);
      if (elsewhere) expect(outcomeOf(parse), `bit ${bit}`).not.toEqual(parseProxyHeader(bytes)?.header);
      else expect(parse, `bit ${bit}`).toThrow("invalid PROXY header");
    }
  });
});

function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch {
    return "refused";
  }
}

describe("a written header", () => {
  it("is read again as it was", () => {
    fc.assert(
      fc.property(headers(), fc.boolean(), (header, crc32c) => {
        const bytes = proxyHeader({ ...header, crc32c: crc32c && header.version === 2 });
        const read = parseProxyHeader(bytes, { maxHeaderBytes: Infinity });
        expect(read).toEqual({ header, length: bytes.length });
      }),
      { seed: SEED },
    );
  });

  it("and read is written again as it was", () => {
    fc.assert(
      fc.property(headers(), (header) => {
        const bytes = proxyHeader(header);
        const read = parseProxyHeader(bytes, { maxHeaderBytes: Infinity })?.header as ProxyHeader;
        expect(proxyHeader(read)).toEqual(bytes);
      }),
      { seed: SEED },
    );
  });

  it("has at most 107 bytes in version 1", () => {
    fc.assert(
      fc.property(addresses("tcp"), addresses("tcp"), (from, to) => {
        expect(proxyHeader({ version: 1, source: from, destination: to }).length).toBeLessThanOrEqual(107);
      }),
      { seed: SEED },
    );
  });
});

describe("a value that does not fit", () => {
  const path108 = "x".repeat(109);
  it.each<[object, typeof TypeError, string]>([
    [{ sauce: source }, TypeError, "unknown option sauce; did you mean source?"],
    [{ version: 3 }, RangeError, "version must be 1 or 2, not 3"],
    [{ command: "LOCAL" }, RangeError, `command must be "proxy" or "local", not "LOCAL"`],
    [{ transport: "sctp" }, RangeError, "transport must be"],
    [{ source }, TypeError, "source and destination must both be given"],
    [{ destination }, TypeError, "source and destination must both be given"],
    [{ transport: "tcp" }, TypeError, "source and destination must both be given"],
    [{ command: "local", source, destination }, TypeError, `the command "local" has no source`],
    [{ transport: "unspecified", source, destination }, TypeError, `the transport "unspecified" has no source`],
    [{ transport: "unix", source, destination }, TypeError, "must have a path"],
    [{ transport: "tcp", source: { path: "" }, destination: { path: "" } }, TypeError, "a hostname and a port"],
    [{ source, destination: { path: "/a" } }, TypeError, "both have a hostname and a port, or both a path"],
    [{ source: { ...source, hostname: "a.example" }, destination }, TypeError, `numeric address, not "a.example"`],
    [{ source: { ...source, hostname: "01.2.3.4" }, destination }, TypeError, "source.hostname must be"],
    [{ source, destination: { port: 1 } }, TypeError, "destination.hostname must be"],
    [{ source: { ...source, port: 65_536 }, destination }, RangeError, "source.port must be"],
    [{ source, destination: { ...destination, port: "443" } }, RangeError, "destination.port must be"],
    [{ source: { path: path108 }, destination: { path: "" } }, RangeError, "source.path must have at most 108 bytes"],
    [{ source: { path: "" }, destination: { path: "/a\0b" } }, TypeError, "destination.path must not contain NUL"],
    [{ version: 1, authority: "a" }, TypeError, "version 1 has no place for authority: use version 2"],
    [{ version: 1, crc32c: true }, TypeError, "version 1 has no place for crc32c"],
    [{ uniqueId: new Uint8Array(129) }, RangeError, "uniqueId must have at most 128 bytes, not 129"],
    [{ uniqueId: "id" }, TypeError, "uniqueId must be a Uint8Array, not string"],
    [{ authority: 1 }, TypeError, "authority must be a string, not number"],
    [{ authority: "x".repeat(65_536) }, RangeError, "authority must have at most 65535 bytes"],
    [{ authority: "x".repeat(65_535) }, RangeError, "the addresses and TLVs must have at most 65535 bytes, not 65538"],
    [{ alpn: "ā" }, TypeError, "alpn must contain only characters up to U+00FF"],
    [{ netns: "é" }, TypeError, "netns must contain only ASCII"],
    [{ tls: { verified: true } }, TypeError, "tls.verified needs a certificate"],
    [{ tls: { clientCertificate: "yes" } }, RangeError, "tls.clientCertificate must be"],
    [{ tls: { cipher: "é" } }, TypeError, "tls.cipher must contain only ASCII"],
    [{ tls: { ciphers: "x" } }, TypeError, "did you mean cipher?"],
    [
      { tls: { others: [{ type: 0x21, value: source }] } },
      TypeError,
      "tls.others[0].type 0x21 has an option of its own",
    ],
    [{ others: [{ type: 4, value: new Uint8Array(0) }] }, TypeError, "others[0].type 0x04 has an option of its own"],
    [{ others: [{ type: 256, value: new Uint8Array(0) }] }, RangeError, "others[0].type must be a whole number"],
    [{ others: [{ type: 0xe0, value: "x" }] }, TypeError, "others[0].value must be a Uint8Array"],
    [
      { others: Array.from({ length: 129 }, () => ({ type: 0xe0, value: new Uint8Array(0) })) },
      RangeError,
      "at most 128 TLVs, not 129",
    ],
    [{ others: "x" }, TypeError, "others must be an array"],
  ])("is refused: %j", (options, kind, message) => {
    const write = () => proxyHeader(options);
    expect(write).toThrow(kind);
    expect(write).toThrow(message);
  });
});
