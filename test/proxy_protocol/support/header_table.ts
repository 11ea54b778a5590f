import type { ProxyHeader } from "../../../src/proxy_protocol/mod.ts";
import { ascii, INET, INET6, joined, path, tlv, v2 } from "./header_bytes.ts";

interface Valid {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly header: ProxyHeader;
}

interface Invalid {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Part of the message. */
  readonly because: string;
  /** The number of bytes after which the header is refused, if not all are needed. */
  readonly after?: number;
}

const line = (text: string) => ascii(`${text}\r\n`);
const tcp = (source: [string, number], destination: [string, number]) => ({
  transport: "tcp" as const,
  source: { hostname: source[0], port: source[1] },
  destination: { hostname: destination[0], port: destination[1] },
});
const v1Header = (rest: Partial<ProxyHeader>): ProxyHeader => ({
  version: 1,
  command: "proxy",
  transport: "unspecified",
  others: [],
  ...rest,
});
const v2Header = (rest: Partial<ProxyHeader>): ProxyHeader => ({ ...v1Header(rest), version: 2 });

const inet = tcp(["192.0.2.1", 56_324], ["198.51.100.7", 443]);
const inet6 = tcp(["2001:db8::1", 1], ["2001:db8::2", 65_535]);
const LONGEST_IPV6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

