import { type LengthPrefixedOptions, lengthPrefixed, mapCodec } from "../../../../src/core/codecs/mod.ts";
import { raw, reversed } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, options: LengthPrefixedOptions, input: string, gives: readonly string[]): CodecCase => ({
  name,
  codec: lengthPrefixed(options),
  input: raw(input),
  gives,
});

const HELLO = "HELLO, WORLD";
const kept = { stripHeader: false } as const;
const little = { endian: "little" } as const;

/** The layouts that netty documents for its LengthFieldBasedFrameDecoder, each twice in a row. */
const NETTY: readonly CodecCase[] = netty([
  ["2 bytes at 0, header kept", { width: 2, ...kept }, `\0\x0c${HELLO}`, `\0\x0c${HELLO}`],
  ["2 bytes at 0, header stripped", { width: 2 }, `\0\x0c${HELLO}`, HELLO],
  [
    "2 bytes at 0 for the whole message",
    { width: 2, lengthAdjustment: -2, ...kept },
    `\0\x0e${HELLO}`,
    `\0\x0e${HELLO}`,
  ],
  ["the same, in our words", { width: 2, includesHeader: true, ...kept }, `\0\x0e${HELLO}`, `\0\x0e${HELLO}`],
  [
    "3 bytes at the end of a header of 5",
    { width: 3, lengthOffset: 2, ...kept },
    `\xca\xfe\0\0\x0c${HELLO}`,
    `\xca\xfe\0\0\x0c${HELLO}`,
  ],
  ["the same, header stripped", { width: 3, lengthOffset: 2 }, `\xca\xfe\0\0\x0c${HELLO}`, HELLO],
  [
    "3 bytes at the beginning of a header of 5",
    { width: 3, lengthAdjustment: 2, ...kept },
    `\0\0\x0c\xca\xfe${HELLO}`,
    `\0\0\x0c\xca\xfe${HELLO}`,
  ],
  [
    "2 bytes in the middle of a header of 4, its first part stripped",
    { width: 2, lengthOffset: 1, lengthAdjustment: 1 },
    `\xca\0\x0c\xfe${HELLO}`,
    `\xfe${HELLO}`,
  ],
  [
    "2 bytes in the middle of a header of 4, for the whole message",
    { width: 2, lengthOffset: 1, lengthAdjustment: -3 },
    `\xca\0\x10\xfe${HELLO}`,
    `\xfe${HELLO}`,
  ],
  [
    "the same, in our words",
    { width: 2, lengthOffset: 1, includesHeader: true },
    `\xca\0\x10\xfe${HELLO}`,
    `\xfe${HELLO}`,
  ],
]);

function netty(layouts: readonly [string, LengthPrefixedOptions, string, string][]): CodecCase[] {
  return layouts.map(([name, options, input, frame]) => row(`netty: ${name}`, options, input + input, [frame, frame]));
}

/** Those of tokio's LengthDelimitedCodec that are not netty's. */
const TOKIO: readonly CodecCase[] = [
  row("tokio: the default, 4 bytes at 0", { width: 4 }, "\0\0\0\x0bhello world", ["hello world"]),
  row("tokio: little-endian", { width: 4, ...little }, "\x0b\0\0\0hello world", ["hello world"]),
  {
    name: "tokio: a byte behind the length that is not counted and stripped: here with a map",
    codec: mapCodec(lengthPrefixed({ width: 3, lengthAdjustment: 1 }), {
      decode: (frame) => frame.subarray(1),
      encode: (payload: Uint8Array) => payload,
    }),
    input: raw("\0\0\x0b\xffHello world\0\0\0\xff"),
    gives: ["Hello world", ""],
  },
];

const WIDTHS: readonly CodecCase[] = ([1, 2, 3, 4, 6, 8] as const).flatMap((width) => {
  const length = `${"\0".repeat(width - 1)}\x03`;
  return [
    row(`width ${width}`, { width }, `${length}abc`, ["abc"]),
    row(`width ${width}, little-endian`, { width, ...little }, `${reversed(length)}abc${reversed(length)}ab`, [
      "abc",
      CUT_OFF,
    ]),
  ];
});

