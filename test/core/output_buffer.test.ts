import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Encoder, Output } from "../../src/core/mod.ts";
import { OutputBuffer } from "../../src/core/output/output_buffer.ts";
import { bounded } from "../support/bounded.ts";

const WRITE_BYTES = 65_536;

function takeAll(buffer: OutputBuffer): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (const step = bounded(); buffer.length > 0 && step(); ) taken.push(buffer.take());
  return taken;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function text(parts: readonly Uint8Array[]): string {
  return new TextDecoder().decode(joined(parts));
}

describe("OutputBuffer", () => {
  it("gives all text of a tick in one write", () => {
    const buffer = new OutputBuffer();
    for (let count = 0; count < 1_000; count++) buffer.text(`line ${count}\n`);
    const taken = takeAll(buffer);
    expect(taken).toHaveLength(1);
    expect(text(taken)).toBe(Array.from({ length: 1_000 }, (_, count) => `line ${count}\n`).join(""));
  });

  it("joins small bytes into one write", () => {
    const buffer = new OutputBuffer();
    for (let count = 0; count < 100; count++) buffer.bytes(new Uint8Array([count]));
    expect(takeAll(buffer)).toEqual([new Uint8Array(100).map((_, at) => at)]);
  });

  it("keeps text and bytes in order", () => {
    const buffer = new OutputBuffer();
    buffer.text("a");
    buffer.bytes(new TextEncoder().encode("b"));
    buffer.text("c");
    buffer.text("d");
    buffer.bytes(new Uint8Array(0));
    buffer.bytes(new TextEncoder().encode("e"));
    expect(takeAll(buffer).map((part) => new TextDecoder().decode(part))).toEqual(["abcde"]);
  });

  it("cuts what is large into writes of 64 KiB, without a copy", () => {
    const buffer = new OutputBuffer();
    const large = new Uint8Array(2 * WRITE_BYTES + 1);
    buffer.bytes(large);
    const taken = takeAll(buffer);
    expect(taken.map((part) => part.length)).toEqual([WRITE_BYTES, WRITE_BYTES, 1]);
    expect(taken.every((part) => part.buffer === large.buffer)).toBe(true);
  });

  it("keeps no short part as a view: what waits costs its bytes, and holds nothing else", () => {
    const chunk = new Uint8Array(65_536);
    const buffer = new OutputBuffer();
    let buffers = 0;
    const native = globalThis.Uint8Array;
    globalThis.Uint8Array = new Proxy(native, {
      construct: (target, args: ConstructorParameters<typeof Uint8Array>) => {
        buffers += 1;
        return Reflect.construct(target, args);
      },
    });
    try {
      for (let at = 0; at < 60_000; at += 3) buffer.bytes(chunk.subarray(at, at + 3));
    } finally {
      globalThis.Uint8Array = native;
    }
    expect(buffer.length).toBe(60_000);
    expect(buffers).toBeLessThan(20);
    expect(takeAll(buffer).every((part) => part.buffer !== chunk.buffer)).toBe(true);
  });

  it("leaves what was taken as it is while more is put", () => {
    const buffer = new OutputBuffer();
    const taken: Uint8Array[] = [];
    const wanted: number[] = [];
    for (let count = 0; count < 500; count++) {
      const size = (count * 37) % 300;
      buffer.bytes(new Uint8Array(size).fill(count));
      wanted.push(...Array<number>(size).fill(count % 256));
      if (count % 3 === 0) taken.push(...takeAll(buffer));
    }
    taken.push(...takeAll(buffer));
    expect([...joined(taken)]).toEqual(wanted);
  });

  it("cuts a large text too", () => {
    const buffer = new OutputBuffer();
    buffer.text("x".repeat(3 * WRITE_BYTES));
    expect(takeAll(buffer).map((part) => part.length)).toEqual([WRITE_BYTES, WRITE_BYTES, WRITE_BYTES]);
  });

  it.each(["x", "é", "€", "😀", "xé", "\ud800"])("encodes a very large text of %j as its characters say", (unit) => {
    const large = `x${unit.repeat(300_000)}`;
    const buffer = new OutputBuffer();
    buffer.text(large);
    const bytes = new TextEncoder().encode(large);
    const taken = joined(takeAll(buffer));
    expect(taken.length).toBe(bytes.length);
    expect(taken.every((byte, index) => byte === bytes[index])).toBe(true);
  });

  it("counts what waits: bytes, and a character of text as a byte until it is encoded", () => {
    const buffer = new OutputBuffer();
    buffer.text("é");
    expect(buffer.length).toBe(1);
    buffer.bytes(new Uint8Array(3));
    expect(buffer.length).toBe(5);
    takeAll(buffer);
    expect(buffer.length).toBe(0);
  });

  it.each([
    ["text", (output: Output) => output.text("lost")],
    ["much text", (output: Output) => output.text("lost".repeat(10_000))],
    ["bytes", (output: Output) => output.bytes(new Uint8Array(10))],
    ["bytes, then text", (output: Output) => (output.bytes(new Uint8Array(10)), output.text("lost"))],
    ["nothing", () => {}],
  ])("takes back what an encoder had put before it threw: %s", (_name, put) => {
    const failing: Encoder<string> = {
      encode(_frame, output) {
        put(output);
        throw new Error("midway");
      },
    };
    for (const before of ["", "text", "bytes", "both"]) {
      const buffer = new OutputBuffer();
      if (before === "bytes" || before === "both") buffer.bytes(new TextEncoder().encode("<bytes>"));
      if (before === "text" || before === "both") buffer.text("<text>");
      const { length } = buffer;
      expect(() => buffer.frame(failing, "")).toThrow("midway");
      expect(buffer.length).toBe(length);
      buffer.text("after");
      const kept = { "": "", text: "<text>", bytes: "<bytes>", both: "<bytes><text>" }[before];
      expect(text(takeAll(buffer))).toBe(`${kept}after`);
    }
  });

  it("gives what was put, in writes of bounded size, in any mix", () => {
    const put = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.uint8Array({ maxLength: 30 }),
      fc.constantFrom(
        "é".repeat(9_000),
        "x".repeat(16_384),
        "x".repeat(70_000),
        new Uint8Array(40_000),
        new Uint8Array(150_000),
      ),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(put, { maxLength: 40 }), (puts) => {
        const buffer = new OutputBuffer();
        const expected: Uint8Array[] = [];
        const taken: Uint8Array[] = [];
        for (const item of puts) {
          if (item === null) {
            if (buffer.length > 0) taken.push(buffer.take());
            continue;
          }
          if (typeof item === "string") buffer.text(item);
          else buffer.bytes(item);
          expected.push(typeof item === "string" ? new TextEncoder().encode(item) : item);
        }
        taken.push(...takeAll(buffer));
        expect(taken.every((part) => part.length > 0 && part.length <= WRITE_BYTES)).toBe(true);
        expect(
          text([joined(taken)]) === text([joined(expected)]) && joined(taken).length === joined(expected).length,
        ).toBe(true);
      }),
      { seed: 20_261_104, numRuns: 300 },
    );
  });
});