/** Headers, and what they say. */
export const VALID: readonly Valid[] = [
  {
    name: "v1, the example of the specification",
    bytes: line("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443"),
    header: v1Header(tcp(["192.168.0.1", 56_324], ["192.168.0.11", 443])),
  },
  {
    name: "v1, the longest line over IPv4",
    bytes: line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535"),
    header: v1Header(tcp(["255.255.255.255", 65_535], ["255.255.255.255", 65_535])),
  },
  {
    name: "v1, the longest line over IPv6",
    bytes: line(`PROXY TCP6 ${LONGEST_IPV6} ${LONGEST_IPV6} 65535 65535`),
    header: v1Header(tcp([LONGEST_IPV6, 65_535], [LONGEST_IPV6, 65_535])),
  },
  {
    name: "v1, the shortest line, with ports of 0",
    bytes: line("PROXY TCP4 0.0.0.0 1.2.3.4 0 0"),
    header: v1Header(tcp(["0.0.0.0", 0], ["1.2.3.4", 0])),
  },
  {
    name: "v1, IPv6 in capitals and in full",
    bytes: line("PROXY TCP6 2001:DB8::1 2001:0db8:0000:0000:0000:0000:0000:0002 1 65535"),
    header: v1Header(inet6),
  },
  {
    name: "v1, IPv4-mapped addresses, as HAProxy writes them",
    bytes: line("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 56324 443"),
    header: v1Header(inet),
  },
  {
    name: "v1, an IPv4 address in an IPv6 address that does not map it",
    bytes: line("PROXY TCP6 64:ff9b::192.0.2.1 ::192.0.2.1 1 2"),
    header: v1Header(tcp(["64:ff9b::c000:201", 1], ["::c000:201", 2])),
  },
  { name: "v1, unknown", bytes: line("PROXY UNKNOWN"), header: v1Header({}) },
  {
    name: "v1, unknown with the longest line",
    bytes: line(`PROXY UNKNOWN ${LONGEST_IPV6} ${LONGEST_IPV6} 65535 65535`),
    header: v1Header({}),
  },
  { name: "v1, unknown with anything", bytes: line("PROXY UNKNOWN \n\r\0\xff  x"), header: v1Header({}) },

  { name: "v2, TCP over IPv4", bytes: v2(0x21, 0x11, INET), header: v2Header(inet) },
  { name: "v2, UDP over IPv4", bytes: v2(0x21, 0x12, INET), header: v2Header({ ...inet, transport: "udp" }) },
  { name: "v2, TCP over IPv6", bytes: v2(0x21, 0x21, INET6), header: v2Header(inet6) },
  { name: "v2, UDP over IPv6", bytes: v2(0x21, 0x22, INET6), header: v2Header({ ...inet6, transport: "udp" }) },
  {
    name: "v2, IPv4-mapped addresses",
    bytes: v2(0x21, 0x21, "00000000000000000000ffffc0000201 00000000000000000000ffffc6336407 dc04 01bb"),
    header: v2Header(inet),
  },
  {
    name: "v2, Unix paths",
    bytes: v2(0x21, 0x31, path("/run/client"), path("/run/server")),
    header: v2Header({ transport: "unix", source: { path: "/run/client" }, destination: { path: "/run/server" } }),
  },
  {
    name: "v2, a Unix path of all 108 bytes, and none",
    bytes: v2(0x21, 0x32, path("x".repeat(108)), path("")),
    header: v2Header({ transport: "unix", source: { path: "x".repeat(108) }, destination: { path: "" } }),
  },
  {
    name: "v2, an abstract Unix name, and rubbish behind a path",
    bytes: v2(0x21, 0x31, path("\0a\0b"), path("/a\0rubbish")),
    header: v2Header({ transport: "unix", source: { path: "\0a\0b" }, destination: { path: "/a" } }),
  },
  { name: "v2, unspecified", bytes: v2(0x21, 0x00), header: v2Header({}) },
  { name: "v2, an unspecified family over a stream", bytes: v2(0x21, 0x01), header: v2Header({}) },
  { name: "v2, IPv4 over an unspecified transport", bytes: v2(0x21, 0x10, INET), header: v2Header({}) },
  {
    name: "v2, a Unix path over an unspecified transport",
    bytes: v2(0x21, 0x30, path("/a"), path("/b")),
    header: v2Header({}),
  },
  {
    name: "v2, unspecified with TLVs",
    bytes: v2(0x21, 0x00, tlv(0x02, ascii("a.example"))),
    header: v2Header({ authority: "a.example" }),
  },
  { name: "v2, local", bytes: v2(0x20, 0x00), header: v2Header({ command: "local" }) },
  { name: "v2, local with addresses", bytes: v2(0x20, 0x11, INET), header: v2Header({ command: "local" }) },
  { name: "v2, local with too few addresses", bytes: v2(0x20, 0x21, "00"), header: v2Header({ command: "local" }) },
  { name: "v2, local of an unassigned family", bytes: v2(0x20, 0xff, "0102"), header: v2Header({ command: "local" }) },
  {
    name: "v2, local with TLVs, which are discarded",
    bytes: v2(0x20, 0x00, tlv(0x02, ascii("a.example"))),
    header: v2Header({ command: "local" }),
  },

  {
    name: "v2, all TLVs",
    bytes: v2(
      0x21,
      0x11,
      INET,
      tlv(0x01, ascii("h2")),
      tlv(0x02, joined(ascii("caf"), "c3a9")),
      tlv(0x04, "000000"),
      tlv(0x05, "00ff"),
      tlv(0x30, ascii("blue")),
      tlv(0xe0, "01"),
      tlv(0x04),
      tlv(0xe0),
    ),
    header: v2Header({
      ...inet,
      alpn: "h2",
      authority: "café",
      uniqueId: Uint8Array.of(0, 255),
      netns: "blue",
      others: [
        { type: 0xe0, value: Uint8Array.of(1) },
        { type: 0xe0, value: new Uint8Array(0) },
      ],
    }),
  },
  {
    name: "v2, an ALPN that is no text",
    bytes: v2(0x21, 0x00, tlv(0x01, "eaea")),
    header: v2Header({ alpn: "\xea\xea" }),
  },
  {
    name: "v2, a byte order mark, which is part of the text",
    bytes: v2(0x21, 0x00, tlv(0x02, "efbbbf 61")),
    header: v2Header({ authority: "\ufeffa" }),
  },
  {
    name: "v2, the longest unique ID",
    bytes: v2(0x21, 0x00, tlv(0x05, new Uint8Array(128))),
    header: v2Header({ uniqueId: new Uint8Array(128) }),
  },
  {
    name: "v2, TLS without a certificate, which HAProxy reports as verified",
    bytes: v2(0x21, 0x11, INET, tlv(0x20, "01 00000000", tlv(0x21, ascii("TLSv1.3")))),
    header: v2Header({
      ...inet,
      tls: { verified: false, clientCertificate: "none", version: "TLSv1.3", others: [] },
    }),
  },
  {
    name: "v2, TLS with all that can be said",
    bytes: v2(
      0x21,
      0x11,
      INET,
      tlv(
        0x20,
        "07 00000000",
        tlv(0x21, ascii("TLSv1.3")),
        tlv(0x22, joined(ascii("J"), "c3b6", ascii("rg"))),
        tlv(0x23, ascii("TLS_AES_256_GCM_SHA384")),
        tlv(0x24, ascii("RSA-SHA256")),
        tlv(0x25, ascii("RSA2048")),
        tlv(0x26, ascii("x25519")),
        tlv(0x27, ascii("rsa_pss_rsae_sha256")),
        tlv(0x28, "3082"),
        tlv(0x2f, "05"),
      ),
    ),
    header: v2Header({
      ...inet,
      tls: {
        verified: true,
        clientCertificate: "connection",
        version: "TLSv1.3",
        commonName: "Jörg",
        cipher: "TLS_AES_256_GCM_SHA384",
        signatureAlgorithm: "RSA-SHA256",
        keyAlgorithm: "RSA2048",
        keyExchangeGroup: "x25519",
        signatureScheme: "rsa_pss_rsae_sha256",
        certificate: Uint8Array.of(0x30, 0x82),
        others: [{ type: 0x2f, value: Uint8Array.of(5) }],
      },
    }),
  },
  {
    name: "v2, a certificate of the session that was not verified",
    bytes: v2(0x21, 0x00, tlv(0x20, "05 00000100")),
    header: v2Header({ tls: { verified: false, clientCertificate: "session", others: [] } }),
  },
  {
    name: "v2, a peer without TLS, of which HAProxy says so",
    bytes: v2(0x21, 0x11, INET, tlv(0x20, "00 00000000")),
    header: v2Header(inet),
  },
  {
    name: "v2, 128 TLVs",
    bytes: v2(0x21, 0x00, ...Array.from({ length: 128 }, () => tlv(0x04))),
    header: v2Header({}),
  },
  {
    name: "v2, as many bytes as the limit allows",
    bytes: v2(0x21, 0x00, tlv(0x04, new Uint8Array(4_096 - 16 - 3))),
    header: v2Header({}),
  },
];

