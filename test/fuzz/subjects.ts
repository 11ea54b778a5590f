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
  type OctetCountedOptions,
  octetCounted,
  text,
  varintPrefixed,
} from "spillway/codecs";
import type { Codec } from "spillway/core";

/** A codec under test. */
export interface Subject {
  readonly codec: Codec<unknown, never>;
  /** No frame may be longer, in bytes; `Infinity` where what a frame is says nothing of the bytes that it was. */
  readonly maxFrame: number;
  /** No decoder may keep more of a frame that is not whole. */
  readonly maxKept: number;
  /** The parts of inputs besides random bytes; a character a byte. */
  readonly words: readonly string[];
}

const NUMBERS = ["0", "1", "2", "7", "8", "9", "10", "00", "65536", "4294967296", "9007199254740992"];
const MAX = 8;

const LINES = ["\n", "\r\n", "\r", "a", "é", "\xc3\xa9", "\xff", "12345678", "123456789", "\0"];
const linesOf = (codec: Codec<unknown, never>, maxFrame: number = MAX): Subject => ({
  codec,
  maxFrame,
  maxKept: MAX + 1,
  words: LINES,
});

/** The same, for `invalidFrame: "truncate"`. */
const truncating = (subject: Subject): Subject => {
  const { codec } = subject;
  return {
    ...subject,
    codec: { encoder: () => codec.encoder(), decoder: () => codec.truncatingDecoder?.() ?? codec.decoder() },
  };
};

const delimitedBy = (...delimiter: string[]): Subject => delimitedTo("reject", ...delimiter);
const delimitedTo = (unterminated: "reject" | "deliver", ...delimiter: string[]): Subject => ({
  codec: delimited({ delimiter, maxFrameBytes: MAX, unterminated }),
  maxFrame: MAX,
  maxKept: MAX + Math.max(...delimiter.map(({ length }) => length)),
  words: [
    ...delimiter,
    ...delimiter.map((one) => one.slice(0, -1)),
    ...delimiter.map((one) => one.slice(1)),
    "x",
    "12345678",
  ],
});

type Layout = Parameters<typeof lengthPrefixed>[0];
const prefixed = (layout: Layout): Subject => {
  const header = layout.width + (layout.lengthOffset ?? 0);
  const length = (value: number) => "\0".repeat(layout.width - 1) + String.fromCharCode(value);
  const bigFirst = [0, 1, 2, 7, 8, 9, 255].map(length);
  const words = layout.endian === "little" ? bigFirst.map((word) => Array.from(word).toReversed().join("")) : bigFirst;
  return {
    codec: lengthPrefixed({ ...layout, maxFrameBytes: MAX }),
    maxFrame: layout.stripHeader === false ? MAX + header : MAX,
    maxKept: MAX + header,
    words: [...words, "\0", "\xff", "a", "12345678"],
  };
};

const NETSTRINGS = [...NUMBERS, ":", ",", "1:a,", "8:12345678,", "9:123456789,", "0:,", "abc", "\xff"];
const SYSLOG = [...NUMBERS, " ", "1 a", "8 12345678", "9 123456789", "<1>", "\n", "\r\n", "\r", "\0", "abc"];
const syslogOf = (options: OctetCountedOptions): Subject => ({
  codec: octetCounted({ ...options, maxFrameBytes: MAX }),
  maxFrame: MAX,
  maxKept: MAX + 20,
  words: SYSLOG,
});
const FIELDS = [
  ...NUMBERS,
  "Content-Length: ",
  "content-length:",
  "Content-Length: 8\r\n\r\n12345678",
  "Content-Length: 2\r\n",
  "\r\n\r\n",
  "\r\n",
  "X: y\r\n",
  ":",
  "ok",
  "\xff",
  "-".repeat(400),
];
const VARINTS = [
  "\0",
  "\x01a",
  "\x0812345678",
  "\x09",
  "\x80",
  "\x80\0",
  "\x88\x80",
  "\xff\xff\xff\xff",
  "\x0f",
  "\x10",
  "a",
];
const DOCUMENTS = ['{"a":1}', "[]", "null", '"', "\\u00e9", "{", "}", "1e9", "\xff", "\xc3\xa9", ","];

const netstringsOf = (codec: Codec<unknown, never>, maxFrame: number, words: readonly string[] = []): Subject => ({
  codec,
  maxFrame,
  maxKept: MAX + 20,
  words: [...NETSTRINGS, ...words],
});

