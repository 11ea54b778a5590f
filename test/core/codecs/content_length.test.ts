import { describe, expect, it } from "vitest";
import { contentLength } from "../../../src/core/codecs/mod.ts";
import { raw, textOf } from "./support/byte_strings.ts";
import { CONTENT_LENGTH_TABLE, fieldsOf } from "./support/content_length_table.ts";
import { decode, INVALID, LOST } from "./support/decode.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { agrees, anyBytes, roundTrips } from "./support/properties.ts";
import { type Prefix, splitPrefixed } from "./support/split_prefixed.ts";

describe("contentLength decoder", () => {
  it.each(CONTENT_LENGTH_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

function prefixAt(input: string, at: number): Prefix {
  const end = input.indexOf("\r\n\r\n", at);
  if (end < 0) return "cut off";
  const values = new Set<string>();
  for (const line of input.slice(at, end).split("\r\n")) {
    const field = /^([\w-]+):[\t ]*([\t\x20-\x7e]*?)[\t ]*$/.exec(line);
    if (field === null) return "invalid";
    if (/^content-length$/i.test(field[1] as string)) values.add(field[2] as string);
  }
  const [value = ""] = values;
  return values.size === 1 && /^\d+$/.test(value) ? { start: end + 4, length: Number(value) } : "invalid";
}

describe("contentLength against a model", () => {
  it.each([1, 4, Infinity])("with a limit of %d", (max) => {
    const pieces = [
      "Content-Length: 2\r\n",
      "content-length:3",
      "Content-Length: ",
      "\r\n\r\n",
      "\r\n",
      "X: y",
      "ok",
      "5",
      ":",
    ];
    agrees(contentLength({ maxFrameBytes: max }), pieces, (input) => splitPrefixed(input, { max, prefixAt }));
  });
});

describe("contentLength: header fields", () => {
  it("are refused with the byte that is too much, not at their end", () => {
    const decoder = contentLength().decoder();
    decoder.push(raw(fieldsOf(4_097).slice(0, 4_095)));
    expect(decoder.next()).toBeUndefined();
    decoder.push(raw("-"));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "frame-invalid" }));
    expect(decoder.lost).toBe(true);
  });

  it.each([
    ["a wrong length", "Content-Length: 1x", "1x"],
    ["one that is long", `Content-Length: ${"x".repeat(33)}`, `${"x".repeat(32)}…`],
    ["of 32 characters", `Content-Length: ${"x".repeat(32)}`, "x".repeat(32)],
    ["two", `Content-Length: 1\r\nContent-Length: ${"2".repeat(3_000)}`, `1 and ${"2".repeat(32)}…`],
  ])("%s is told, up to 32 characters", (_name, fields, told) => {
    const decoder = contentLength().decoder();
    decoder.push(raw(`${fields}\r\n\r\n`));
    expect(() => decoder.next()).toThrow(
      expect.objectContaining({ code: "frame-invalid", message: `header fields with a Content-Length of ${told}` }),
    );
  });

  it.each("!#$%&'*+.^_`|~09azAZ-".split(""))("%s may be in a name", (char) => {
    expect(decode(contentLength(), [raw(`${char}: x\r\nContent-Length: 2\r\n\r\nok`)])).toEqual(["ok"]);
  });

  it.each('"(),/;<=>?@[\\]{}\x7f\x80 '.split(""))("%s may not", (char) => {
    expect(decode(contentLength(), [raw(`${char}: x\r\nContent-Length: 2\r\n\r\nok`)])).toEqual([INVALID, LOST]);
  });
});

describe("contentLength encoder", () => {
  it("counts the bytes, not the characters", () => {
    const sent = textOf(encode(contentLength(), ["{}", "é", new Uint8Array(0)]));
    expect(sent).toBe("Content-Length: 2\r\n\r\n{}Content-Length: 2\r\n\r\n\xc3\xa9Content-Length: 0\r\n\r\n");
  });

  it.each([[42], [null], [undefined], [{}], [[1]]])("refuses %o as a frame", (frame) => {
    expect(refusal(contentLength(), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("is undone by the decoder", () => roundTrips(contentLength(), anyBytes(300)));
});
