import fc from "fast-check";
import type { Address, ProxyTlv } from "../../../src/core/mod.ts";
import type { ProxyHeader } from "../../../src/proxy_protocol/mod.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const ascii = fc.string({ unit: "binary-ascii", maxLength: 20 });
const utf8 = fc.string({ unit: "binary", maxLength: 20 });
const latin1 = bytes(20).map((codes) => String.fromCharCode(...codes));
const port = fc.nat(65_535);

const ipv4 = fc.ipV4();
/** Not one that carries an IPv4 address. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map(canonical)
  .filter((hostname) => !hostname.startsWith("::ffff:"));

/** Writes an IPv6 address as RFC 5952 says: the first of the longest runs of zeros is left out, if it is longer than one. */
function canonical(words: readonly number[]): string {
  const digits = words.map((word) => word.toString(16)).join(":");
  const runs = digits.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.toSorted((one, other) => other.length - one.length)[0];
  if (longest === undefined) return digits;
  const at = digits.search(new RegExp(`\\b${longest}\\b`));
  return `${digits.slice(0, at).replace(/:$/, "")}::${digits.slice(at + longest.length).replace(/^:/, "")}`;
}

/** A path that fits, or an abstract name, which does not end with NUL. */
const path = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 108 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((name) => `\0${name}.`),
);

/** Addresses of TCP, in their canonical form, or of Unix domain sockets. */
export function addresses(kind: "tcp" | "unix"): fc.Arbitrary<Address> {
  if (kind === "unix") return fc.record({ path });
  return fc.record({ hostname: fc.oneof(ipv4, ipv6), port });
}

/** Two addresses of one family. */
const inetPair = fc
  .constantFrom(ipv4, ipv6)
  .chain((hostname) => fc.tuple(fc.record({ hostname, port }), fc.record({ hostname, port })))
  .map(([source, destination]) => ({ source, destination }));
const unixPair = fc.record({ source: addresses("unix"), destination: addresses("unix") });

const tlvs = (known: readonly number[]): fc.Arbitrary<ProxyTlv[]> =>
  fc.array(
    fc.record({
      type: fc.nat(255).filter((type) => !known.includes(type)),
      value: bytes(300),
    }),
    { maxLength: 20 },
  );

const tls = fc
  .record(
    {
      verified: fc.boolean(),
      clientCertificate: fc.constantFrom("none", "connection", "session"),
      version: ascii,
      commonName: utf8,
      cipher: ascii,
      signatureAlgorithm: ascii,
      keyAlgorithm: ascii,
      keyExchangeGroup: ascii,
      signatureScheme: ascii,
      certificate: bytes(300),
      others: tlvs([0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]),
    },
    { requiredKeys: ["verified", "clientCertificate", "others"] },
  )
  .map((value) => ({ ...value, verified: value.verified && value.clientCertificate !== "none" }));

const fields = fc.record(
  {
    alpn: latin1,
    authority: utf8,
    uniqueId: bytes(128),
    netns: ascii,
    tls,
    others: tlvs([1, 2, 3, 4, 5, 0x20, 0x30]),
  },
  { requiredKeys: ["others"] },
);

const described = fc.oneof(
  fc.tuple(fc.record({ transport: fc.constantFrom("tcp", "udp") }), inetPair),
  fc.tuple(fc.record({ transport: fc.constant("unix") }), unixPair),
  fc.tuple(fc.record({ transport: fc.constant("unspecified") }), fc.constant({})),
);

const version2 = fc
  .tuple(described, fields)
  .map(([[transport, pair], rest]) => ({ version: 2, command: "proxy", ...transport, ...pair, ...rest }));
const version1 = fc.oneof(
  inetPair.map((pair) => ({ version: 1, command: "proxy", transport: "tcp", ...pair, others: [] })),
  fc.constant({ version: 1, command: "proxy", transport: "unspecified", others: [] }),
);
const local = fc.constant({ version: 2, command: "local", transport: "unspecified", others: [] });

/** Headers as they are read. */
export function headers(): fc.Arbitrary<ProxyHeader> {
  return fc.oneof(
    { weight: 6, arbitrary: version2 },
    { weight: 3, arbitrary: version1 },
    local,
  ) as fc.Arbitrary<ProxyHeader>;
}
