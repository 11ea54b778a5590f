import { describe, expect, it } from "vitest";
import {
  contentLength,
  delimited,
  fixedLength,
  int16,
  int32,
  json,
  lengthPrefixed,
  lines,
  mapCodec,
  netstrings,
  octetCounted,
  text,
  varintPrefixed,
} from "../../../src/core/codecs/mod.ts";

type Options = Record<string, unknown>;

/** Each codec by its options, any others being as they should be. */
const CODECS: Readonly<Record<string, (options: Options) => unknown>> = {
  contentLength: (options) => contentLength(options),
  delimited: (options) => delimited({ delimiter: "|", ...options }),
  fixedLength: (options) => fixedLength({ bytes: 2, ...options }),
  int16: (options) => int16(options),
  int32: (options) => int32(options),
  json: (options) => json(lines(), options as object),
  lengthPrefixed: (options) => lengthPrefixed({ width: 2, ...options }),
  netstrings: (options) => netstrings(options),
  lines: (options) => lines(options),
  octetCounted: (options) => octetCounted(options),
  text: (options) => text(netstrings(), "utf-8", options),
  varintPrefixed: (options) => varintPrefixed(options),
};
const WITH_END = ["delimited", "lines", "octetCounted"];
const WITH_LIMIT = ["contentLength", "delimited", "lengthPrefixed", "netstrings", "octetCounted", "varintPrefixed"];

const FLAGS = [
  ["lengthPrefixed", "includesHeader"],
  ["lengthPrefixed", "stripHeader"],
  ["int16", "signed"],
  ["int32", "signed"],
  ["text", "fatal"],
] as const;

interface Case {
  readonly codec: string;
  readonly name: string;
  readonly value: unknown;
}

const cases = (codecs: readonly string[], name: string, values: readonly unknown[]): Case[] =>
  codecs.flatMap((codec) => values.map((value) => ({ codec, name, value })));

describe("a codec's option that is out of its range is a RangeError", () => {
  it.each([
    ...cases(WITH_LIMIT, "maxFrameBytes", [0, -0, -1, 0.5, 1.5, Number.NaN, -Infinity, 2 ** 53]),
    ...cases(["fixedLength"], "bytes", [0, -1, 1.5, Number.NaN, Infinity]),
    ...cases(["lengthPrefixed"], "width", [0, 5, 7, 9, 16, -1, 1.5, Number.NaN, "2", undefined, null]),
    ...cases(["lengthPrefixed"], "lengthOffset", [-1, 0.5, 1_025, Infinity, Number.NaN, "1", null]),
    ...cases(["lengthPrefixed"], "lengthAdjustment", [0.5, Infinity, -Infinity, Number.NaN, 2 ** 53, "1", null]),
    ...cases(["lengthPrefixed", "int16", "int32"], "endian", ["BIG", "native", "", 1, null, true]),
    ...cases(["delimited"], "delimiter", [
      "",
      [],
      [""],
      ["a", ""],
      new Uint8Array(0),
      ["a", new Uint8Array(0)],
      "x".repeat(2_048),
    ]),
    ...cases(["delimited"], "delimiter", [["x".repeat(2_000), "y".repeat(48)]]),
    ...cases(["octetCounted"], "delimiter", [
      "",
      [],
      [""],
      "ab",
      ["\n", "\r\n"],
      "5",
      ["\n", "0"],
      "é",
      new Uint8Array(2),
    ]),
    ...cases(["json"], "maxDepth", [0, -1, 0.5, Number.NaN, -Infinity]),
    ...cases(WITH_END, "unterminated", ["", "keep", true, null, 1]),
    ...cases(["lines"], "terminator", ["", "\r", "\n\r", "crlf", null, true]),
  ])("$codec: $name: $value", ({ codec, name, value }) => {
    expect(() => CODECS[codec]?.({ [name]: value })).toThrow(RangeError);
    expect(() => CODECS[codec]?.({ [name]: value })).toThrow(name);
  });
});

describe("a codec's option of the wrong type is a TypeError", () => {
  it.each([
    ...cases([...WITH_LIMIT], "maxFrameBytes", ["64", {}, true, 1n]),
    ...cases(["fixedLength"], "bytes", ["2", {}, undefined, null, true]),
    ...FLAGS.flatMap(([codec, name]) => cases([codec], name, [0, 1, "", "false", null, {}])),
    ...cases(["delimited"], "delimiter", [undefined, null, 1, {}, [1], [["a"]], ["a", undefined], new ArrayBuffer(1)]),
    ...cases(["octetCounted"], "delimiter", [null, 1, {}, [1], [["a"]], ["\n", undefined], new ArrayBuffer(1)]),
    ...cases(["json"], "maxDepth", ["64", {}, true, 1n]),
    ...cases(["json"], "schema", [{}, "schema", 1, () => true, { "~standard": {} }, { "~standard": { validate: 1 } }]),
  ])("$codec: $name: $value", ({ codec, name, value }) => {
    expect(() => CODECS[codec]?.({ [name]: value })).toThrow(TypeError);
    expect(() => CODECS[codec]?.({ [name]: value })).toThrow(name);
  });
});

