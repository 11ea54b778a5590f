import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { SpillwayError } from "../../src/core/mod.ts";
import { parseProxyHeader } from "../../src/proxy_protocol/mod.ts";
import { ascii, INET, joined, tlv, v2 } from "./support/header_bytes.ts";
import { INVALID, VALID } from "./support/header_table.ts";

/** The error with which bytes are refused, if they are. */
function refusalOf(bytes: Uint8Array<ArrayBuffer>): SpillwayError<string> | undefined {
  try {
    parseProxyHeader(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof SpillwayError) return error;
    throw error;
  }
}

describe("a header", () => {
  it.each(VALID)("is read: $name", ({ bytes, header }) => {
    expect(parseProxyHeader(bytes)).toEqual({ header, length: bytes.length });
  });

  it.each(VALID)("ends where it ends, whatever follows: $name", ({ bytes, header }) => {
    const rests = [ascii("\r\n"), ascii("PROXY UNKNOWN\r\n"), bytes, new Uint8Array(70_000)];
    for (const rest of rests) {
      expect(parseProxyHeader(joined(bytes, rest))).toEqual({ header, length: bytes.length });
    }
  });

  it.each(VALID)("is not complete before its last byte: $name", ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(parseProxyHeader(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
  });

  it.each(VALID)("may lie anywhere in a buffer: $name", ({ bytes, header }) => {
    const moved = joined("ffffff", bytes, "ff").subarray(3, 3 + bytes.length);
    expect(parseProxyHeader(moved)).toEqual({ header, length: bytes.length });
  });

  it("shares no memory with the bytes", () => {
    const bytes = v2(
      0x21,
      0,
      tlv(0x05, "aa"),
      tlv(0xe0, "bb"),
      tlv(0x20, "0100000000", tlv(0x28, "cc"), tlv(0x2f, "dd")),
    );
    const { header } = parseProxyHeader(bytes) ?? {};
    bytes.fill(0);
    expect(header?.uniqueId).toEqual(Uint8Array.of(0xaa));
    expect(header?.others).toEqual([{ type: 0xe0, value: Uint8Array.of(0xbb) }]);
    expect(header?.tls?.certificate).toEqual(Uint8Array.of(0xcc));
    expect(header?.tls?.others).toEqual([{ type: 0x2f, value: Uint8Array.of(0xdd) }]);
    const values = [
      header?.uniqueId,
      header?.others[0]?.value,
      header?.tls?.certificate,
      header?.tls?.others[0]?.value,
    ];
    expect(values.map((value) => value?.buffer.byteLength)).toEqual([1, 1, 1, 1]);
  });
});

describe("a header in a Buffer of Node", () => {
  it("shares no memory with it, either", () => {
    const buffer = Buffer.from(v2(0x21, 0, tlv(0x05, "aa"), tlv(0xe0, "bb")));
    const { header } = parseProxyHeader(buffer) ?? {};
    buffer.fill(0);
    expect(header?.uniqueId).toEqual(Uint8Array.of(0xaa));
    expect(header?.others).toEqual([{ type: 0xe0, value: Uint8Array.of(0xbb) }]);
  });
});

describe("bytes that are no header", () => {
  it.each(INVALID)("are refused: $name", ({ bytes, because }) => {
    const error = refusalOf(bytes);
    expect(error?.code).toBe("proxy-invalid");
    expect(error?.message).toContain(because);
  });

  it.each(INVALID)("are refused as soon as they can be, and not before: $name", ({ bytes, after = bytes.length }) => {
    for (let length = 0; length <= bytes.length; length++) {
      const refused = refusalOf(bytes.subarray(0, length)) !== undefined;
      expect(refused, `${length} bytes`).toBe(length >= after);
    }
  });

  it("are quoted without control characters", () => {
    expect(refusalOf(ascii("\x1b[31m"))?.message).toBe(
      `invalid PROXY header: expected version 1 or version 2, got "\\x1b[31m"`,
    );
  });
});

describe("the limits", () => {
  it("refuse a version that is not accepted at its first byte", () => {
    expect(() => parseProxyHeader(ascii("P"), { versions: [2] })).toThrow("expected version 2");
    expect(() => parseProxyHeader(ascii("\r"), { versions: [1] })).toThrow("expected version 1");
    expect(parseProxyHeader(ascii("PROXY UNKNOWN\r\n"), { versions: [1] })?.length).toBe(15);
    expect(parseProxyHeader(v2(0x20, 0), { versions: [2] })?.length).toBe(16);
  });

  it("may be lower than the default, or off", () => {
    const long = v2(0x21, 0, tlv(4, new Uint8Array(65_532)));
    expect(parseProxyHeader(long, { maxHeaderBytes: Infinity })?.length).toBe(65_551);
    expect(() => parseProxyHeader(long, { maxHeaderBytes: 65_550 })).toThrow("more than maxHeaderBytes");
    const short = v2(0x21, 0x11, INET, tlv(4, new Uint8Array(202)));
    expect(parseProxyHeader(short, { maxHeaderBytes: 233 })?.length).toBe(233);
    expect(() => parseProxyHeader(short, { maxHeaderBytes: 232 })).toThrow("233 bytes are more than");
  });

  it.each([
    [{ versions: [] }, RangeError, "versions must be [1], [2] or [1, 2], not []"],
    [{ versions: [3] }, RangeError, "not [3]"],
    [{ versions: 2 }, RangeError, "not 2"],
    [{ maxHeaderBytes: 231 }, RangeError, "at least 232"],
    [{ maxHeaderBytes: 300.5 }, RangeError, "a whole number"],
    [{ maxHeaderBytes: Number.NaN }, RangeError, "not NaN"],
    [{ maxHeaderBytes: "4096" }, TypeError, "must be a number"],
    [{ maxHeaderByte: 1 }, TypeError, "did you mean maxHeaderBytes?"],
  ])("are checked: %j", (limits, kind, message) => {
    const parse = () => parseProxyHeader(new Uint8Array(0), limits as object);
    expect(parse).toThrow(kind);
    expect(parse).toThrow(message);
  });
});
