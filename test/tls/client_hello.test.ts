import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientHelloReader } from "../../src/tls/client_hello.ts";

const bytesOf = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
const vector = (lengthBytes: number, bytes: readonly number[]) => {
  const length = Array.from({ length: lengthBytes }, (_, at) => (bytes.length >> (8 * (lengthBytes - 1 - at))) & 255);
  return [...length, ...bytes];
};
const extension = (type: number, bytes: readonly number[]) => [type >> 8, type & 255, ...vector(2, bytes)];
const serverName = (name: string) => extension(0, vector(2, [0, ...vector(2, bytesOf(name))]));

function message(extensions: readonly number[]): number[] {
  const random = Array.from({ length: 32 }, (_, at) => at);
  const body = [3, 3, ...random, ...vector(1, [1, 2, 3]), ...vector(2, [0x13, 0x01]), ...vector(1, [0])];
  return [1, ...vector(3, [...body, ...vector(2, extensions)])];
}

/** Cuts a message into records of at most `size` bytes. */
function records(bytes: readonly number[], size: number = 16_384): Uint8Array<ArrayBuffer> {
  const parts: number[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(22, 3, 1, ...vector(2, bytes.slice(at, at + size)));
  return Uint8Array.from(parts);
}

/** Reads bytes that come in chunks, and says how many it needed, and what it found. */
function read(bytes: Uint8Array<ArrayBuffer>, step = 1): { needed: number | undefined; name: string | undefined } {
  const reader = new ClientHelloReader();
  for (let length = step; length < bytes.length + step; length += step) {
    const needed = Math.min(length, bytes.length);
    if (reader.read(bytes.subarray(0, needed))) return { needed, name: reader.serverName };
  }
  return { needed: undefined, name: reader.serverName };
}

const hello = message([...extension(10, [0, 2, 0, 29]), ...serverName("A.Example"), ...extension(43, [2, 3, 4])]);

describe("the reader of a ClientHello", () => {
  it.each([1, 2, 7, 50, 16_384])("finds the server name, in lower case, over records of %i bytes", (size) => {
    const bytes = records(hello, size);
    for (const step of [1, 3, bytes.length]) expect(read(bytes, step).name).toBe("a.example");
    expect(read(bytes).needed).toBe(bytes.length);
  });

  it("needs all of the message, and nothing behind it", () => {
    const bytes = records(hello);
    for (let length = 0; length < bytes.length; length++)
      expect(read(bytes.subarray(0, length)).needed).toBe(undefined);
    expect(read(Uint8Array.from([...bytes, 20, 3, 3]), bytes.length + 3).name).toBe("a.example");
  });

  it.each<[string, number[]]>([
    ["has no extension", []],
    ["has no name", extension(43, [2, 3, 4])],
    ["has an empty name", serverName("")],
    ["has a name with a space", serverName("a b")],
    ["has a name with a zero", serverName("a.example\0.evil")],
    ["has a name of 254 bytes", serverName("a".repeat(254))],
    ["has a name of another type", extension(0, vector(2, [1, ...vector(2, bytesOf("a.example"))]))],
    ["has a name that is cut off", extension(0, [0, 9, 0, 0, 9, 97])],
    ["has an extension that is longer than all", [0, 0, 255, 255, 0]],
  ])("finds no name in one that %s", (_, extensions) => {
    const bytes = records(message(extensions));
    expect(read(bytes)).toEqual({ needed: bytes.length, name: undefined });
  });

  it.each([
    ["text", bytesOf("GET / HTTP/1.1"), 1],
    ["an alert", [21, 3, 1, 0, 2, 2, 40], 1],
    ["another version", [22, 2, 0, 0, 4, 1, 0, 0, 0], 5],
    ["an empty record", [22, 3, 1, 0, 0], 5],
    ["a record of 16,385 bytes", [22, 3, 1, 64, 1], 5],
    ["another message", [22, 3, 1, 0, 4, 2, 0, 0, 0], 9],
  ])("leaves %s to others at once", (_, bytes, needed) => {
    expect(read(Uint8Array.from(bytes))).toEqual({ needed, name: undefined });
  });

  it("refuses a message of more than 16 KiB, before it has come", () => {
    expect(() => read(records([1, 0, 64, 1]))).toThrow(/16385 bytes/);
  });

  it("never throws another error, reads nothing outside, and does not depend on the cuts", () => {
    const mutated = fc
      .tuple(fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }), fc.integer({ min: 1, max: 300 }))
      .map(([changes, size]) => {
        const bytes = records(hello, size);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    const inputs = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    );
    const outcome = (bytes: Uint8Array<ArrayBuffer>, step: number) => {
      try {
        return read(bytes, step).name;
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 100 }), (bytes, step) => {
        expect(outcome(bytes, step)).toBe(outcome(bytes, 1));
        expect([undefined, "tls-failed", "string"]).toContain(
          outcome(bytes, 1) === "tls-failed" ? "tls-failed" : outcome(bytes, 1) && "string",
        );
      }),
      { numRuns: 2_000, seed: 13 },
    );
  });

  it("does work that is linear in the bytes, however small the records are", () => {
    const long = message([
      ...extension(
        21,
        Array.from({ length: 9_000 }, () => 0),
      ),
      ...serverName("a.example"),
    ]);
    const bytes = records(long, 1);
    const begun = performance.now();
    expect(read(bytes).name).toBe("a.example");
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
