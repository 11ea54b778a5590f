import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Codec, lines, type Output } from "../../../src/core/mod.ts";
import { OutputBuffer } from "../../../src/core/output/output_buffer.ts";
import { textOf } from "./support/byte_strings.ts";
import { decode } from "./support/decode.ts";
import { encode, faultText, refusal } from "./support/encode.ts";

function text(codec: Codec<unknown, string>, frames: readonly string[]): string {
  return new TextDecoder().decode(encode(codec, frames));
}

describe("lines encoder", () => {
  it("ends each line with LF", () => {
    expect(text(lines(), ["one", "", "zwölf €😀"])).toBe("one\n\nzwölf €😀\n");
  });

  it("writes latin1 byte for byte", () => {
    expect([...encode(lines({ encoding: "latin1" }), ["é\x80\xff"])]).toEqual([0xe9, 0x80, 0xff, 0x0a]);
  });

  it("writes bytes as they are", () => {
    const frame = new Uint8Array([0xff, 0x00, 0x0d]);
    expect([...encode(lines({ encoding: "bytes" }), [frame])]).toEqual([0xff, 0x00, 0x0d, 0x0a]);
  });

  it.each([
    ["a line break", lines(), "a\nb"],
    ["a line break at the end", lines(), "a\n"],
    ["a line break in latin1", lines({ encoding: "latin1" }), "a\nb"],
    ["a character that latin1 lacks", lines({ encoding: "latin1" }), "a€"],
    ["a number", lines(), 42],
    ["null", lines(), null],
    ["bytes where text is due", lines(), new Uint8Array(1)],
    ["an object in latin1", lines({ encoding: "latin1" }), {}],
    ["a line break in bytes", lines({ encoding: "bytes" }), new Uint8Array([97, 10])],
    ["text where bytes are due", lines({ encoding: "bytes" }), "a"],
  ])("refuses %s, and puts nothing out", (_name, codec, frame) => {
    const output = new OutputBuffer();
    const encoder = (codec as Codec<unknown, unknown>).encoder();
    expect(() => output.frame(encoder, frame)).toThrow(expect.objectContaining({ code: "reply-invalid" }));
    expect(output.length).toBe(0);
  });

  it.each(["utf-8", "latin1"] as const)("tells the reason of an end in %s", (encoding) => {
    expect(faultText(lines({ encoding }).encoder(), "frame-too-large")).toBe("error: frame-too-large\n");
  });

  it.each(["utf-8", "latin1", "bytes"] as const)(
    "ends what it sends in %s with CRLF, where that is asked for",
    (encoding) => {
      const codec = lines({ encoding: encoding as "bytes", terminator: "\r\n" }) as Codec<unknown, unknown>;
      const reply = (line: string) => (encoding === "bytes" ? new TextEncoder().encode(line) : line);
      expect(textOf(encode(codec, [reply("220 ready"), reply("")]))).toBe("220 ready\r\n\r\n");
      expect(faultText(codec.encoder(), "frame-too-large")).toBe("error: frame-too-large\r\n");
      for (const broken of ["a\nb", "a\rb", "a\r\nb", "a\r"]) {
        expect(refusal(codec, reply(broken))).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
      }
      expect(refusal(lines({ encoding: encoding as "bytes" }), reply("a\rb")).error).toBeUndefined();
    },
  );
});

describe("lines encoder of bytes", () => {
  /** An output that only takes text and bytes, as the one of `mapCodec` does. */
  class PlainOutput implements Output {
    readonly put: string[] = [];
    text(piece: string): void {
      this.put.push(piece);
    }
    bytes(piece: Uint8Array): void {
      this.put.push(textOf(piece));
    }
  }

  it.each([1, 3, 4, 5, 63, 64, 255, 256, 257, 5_000])("finds a line break anywhere in %d bytes", (length) => {
    const encoder = lines({ encoding: "bytes" }).encoder();
    const places = [0, 1, 2, 3, 4, length - 5, length - 4, length - 3, length - 2, length - 1];
    for (const before of [0, 1, 2, 3]) {
      const buffer = new OutputBuffer();
      const plain = new PlainOutput();
      buffer.bytes(new Uint8Array(before).fill(46));
      for (const place of places.filter((at) => at >= 0 && at < length)) {
        const broken = new Uint8Array(length).fill(97).fill(10, place, place + 1);
        expect(() => buffer.frame(encoder, broken)).toThrow("a line cannot contain a line break");
        expect(() => encoder.encode(broken, plain)).toThrow("a line cannot contain a line break");
        expect([buffer.length, plain.put.length]).toEqual([before, 0]);
      }
      const whole = new Uint8Array(length).fill(0x0b);
      buffer.frame(encoder, whole);
      encoder.encode(whole, plain);
      expect(textOf(buffer.takeAll())).toBe(".".repeat(before) + plain.put.join(""));
      expect(plain.put.join("")).toBe(`${"\v".repeat(length)}\n`);
    }
  });
});

describe("lines: what is encoded is decoded to the same frames", () => {
  const runs = { seed: 20_261_102, numRuns: 500 };
  /** A CR at the end would become part of the terminator. */
  const isLine = (frame: string) => !frame.includes("\n") && !frame.endsWith("\r");

  it("in UTF-8 for every text that is a line", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }).filter(isLine)), fc.nat(), (frames, at) => {
        const bytes = encode(lines(), frames);
        const place = at % (bytes.length + 1);
        expect(decode(lines({ fatal: true }), [bytes.subarray(0, place), bytes.subarray(place)])).toEqual(frames);
      }),
      runs,
    );
  });

  it("in latin1 for every text of its characters", () => {
    const frame = fc
      .uint8Array()
      .map((bytes) => String.fromCharCode(...bytes))
      .filter(isLine);
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const codec = lines({ encoding: "latin1" });
        expect(decode(codec, [encode(codec, frames)])).toEqual(frames);
      }),
      runs,
    );
  });

  it("as bytes for all that hold no LF", () => {
    const frame = fc.uint8Array().filter((bytes) => !bytes.includes(10) && bytes.at(-1) !== 13);
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const codec = lines({ encoding: "bytes" });
        expect(decode(codec, [encode(codec, frames)])).toEqual(frames.map(textOf));
      }),
      runs,
    );
  });
});