/** By name: the codec, in several settings. */
export const SUBJECTS: Readonly<Record<string, readonly Subject[]>> = {
  lines: [
    linesOf(lines({ maxFrameBytes: MAX }), Infinity),
    linesOf(lines({ maxFrameBytes: MAX, fatal: true })),
    linesOf(lines({ maxFrameBytes: MAX, encoding: "latin1" }), 2 * MAX),
    linesOf(lines({ maxFrameBytes: MAX, encoding: "bytes" })),
    linesOf(lines({ maxFrameBytes: MAX, unterminated: "deliver" }), Infinity),
    truncating(linesOf(lines({ maxFrameBytes: MAX }), Infinity)),
    truncating(linesOf(lines({ maxFrameBytes: MAX, fatal: true, unterminated: "deliver" }))),
    truncating(linesOf(lines({ maxFrameBytes: MAX, encoding: "latin1" }), 2 * MAX)),
    truncating(linesOf(lines({ maxFrameBytes: MAX, encoding: "bytes" }))),
  ],
  delimited: [
    delimitedBy("|"),
    delimitedBy("\r\n"),
    delimitedBy("aab"),
    delimitedBy("abab", "ba"),
    delimitedBy("\n", "\r\n", "\r\n.\r\n"),
    delimitedBy("abc", "bcd", "c"),
    delimitedTo("deliver", "\r\n"),
    delimitedTo("deliver", "abab", "ba"),
    truncating(delimitedBy("\r\n")),
    truncating(delimitedTo("deliver", "aab")),
    truncating(delimitedBy("abc", "bcd", "c")),
  ],
  fixedLength: [1, 2, 5, 8].map((bytes) => ({
    codec: fixedLength({ bytes }),
    maxFrame: bytes,
    maxKept: bytes - 1,
    words: ["a", "12", "\0\xff"],
  })),
  lengthPrefixed: [
    prefixed({ width: 1 }),
    prefixed({ width: 2 }),
    prefixed({ width: 2, endian: "little", lengthOffset: 1 }),
    prefixed({ width: 3, includesHeader: true, stripHeader: false }),
    prefixed({ width: 4, lengthAdjustment: -2 }),
    prefixed({ width: 6, endian: "little", lengthAdjustment: 3 }),
    prefixed({ width: 8, stripHeader: false }),
    prefixed({ width: 8, endian: "little" }),
  ],
  varintPrefixed: [{ codec: varintPrefixed({ maxFrameBytes: MAX }), maxFrame: MAX, maxKept: MAX + 5, words: VARINTS }],
  netstrings: [netstringsOf(netstrings({ maxFrameBytes: MAX }), MAX)],
  octetCounted: [
    syslogOf({}),
    syslogOf({ delimiter: "\0", unterminated: "deliver" }),
    truncating(syslogOf({})),
    truncating(syslogOf({ delimiter: "\n", unterminated: "deliver" })),
  ],
  contentLength: [{ codec: contentLength({ maxFrameBytes: MAX }), maxFrame: MAX, maxKept: MAX + 4_096, words: FIELDS }],
  int16: [int16(), int16({ endian: "little", signed: false })].map((codec) => ({
    codec,
    maxFrame: Infinity,
    maxKept: 1,
    words: ["\0", "\x7f\xff", "\x80\0", "\xff"],
  })),
  int32: [int32(), int32({ endian: "little", signed: false })].map((codec) => ({
    codec,
    maxFrame: Infinity,
    maxKept: 3,
    words: ["\0", "\x7f\xff\xff\xff", "\x80\0\0\0", "\xff"],
  })),
  text: [
    netstringsOf(text(netstrings({ maxFrameBytes: MAX })), Infinity, LINES),
    netstringsOf(text(netstrings({ maxFrameBytes: MAX }), "utf-8", { fatal: true }), MAX, LINES),
    netstringsOf(text(netstrings({ maxFrameBytes: MAX }), "latin1"), 2 * MAX, LINES),
    truncating({
      ...delimitedBy("|"),
      codec: text(delimited({ delimiter: "|", maxFrameBytes: MAX })),
      maxFrame: Infinity,
    }),
  ],
  json: [
    { ...linesOf(json(lines({ maxFrameBytes: MAX })), Infinity), words: [...LINES, ...DOCUMENTS] },
    {
      ...linesOf(json(lines({ maxFrameBytes: 64 }), { maxDepth: 2 }), Infinity),
      maxKept: 65,
      words: [...LINES, ...DOCUMENTS, "[", "]"],
    },
    netstringsOf(json(netstrings({ maxFrameBytes: MAX })), Infinity, [...DOCUMENTS, '7:{"a":1},', "4:null,"]),
  ],
  mapCodec: [
    {
      ...linesOf(
        mapCodec(lines({ maxFrameBytes: MAX }), {
          decode: (line) => BigInt(line),
          encode: (number: bigint) => String(number),
        }),
        Infinity,
      ),
      words: [...LINES, "1", "-", "0x1"],
    },
  ],
};