const max4 = { width: 2, maxFrameBytes: 4 } as const;
const wide = { width: 8, maxFrameBytes: Infinity } as const;

export const LENGTH_PREFIXED_TABLE: readonly CodecCase[] = [
  ...NETTY,
  ...TOKIO,
  ...WIDTHS,
  row("nothing", { width: 2 }, "", []),
  row("no payload", { width: 2 }, "\0\0\0\x01a\0\0", ["", "a", ""]),
  row("no payload, header kept", { width: 2, ...kept }, "\0\0\0\x01a\0\0", ["\0\0", "\0\x01a", "\0\0"]),
  row("a length of 2 bytes", { width: 2 }, `\x01\x02${"x".repeat(258)}`, ["x".repeat(258)]),
  row("an adjustment that leaves nothing", { width: 1, lengthAdjustment: -3 }, "\x03\x04a", ["", "a"]),

  row("exactly max", max4, "\0\x04abcd\0\x04efgh", ["abcd", "efgh"]),
  row("max + 1", max4, "\0\x05abcde\0\x02ok", [TOO_LARGE, "ok"]),
  row("too large in a row", max4, "\0\x05abcde\0\x06abcdef\0\x02ok", [TOO_LARGE, TOO_LARGE, "ok"]),
  row("the limit is of what is behind the header", { ...max4, ...kept }, "\0\x04abcd\0\x05abcde", [
    "\0\x04abcd",
    TOO_LARGE,
  ]),
  row("the limit is of what is left after the adjustment", { ...max4, includesHeader: true }, "\0\x06abcd\0\x07abcde", [
    "abcd",
    TOO_LARGE,
  ]),
  row("exactly max after an adjustment upwards", { ...max4, lengthAdjustment: 2 }, "\0\x02abcd\0\x03abcde", [
    "abcd",
    TOO_LARGE,
  ]),
  row("too large and cut off", max4, "\0\x02ok\xff\xffabc", ["ok", TOO_LARGE, CUT_OFF]),
  row("too large and cut off behind its length", max4, "\0\x05", [TOO_LARGE, CUT_OFF]),
  row("2^53 - 1", { width: 8 }, "\0\x1f\xff\xff\xff\xff\xff\xffa", [TOO_LARGE, CUT_OFF]),

  row("2^53", wide, "\0\x20\0\0\0\0\0\0a", [INVALID, LOST]),
  row("2^64 - 1", wide, "\xff\xff\xff\xff\xff\xff\xff\xffa", [INVALID, LOST]),
  row("2^63, little-endian", { ...wide, ...little }, "\0\0\0\0\0\0\0\x80a", [INVALID, LOST]),
  row(
    "2^53 that an adjustment would make small",
    { ...wide, lengthAdjustment: -(2 ** 53 - 1) },
    "\0\x20\0\0\0\0\0\0a",
    [INVALID, LOST],
  ),
  row("negative after the adjustment", { width: 1, lengthAdjustment: -3 }, "\x04a\x02b", ["a", INVALID, LOST]),
  row("less than the header that it includes", { width: 2, includesHeader: true }, "\0\x03a\0\x01", [
    "a",
    INVALID,
    LOST,
  ]),
  row("0 where the header is included", { width: 2, includesHeader: true }, "\0\0", [INVALID, LOST]),

  row("cut off within what stands before the length", { width: 1, lengthOffset: 2 }, "xy\x01axy", ["a", CUT_OFF]),
  row("cut off within the length", { width: 2 }, "\0\x01a\0", ["a", CUT_OFF]),
  row("cut off behind the length", { width: 2 }, "\0\x01", [CUT_OFF]),
  row("cut off within the payload", { width: 2 }, "\0\x03ab", [CUT_OFF]),
];
