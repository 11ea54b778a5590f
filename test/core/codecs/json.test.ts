import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { type Codec, contentLength, json, lines, netstrings, text } from "../../../src/core/codecs/mod.ts";
import { OutputBuffer } from "../../../src/core/output/output_buffer.ts";
import { textOf, utf8 } from "./support/byte_strings.ts";
import { encode, faultText, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { JSON_TABLE } from "./support/json_table.ts";
import { roundTrips } from "./support/properties.ts";
import { hasId, schema } from "./support/schemas.ts";

describe("json decoder", () => {
  it.each(JSON_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

describe("json: what a schema has against a document", () => {
  it.each([
    ["a message", [{ message: "no" }], "no"],
    ["where", [{ message: "no", path: ["a", 0, { key: "b" }] }], "a.0.b: no"],
    [
      "all of it",
      [
        { message: "no", path: [] },
        { message: "nor", path: [Symbol("s")] },
      ],
      "no; Symbol(s): nor",
    ],
    ["nothing in particular", [], ""],
  ])("is in the error: %s", (_name, issues, told) => {
    const decoder = json(lines(), { schema: schema(() => ({ issues })) }).decoder();
    decoder.push(utf8("1\n"));
    expect(() => decoder.next()).toThrow(
      expect.objectContaining({ code: "frame-invalid", message: `a document that is refused: ${told}` }),
    );
  });
});

describe("json with a validator that somebody else wrote", () => {
  const Request = v.object({ id: v.pipe(v.number(), v.integer()), tags: v.optional(v.array(v.string()), []) });

  it("gives what the schema makes of a document, with its type", () => {
    const decoder = json(lines(), { schema: Request }).decoder();
    decoder.push(utf8('{"id":1,"more":true}\n{"id":2,"tags":["a"]}\n'));
    const first: { id: number; tags: string[] } | undefined = decoder.next();
    expect([first, decoder.next()]).toEqual([
      { id: 1, tags: [] },
      { id: 2, tags: ["a"] },
    ]);
  });

  it("refuses a document with what the validator says of it, and goes on", () => {
    const decoder = json(netstrings(), { schema: Request }).decoder();
    decoder.push(utf8('10:{"id":1.5},23:{"id":1,"tags":["a",2]},8:{"id":3},'));
    expect(() => decoder.next()).toThrow(
      expect.objectContaining({ message: expect.stringContaining("refused: id: ") }),
    );
    expect(() => decoder.next()).toThrow(expect.objectContaining({ message: expect.stringContaining("tags.1: ") }));
    expect(decoder.next()).toEqual({ id: 3, tags: [] });
  });

  it("cannot wait for one", () => {
    const slow = v.pipeAsync(
      v.number(),
      v.checkAsync(async () => true),
    );
    const decoder = json(lines(), { schema: slow }).decoder();
    decoder.push(utf8("1\n"));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "codec-failed" }));
  });
});

describe("json with a schema for what is sent", () => {
  const Reply = v.pipe(
    v.object({ at: v.date() }),
    v.transform(({ at }) => ({ at: at.getTime() })),
  );

  it("takes what the schema takes, and sends what it makes of that", () => {
    const codec: Codec<{ id: number }, { at: Date }> = json(lines(), { schema: hasId, replySchema: Reply });
    expect(textOf(encode(codec, [{ at: new Date(7) }]))).toBe('{"at":7}\n');
  });

  it("refuses what the schema refuses, as the handler's fault", () => {
    const encoder = json(lines(), { replySchema: Reply }).encoder();
    expect(() => encoder.encode({ at: "now" } as never, new OutputBuffer())).toThrow(
      expect.objectContaining({ code: "reply-invalid", message: expect.stringContaining("refused: at: ") }),
    );
  });

  it("sends fault frames as they are", () => {
    expect(faultText(json(lines(), { replySchema: Reply }).encoder(), "frame-invalid")).toBe(
      '{"error":"frame-invalid"}\n',
    );
  });
});

describe("json encoder", () => {
  it("writes documents on one line", () => {
    expect(textOf(encode(json(lines()), [{ a: "x\ny" }, [], null, "", 0]))).toBe('{"a":"x\\ny"}\n[]\nnull\n""\n0\n');
    expect(textOf(encode(json(contentLength()), ["é"]))).toBe('Content-Length: 4\r\n\r\n"\xc3\xa9"');
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const throws = {
    toJSON() {
      throw new Error("no");
    },
  };
  it.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["a BigInt", 1n],
    ["a BigInt within", { a: [1n] }],
    ["a cycle", cycle],
    ["what throws", throws],
    ["what says undefined", { toJSON: () => undefined }],
  ])("refuses %s, and puts nothing out", (_name, value) => {
    for (const codec of [json(lines()), json(netstrings())]) {
      expect(refusal(codec, value)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
    }
  });

  it("has a fault frame where the codec below has one", () => {
    expect(faultText(json(netstrings()).encoder(), "frame-invalid")).toBeUndefined();
    expect(faultText(json(text(netstrings())).encoder(), "frame-invalid")).toBeUndefined();
    expect(faultText(json(lines()).encoder(), "frame-invalid")).toBe('{"error":"frame-invalid"}\n');
  });

  it("is undone by the decoder", () => {
    const values = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    // `frameText` shows strings without their quotes.
    roundTrips(json(lines()), values);
    roundTrips(json(netstrings()), values);
  });
});
