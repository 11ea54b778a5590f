import { describe, expect, it } from "vitest";
import { resp } from "../../examples/resp/resp.ts";
import type { Bytes } from "../../src/mod.ts";
import { bytesTouched } from "../core/codecs/support/bytes_touched.ts";
import { bytesOf } from "./support/resp_decoding.ts";

function decode(input: Bytes, size: number): number {
  const decoder = resp({ maxFrameBytes: 100_000, maxArguments: 50_000 }).decoder();
  let given = 0;
  for (let at = 0; at < input.length; at += size) {
    decoder.push(input.subarray(at, at + size));
    for (;;) {
      try {
        if (decoder.next() === undefined) break;
      } catch {
        // The decoder goes on behind the error.
      }
      given += 1;
    }
  }
  return given;
}

const bulk = (length: number): string => `$${length}\r\n${"a".repeat(length)}\r\n`;
const PING = "*1\r\n$4\r\nPING\r\n";

describe("resp decoder: the work is linear in the bytes", () => {
  it.each([
    ["one long argument, byte by byte", `*1\r\n${bulk(100_000)}`, 1, 1],
    ["one long argument, in pieces", `*1\r\n${bulk(100_000)}`, 4_096, 1],
    ["many short arguments, byte by byte", `*14000\r\n${bulk(1).repeat(14_000)}`, 1, 1],
    ["many short arguments, in odd pieces", `*14000\r\n${bulk(1).repeat(14_000)}`, 333, 1],
    ["short commands, byte by byte", PING.repeat(7_000), 1, 7_000],
    ["short commands, at once", PING.repeat(7_000), 98_000, 7_000],
    ["short commands, in pieces that never fit", PING.repeat(7_000), 333, 7_000],
    ["a line, byte by byte", `${"a".repeat(60_000)}\n`, 1, 1],
    ["an argument that is too long, byte by byte", `*1\r\n${bulk(100_001)}`, 1, 1],
    ["a line that is too long, byte by byte", `${"a".repeat(100_000)}\n`, 1, 1],
  ])("takes work that is linear in the bytes: %s", (_name, text, size, expected) => {
    const input = bytesOf(text);
    let given = 0;
    const touched = bytesTouched(() => {
      given = decode(input, size);
    });
    expect(given).toBe(expected);
    // One search, two copies, and what doubling a buffer costs.
    expect(touched).toBeLessThanOrEqual(6 * input.length);
  });
});

it("resp decoder: nothing that comes behind a broken command is looked at, or kept", () => {
  const decoder = resp().decoder();
  decoder.push(bytesOf("*x\r\n"));
  expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "frame-invalid" }));
  const touched = bytesTouched(() => {
    for (let count = 0; count < 100; count++) {
      decoder.push(bytesOf(PING));
      expect(decoder.next()).toBeUndefined();
    }
  });
  expect(touched).toBe(0);
});