const address = (family: string, source: string) => line(`PROXY ${family} ${source} 192.0.2.1 1 2`);
const port = (text: string) => line(`PROXY TCP4 192.0.2.1 192.0.2.2 ${text} 2`);
const followed = "must be followed by two addresses and two ports";

/** Bytes that begin with no header. */
export const INVALID: readonly Invalid[] = [
  { name: "HTTP", bytes: ascii("GET / HTTP/1.1\r\n"), because: "expected version 1 or version 2", after: 1 },
  { name: "almost PROXY", bytes: ascii("PROXIES\r\n"), because: `got "PROXIES`, after: 5 },
  {
    name: "proxy in small letters",
    bytes: line("proxy TCP4 192.0.2.1 192.0.2.2 1 2"),
    because: `got "proxy TCP4 1"`,
    after: 1,
  },
  { name: "v1, a tab for a space", bytes: line("PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2"), because: "expected", after: 6 },
  { name: "v1, nothing behind PROXY", bytes: line("PROXY "), because: "must be TCP4, TCP6 or UNKNOWN" },
  { name: "v1, UDP", bytes: line("PROXY UDP4 192.0.2.1 192.0.2.2 1 2"), because: "must be TCP4, TCP6 or UNKNOWN" },
  { name: "v1, tcp4", bytes: line("PROXY tcp4 192.0.2.1 192.0.2.2 1 2"), because: "must be TCP4, TCP6 or UNKNOWN" },
  { name: "v1, UNKNOWNS", bytes: line("PROXY UNKNOWNS"), because: "must be TCP4, TCP6 or UNKNOWN" },
  { name: "v1, two spaces", bytes: line("PROXY  TCP4 192.0.2.1 192.0.2.2 1 2"), because: "must be TCP4, TCP6" },
  { name: "v1, two spaces before an address", bytes: line("PROXY TCP4  192.0.2.1 192.0.2.2 1 2"), because: followed },
  { name: "v1, a space at the end", bytes: line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 "), because: followed },
  { name: "v1, a fifth word", bytes: line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3"), because: followed },
  { name: "v1, one port", bytes: line("PROXY TCP4 192.0.2.1 192.0.2.2 1"), because: followed },
  ...[
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "01.2.3.4",
    "1.2.3.04",
    "0x1.2.3.4",
    "+1.2.3.4",
    "1.2.3.4.",
    "1..2.3",
    "::1",
  ].map((text) => ({ name: `v1, TCP4 from ${text}`, bytes: address("TCP4", text), because: followed })),
  ...[
    "1.2.3.4",
    "::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    ":::",
    "12345::",
    "g::",
    ":1:2:3:4:5:6:7",
    "fe80::1%eth0",
    "[::1]",
    "::1.2.3",
    "::01.2.3.4",
    "::1.2.3.256",
  ].map((text) => ({
    // The destination of this line is an IPv4 address, so that it is wrong with a right source, too.
    name: `v1, TCP6 from ${text}`,
    bytes: text === "::" ? address("TCP6", text) : line(`PROXY TCP6 ${text} ::1 1 2`),
    because: followed,
  })),
  ...["65536", "01", "00", "-1", "+1", "1.0", "0x1", "1e3", "", "99999", "100000"].map((text) => ({
    name: `v1, the port "${text}"`,
    bytes: port(text),
    because: followed,
  })),
  {
    name: "v1, LF alone",
    bytes: ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nhello\r\n"),
    because: "CR and LF must come together",
    after: 35,
  },
  {
    name: "v1, CR alone",
    bytes: ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rhello\r\n"),
    because: "CR and LF must come together",
    after: 36,
  },
  {
    name: "v1, a line of 108 bytes",
    bytes: line(`PROXY UNKNOWN ${"x".repeat(92)}`),
    because: "the first 107 bytes contain no CRLF",
    after: 107,
  },
  { name: "v1, a NUL", bytes: line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\0"), because: followed },

  { name: "v2, a broken signature", bytes: joined("0d0a0d0a000d0a515549540b 21 11"), because: "expected", after: 12 },
  { name: "v2, a CRLF", bytes: ascii("\r\n\r\n\r\n"), because: "expected", after: 5 },
  { name: "version 1 in binary", bytes: v2(0x11, 0x11, INET), because: "must be 2, not 1", after: 13 },
  { name: "version 3 in binary", bytes: v2(0x31, 0x11, INET), because: "must be 2, not 3", after: 13 },
  { name: "v2, the command 2", bytes: v2(0x22, 0x11, INET), because: "not 2", after: 13 },
  { name: "v2, the command 15", bytes: v2(0x2f, 0x11, INET), because: "not 15", after: 13 },
  { name: "v2, the family 4", bytes: v2(0x21, 0x41, INET), because: "no family and transport 0x41", after: 14 },
  { name: "v2, the transport 3", bytes: v2(0x21, 0x13, INET), because: "no family and transport 0x13", after: 14 },
  { name: "v2, too few addresses", bytes: v2(0x21, 0x11, INET.slice(0, -2)), because: "not 11", after: 16 },
  { name: "v2, too few addresses of IPv6", bytes: v2(0x21, 0x21, INET), because: "not 12", after: 16 },
  { name: "v2, too few Unix addresses", bytes: v2(0x21, 0x31, path("/a")), because: "not 108", after: 16 },
  {
    name: "v2, one byte more than the limit",
    bytes: v2(0x21, 0x00, tlv(0x04, new Uint8Array(4_096 - 16 - 2))),
    because: "4097 bytes are more than maxHeaderBytes (4096)",
    after: 16,
  },
  {
    name: "v2, local with more bytes than the limit",
    bytes: joined(v2(0x20, 0).slice(0, 14), "ffff"),
    because: "65551",
  },

  { name: "v2, half a TLV", bytes: v2(0x21, 0x11, INET, "04"), because: "the TLV 0x04 ends behind the header" },
  { name: "v2, half the length of a TLV", bytes: v2(0x21, 0x11, INET, "0400"), because: "ends behind" },
  { name: "v2, a TLV without its value", bytes: v2(0x21, 0x11, INET, "040001"), because: "ends behind" },
  {
    name: "v2, 129 TLVs",
    bytes: v2(0x21, 0x00, ...Array.from({ length: 129 }, () => tlv(0x04))),
    because: "more than 128 TLVs",
  },
  ...[0x01, 0x02, 0x05, 0x20, 0x30].map((type) => ({
    name: `v2, the TLV ${type} twice`,
    bytes: v2(0x21, 0x00, tlv(type, "0100000000"), tlv(type, "0100000000")),
    because: "comes twice",
  })),
  { name: "v2, a unique ID of 129 bytes", bytes: v2(0x21, 0, tlv(5, new Uint8Array(129))), because: "at most 128" },
  { name: "v2, an authority that is not UTF-8", bytes: v2(0x21, 0, tlv(2, "c3")), because: "is not UTF-8" },
  { name: "v2, a namespace that is not ASCII", bytes: v2(0x21, 0, tlv(0x30, "c3a9")), because: "is not ASCII" },
  { name: "v2, a short SSL", bytes: v2(0x21, 0, tlv(0x20, "01000000")), because: "not at least 5" },
  { name: "v2, half a TLV in SSL", bytes: v2(0x21, 0, tlv(0x20, "0100000000 210001")), because: "0x21 ends behind" },
  { name: "v2, a TLV in SSL twice", bytes: v2(0x21, 0, tlv(0x20, "0100000000 210000 210000")), because: "twice" },
  { name: "v2, a cipher that is not ASCII", bytes: v2(0x21, 0, tlv(0x20, "0100000000 230001ff")), because: "ASCII" },
  { name: "v2, a name that is not UTF-8", bytes: v2(0x21, 0, tlv(0x20, "0100000000 220001ff")), because: "UTF-8" },
  {
    name: "v2, 129 TLVs in SSL",
    bytes: v2(0x21, 0, tlv(0x20, "0100000000", ...Array.from({ length: 129 }, () => tlv(0x2f)))),
    because: "more than 128 TLVs",
  },
  { name: "v2, a checksum of 3 bytes", bytes: v2(0x21, 0, tlv(3, "000000")), because: "3 bytes, not 4" },
  { name: "v2, a wrong checksum", bytes: v2(0x21, 0, tlv(3, "00000000")), because: "its checksum is 0x00, but" },
  { name: "v2, local with a wrong checksum", bytes: v2(0x20, 0, tlv(3, "00000000")), because: "its checksum is" },
];
