import { createHash } from "node:crypto";
import type { PeerCertificate } from "../core/mod.ts";
import { type DerValue, derText, derTime, derValues, dottedOid, hexPairs } from "./der.ts";

/** The short names of attributes, as RFC 4514 and OpenSSL have them. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "street",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "title",
  "2.5.4.42": "GN",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const SUBJECT_ALT_NAME = "2.5.29.17";

/**
 * Reads a certificate. The runtimes' own readings differ: in the order and the escapes of a name, in the digits of a
 * serial number; and a list of names in one text cannot be taken apart safely.
 *
 * @throws {RangeError | TypeError} not a certificate
 */
export function peerCertificate(der: Uint8Array): PeerCertificate {
  const [certificate] = derValues(der);
  const [body] = derValues(contentOf(certificate));
  const fields = derValues(contentOf(body));
  if (fields[0]?.tag === VERSION) fields.shift();
  const [serial, , issuer, validity, subject] = fields;
  const [from, to] = derValues(contentOf(validity)).map(derTime);
  const name = attributesIn(subject);
  const commonName = name.flat().find(({ type }) => type === "CN")?.text;
  return {
    subject: nameText(name),
    ...(commonName !== undefined && { commonName }),
    subjectAltNames: altNamesIn(fields.find(({ tag }) => tag === EXTENSIONS)),
    issuer: nameText(attributesIn(issuer)),
    fingerprint256: hexPairs(createHash("sha256").update(der).digest()).join(":"),
    serialNumber: hexPairs(contentOf(serial))
      .join("")
      .replace(/^00(?=.)/, ""),
    validFrom: from ?? Number.NaN,
    validTo: to ?? Number.NaN,
  };
}

/** @throws {TypeError} there is no such value */
function contentOf(value: DerValue | undefined): Uint8Array {
  if (value === undefined) throw new TypeError("not a certificate");
  return value.content;
}

interface Attribute {
  readonly type: string;
  readonly text: string | undefined;
  readonly content: Uint8Array;
}

/** Returns the attributes of a distinguished name, those of each relative name together. */
function attributesIn(name: DerValue | undefined): Attribute[][] {
  return derValues(contentOf(name)).map((relative) =>
    derValues(relative.content).map((attribute) => {
      const [oid, value] = derValues(attribute.content);
      const type = dottedOid(contentOf(oid));
      const content = contentOf(value);
      return { type: ATTRIBUTES[type] ?? type, text: derText(value as DerValue), content };
    }),
  );
}

/** Returns the text of RFC 4514, which begins with the last relative name. */
function nameText(name: Attribute[][]): string {
  const texts = name.map((relative) =>
    relative
      .map(
        ({ type, text, content }) => `${type}=${text === undefined ? `#${hexPairs(content).join("")}` : escaped(text)}`,
      )
      .join("+"),
  );
  return texts.toReversed().join(",");
}

function escaped(text: string): string {
  return (
    text
      .replace(/[\\"+,;<>]|^[ #]| $/g, String.raw`\$&`)
      // oxlint-disable-next-line no-control-regex -- a name must not break a line of a log
      .replace(/[\u0000-\u001f\u007f]/g, hexEscape)
  );
}

function hexEscape(character: string): string {
  return `\\${hexPairs(new TextEncoder().encode(character)).join("\\")}`;
}

function altNamesIn(extensions: DerValue | undefined): string[] {
  if (extensions === undefined) return [];
  const [list] = derValues(extensions.content);
  for (const extension of derValues(contentOf(list))) {
    const parts = derValues(extension.content);
    if (dottedOid(contentOf(parts[0])) !== SUBJECT_ALT_NAME) continue;
    const [names] = derValues(contentOf(parts.at(-1)));
    return derValues(contentOf(names)).map(altName);
  }
  return [];
}

function altName({ tag, content }: DerValue): string {
  switch (tag & 0x1f) {
    case 0:
      return `othername:${dottedOid(contentOf(derValues(content)[0]))}`;
    case 1:
      return `email:${asciiText(content)}`;
    case 2:
      return `DNS:${asciiText(content)}`;
    case 4:
      return `DirName:${nameText(attributesIn(derValues(content)[0]))}`;
    case 6:
      return `URI:${asciiText(content)}`;
    case 7:
      return `IP:${ipText(content)}`;
    case 8:
      return `RID:${dottedOid(content)}`;
    default:
      return `[${tag & 0x1f}]:${hexPairs(content).join("")}`;
  }
}

/** Returns what should be ASCII; other bytes are escaped. */
function asciiText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte > 0x1f && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : `\\${hexPairs(Uint8Array.of(byte))[0]}`,
  ).join("");
}

function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: bytes.length / 2 }, (_, index) =>
    (((bytes[2 * index] as number) << 8) | (bytes[2 * index + 1] as number)).toString(16),
  );
  return words.join(":");
}
