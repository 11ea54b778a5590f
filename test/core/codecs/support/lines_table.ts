import { type Codec, type LinesOptions, lines } from "../../../../src/core/mod.ts";
import { utf8 } from "./byte_strings.ts";
import { CUT, CUT_OFF, INVALID, TOO_LARGE, truncating } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

interface Row extends Omit<LinesOptions, "maxFrameBytes"> {
  readonly name: string;
  /** A string stands for its UTF-8 bytes. */
  readonly input: string | readonly number[];
  readonly max?: number;
  /** With the decoder for `invalidFrame: "truncate"`. */
  readonly truncates?: boolean;
  readonly gives: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: "nothing", input: "", gives: [] },
  { name: "LF", input: "one\ntwo\n", gives: ["one", "two"] },
  { name: "CRLF", input: "one\r\ntwo\r\n", gives: ["one", "two"] },
  { name: "both in one input", input: "one\r\ntwo\nthree\r\n", gives: ["one", "two", "three"] },
  { name: "empty lines", input: "\n\r\n\n", gives: ["", "", ""] },
  { name: "a lone CR is data", input: "a\rb\n\rc\n", gives: ["a\rb", "\rc"] },
  { name: "only the last CR belongs to the end", input: "a\r\r\n\r\r\n", gives: ["a\r", "\r"] },
  { name: "NUL and spaces are data", input: " \0 \n\t\n", gives: [" \0 ", "\t"] },
  { name: "other line separators are data", input: "a\u2028b\u0085c\v\f\n", gives: ["a\u2028b\u0085c\v\f"] },

  { name: "exactly max", input: "abcd\n", max: 4, gives: ["abcd"] },
  { name: "exactly max with CRLF", input: "abcd\r\n", max: 4, gives: ["abcd"] },
  { name: "max + 1", input: "abcde\n", max: 4, gives: [TOO_LARGE] },
  { name: "max + 1 with CRLF", input: "abcde\r\n", max: 4, gives: [TOO_LARGE] },
  { name: "max + 1 where the last is a CR before CRLF", input: "abcd\r\r\n", max: 4, gives: [TOO_LARGE] },
  { name: "max, CR, and more", input: "abcd\re\n", max: 4, gives: [TOO_LARGE] },
  { name: "a line of max of 1", input: "\na\nb\r\ncc\n", max: 1, gives: ["", "a", "b", TOO_LARGE] },
  { name: "the limit is of bytes, not of characters", input: "éé\nééa\n", max: 4, gives: ["éé", TOO_LARGE] },
  { name: "each line has the whole limit", input: "abcd\nabcd\nabcd\n", max: 4, gives: ["abcd", "abcd", "abcd"] },
  { name: "goes on behind a long line", input: "ok\nmuch too long\nok\n", max: 4, gives: ["ok", TOO_LARGE, "ok"] },
  {
    name: "long lines in a row",
    input: "long 1\nlong 2\nok\nlong 3\n",
    max: 4,
    gives: [TOO_LARGE, TOO_LARGE, "ok", TOO_LARGE],
  },
  { name: "goes on behind a long line with CRLF", input: "too long\r\nok\r\n", max: 4, gives: [TOO_LARGE, "ok"] },

  { name: "cut off", input: "one\ntw", gives: ["one", CUT_OFF] },
  { name: "cut off behind CR", input: "one\ntwo\r", gives: ["one", CUT_OFF] },
  { name: "cut off, only a CR", input: "\r", gives: [CUT_OFF] },
  { name: "cut off within a long line", input: "ok\ntoo long", max: 4, gives: ["ok", TOO_LARGE, CUT_OFF] },
  { name: "cut off at max and CR", input: "abcd\r", max: 4, gives: [CUT_OFF] },
  { name: "delivered", input: "one\ntw", unterminated: "deliver", gives: ["one", "tw"] },
  { name: "nothing to deliver", input: "one\n", unterminated: "deliver", gives: ["one"] },
  { name: "delivered at max", input: "abcd", max: 4, unterminated: "deliver", gives: ["abcd"] },
  { name: "too long to deliver", input: "abcde", max: 4, unterminated: "deliver", gives: [TOO_LARGE] },
  { name: "too long to deliver with its CR", input: "abcd\r", max: 4, unterminated: "deliver", gives: [TOO_LARGE] },
  { name: "delivered with the CR that ends nothing", input: "abc\r", unterminated: "deliver", gives: ["abc\r"] },

  { name: "UTF-8 of 2, 3 and 4 bytes", input: "é €\n😀 ü\n", gives: ["é €", "😀 ü"] },
  { name: "a BOM is kept", input: "\uFEFFa\n\uFEFFb\n", gives: ["\uFEFFa", "\uFEFFb"] },
  { name: "invalid UTF-8 is replaced", input: [0x61, 0xff, 0x0a, 0x62, 0x0a], gives: ["a\uFFFD", "b"] },
  { name: "a code point that LF cuts off", input: [0xe2, 0x82, 0x0a, 0xac, 0x0a], gives: ["\uFFFD", "\uFFFD"] },
  { name: "an overlong LF is not a LF", input: [0x61, 0xc0, 0x8a, 0x0a], gives: ["a\uFFFD\uFFFD"] },
  {
    name: "invalid UTF-8 at the limit",
    input: [0xff, 0xff, 0x0a, 0xff, 0xff, 0xff, 0x0a],
    max: 2,
    gives: ["\uFFFD\uFFFD", TOO_LARGE],
  },
  {
    name: "fatal: only that line",
    input: [0x61, 0x0a, 0xff, 0x0a, 0x62, 0x0a, 0xc3, 0x0a, 0x63, 0x0a],
    fatal: true,
    gives: ["a", INVALID, "b", INVALID, "c"],
  },
  { name: "fatal: a BOM is kept", input: "\uFEFFé\n", fatal: true, gives: ["\uFEFFé"] },
  {
    name: "fatal: too long comes first",
    input: [0xff, 0xff, 0xff, 0x0a, 0x61, 0x0a],
    max: 2,
    fatal: true,
    gives: [TOO_LARGE, "a"],
  },
  { name: "fatal: an unterminated line", input: [0xff], fatal: true, unterminated: "deliver", gives: [INVALID] },

  {
    name: "latin1 is ISO 8859-1",
    input: [0xe9, 0x80, 0x9f, 0xff, 0x00, 0x0a],
    encoding: "latin1",
    gives: ["é\x80\x9fÿ\0"],
  },
  {
    name: "latin1 with CRLF and limit",
    input: [0xe9, 0xe8, 0x0d, 0x0a, 0xe9, 0xe8, 0xe7, 0x0a],
    max: 2,
    encoding: "latin1",
    gives: ["éè", TOO_LARGE],
  },
  ...[
    { name: "truncated, max", input: "abcd\nabcd\r\n", gives: ["abcd", "abcd"] },
    { name: "truncated, max + 1", input: "abcde\nok\n", gives: [`abcd${CUT}`, "ok"] },
    { name: "truncated, with CRLF", input: "abcde\r\nok\r\n", gives: [`abcd${CUT}`, "ok"] },
    { name: "truncated, with two CRs", input: "abcd\r\r\nok\n", gives: [`abcd${CUT}`, "ok"] },
    { name: "truncated, with a CR that ends nothing", input: "abcd\re\nok\n", gives: [`abcd${CUT}`, "ok"] },
    { name: "truncated, in a row", input: "12345\n\n123456789\nok\n", gives: [`1234${CUT}`, "", `1234${CUT}`, "ok"] },
    { name: "truncated between two characters", input: "aéé€\nok\n", gives: [`aé${CUT}`, "ok"] },
    {
      name: "truncated within a character",
      input: "abcé\nab€\na😀\n€€\n",
      gives: ["abc", "ab", "a", "€"].map((one) => one + CUT),
    },
    { name: "truncated, and invalid", input: [0x61, 0xff, 0xe2, 0x80, 0x61, 0x61, 0x0a], gives: [`a\uFFFD${CUT}`] },
    {
      name: "truncated, and fatal",
      input: [0x61, 0x62, 0x63, 0xc3, 0xa9, 0x0a, 0xff, 0x62, 0x63, 0x64, 0x65, 0x0a],
      fatal: true,
      gives: [`abc${CUT}`, INVALID],
    },
    { name: "truncated, and cut off", input: "ok\nabcde", gives: ["ok", `abcd${CUT}`, CUT_OFF] },
    {
      name: "too long to deliver, truncated",
      input: "ok\nabcde",
      unterminated: "deliver",
      gives: ["ok", `abcd${CUT}`],
    },
    {
      name: "too long to deliver with its CR, truncated",
      input: "abcd\r",
      unterminated: "deliver",
      gives: [`abcd${CUT}`],
    },
    {
      name: "truncated latin1",
      input: [0xe9, 0xe8, 0xe9, 0xe8, 0xe9, 0x0a],
      encoding: "latin1",
      gives: [`éèéè${CUT}`],
    },
    { name: "truncated bytes", input: "abcé\nok\n", encoding: "bytes", gives: [`abc\xc3${CUT}`, "ok"] },
  ].map((row): Row => ({ ...(row as Row), max: 4, truncates: true })),

  {
    name: "bytes",
    input: [0xff, 0x00, 0x0a, 0x0d, 0x0a, 0xc3, 0x28, 0x0d, 0x0a],
    encoding: "bytes",
    gives: ["\xff\0", "", "\xc3("],
  },
  { name: "bytes, cut off", input: [0xff, 0x0a, 0xfe], encoding: "bytes", gives: ["\xff", CUT_OFF] },
  {
    name: "bytes, too long",
    input: "abc\nab\nabcdef\nab\n",
    max: 2,
    encoding: "bytes",
    gives: [TOO_LARGE, "ab", TOO_LARGE, "ab"],
  },
];

export const LINES_TABLE: readonly CodecCase[] = ROWS.map((row) => {
  const { name, input, max = 65_536, truncates = false, gives, ...options } = row;
  const codec = linesOf({ ...options, maxFrameBytes: max });
  return {
    name,
    codec: truncates ? truncating(codec) : codec,
    input: typeof input === "string" ? utf8(input) : new Uint8Array(input),
    gives,
  };
});

/** `lines`, of an encoding that is not known before. */
export function linesOf(options: LinesOptions): Codec<unknown, never> {
  return lines(options as LinesOptions & { encoding: "bytes" });
}
