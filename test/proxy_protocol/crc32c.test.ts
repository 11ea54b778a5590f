import { describe, expect, it } from "vitest";
import { crc32c } from "../../src/proxy_protocol/crc32c.ts";
import { ascii } from "./support/header_bytes.ts";

const counted = Uint8Array.from({ length: 32 }, (_, at) => at);

describe("crc32c", () => {
  // The vectors of RFC 3720, B.4, and the check value of the catalogues.
  it.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["32 rising bytes", counted, 0x46dd794e],
    ["32 falling bytes", counted.toReversed(), 0x113fdb5c],
    ["the digits", ascii("123456789"), 0xe3069283],
    ["no bytes", new Uint8Array(0), 0],
  ])("is right for %s", (_name, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
  });

  it("goes on where it stopped", () => {
    for (let at = 0; at <= 32; at++) {
      expect(crc32c(counted.subarray(at), crc32c(counted.subarray(0, at)))).toBe(0x46dd794e);
    }
  });
});