describe("a codec's option at its edge is taken", () => {
  it.each([
    ...cases(WITH_LIMIT, "maxFrameBytes", [1, 2 ** 53 - 1, Infinity, undefined]),
    ...cases(["fixedLength"], "bytes", [1, 65_536]),
    ...cases(["lengthPrefixed"], "width", [1, 2, 3, 4, 6, 8]),
    ...cases(["lengthPrefixed"], "lengthOffset", [0, 1_024, undefined]),
    ...cases(["lengthPrefixed"], "lengthAdjustment", [-(2 ** 53 - 1), 2 ** 53 - 1, -0, undefined]),
    ...cases(["lengthPrefixed", "int16", "int32"], "endian", ["big", "little", undefined]),
    ...cases(["delimited"], "delimiter", ["x".repeat(2_047), ["a"], new Uint8Array(1), ["a", Uint8Array.of(0xff)]]),
    ...cases(["octetCounted"], "delimiter", [undefined, "\n", ["\0"], Uint8Array.of(0xff), ["\n", "\n"]]),
    ...cases(["json"], "maxDepth", [1, 2 ** 53 - 1, Infinity, undefined]),
    ...cases(WITH_END, "unterminated", ["reject", "deliver", undefined]),
    ...cases(["lines"], "terminator", ["\n", "\r\n", undefined]),
    ...FLAGS.flatMap(([codec, name]) => cases([codec], name, [true, false, undefined])),
    ...cases(["json"], "schema", [
      undefined,
      Object.assign(() => 1, { "~standard": { validate: () => ({ value: 1 }) } }),
    ]),
  ])("$codec: $name: $value", ({ codec, name, value }) => {
    expect(CODECS[codec]?.({ [name]: value })).toMatchObject({
      decoder: expect.any(Function),
      encoder: expect.any(Function),
    });
  });
});

const noEncoder = () => {
  throw new Error("asked for an encoder");
};
const same = { decode: (line: string) => line, encode: (line: string) => line };

describe("a codec over another codec", () => {
  it.each([
    [undefined],
    [null],
    [{}],
    ["lines"],
    [lines],
    [{ decoder() {} }],
    [{ encoder() {} }],
    [{ encoder: noEncoder }],
  ])("refuses %o in place of a codec", (codec) => {
    expect(() => text(codec as never)).toThrow(TypeError);
    expect(() => text(codec as never, "latin1")).toThrow(TypeError);
    expect(() => json(codec as never)).toThrow(TypeError);
    expect(() => mapCodec(codec as never, same)).toThrow(TypeError);
  });

  it.each([["decode"], ["encode"]])("needs a function %s", (name) => {
    for (const value of [undefined, null, "x", {}]) {
      expect(() => mapCodec(lines(), { ...same, [name]: value })).toThrow(TypeError);
      expect(() => mapCodec(lines(), { ...same, [name]: value })).toThrow(name);
    }
  });

  it("takes a function fault, or none", () => {
    expect(() => mapCodec(lines(), { ...same, fault: undefined as never })).not.toThrow();
    for (const fault of [null, "x", {}]) {
      expect(() => mapCodec(lines(), { ...same, fault: fault as never })).toThrow(TypeError);
      expect(() => mapCodec(lines(), { ...same, fault: fault as never })).toThrow("fault");
    }
  });

  it("needs a map", () => {
    for (const map of [undefined, null, 1]) expect(() => mapCodec(lines(), map as never)).toThrow(TypeError);
  });

  it.each([["ascii"], ["UTF-8"], [""], [8], [null]])("text has no encoding %o", (encoding) => {
    expect(() => text(netstrings(), encoding as "utf-8")).toThrow(RangeError);
    expect(() => text(netstrings(), encoding as "utf-8")).toThrow("encoding");
  });
});

describe("a codec that needs options", () => {
  it.each([
    ["delimited", delimited],
    ["fixedLength", fixedLength],
    ["lengthPrefixed", lengthPrefixed],
  ] as const)("is refused without them: %s", (_name, codec) => {
    expect(() => (codec as () => unknown)()).toThrow(TypeError);
  });
});
