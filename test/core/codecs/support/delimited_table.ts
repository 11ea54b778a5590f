import { type DelimitedOptions, delimited } from "../../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT, CUT_OFF, TOO_LARGE, truncating } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (
  name: string,
  delimiter: DelimitedOptions["delimiter"],
  input: string,
  gives: readonly string[],
  maxFrameBytes = 65_536,
): CodecCase => ({ name, codec: delimited({ delimiter, maxFrameBytes }), input: raw(input), gives });

const CRLF = "\r\n";
const DOT = "\r\n.\r\n";

const delivered = (
  name: string,
  delimiter: DelimitedOptions["delimiter"],
  input: string,
  gives: readonly string[],
  maxFrameBytes = 65_536,
): CodecCase => ({
  name,
  codec: delimited({ delimiter, maxFrameBytes, unterminated: "deliver" }),
  input: raw(input),
  gives,
});

/** With a limit of 4. */
const truncated = (
  name: string,
  delimiter: DelimitedOptions["delimiter"],
  input: string,
  gives: readonly string[],
  unterminated: "reject" | "deliver" = "reject",
): CodecCase => ({
  name,
  codec: truncating(delimited({ delimiter, maxFrameBytes: 4, unterminated })),
  input: raw(input),
  gives,
});

export const DELIMITED_TABLE: readonly CodecCase[] = [
  row("nothing", "|", "", []),
  row("one byte", "|", "a|bc||", ["a", "bc", ""]),
  row("several bytes", CRLF, "a\r\nbc\r\n\r\n", ["a", "bc", ""]),
  row("half a delimiter is data", CRLF, "a\rb\nc\n\r\r\n", ["a\rb\nc\n\r"]),
  row("a dot alone on its line", DOT, "a\r\nb\r\n..\r\n.\r\nc\r\n.\r\n", ["a\r\nb\r\n..", "c"]),
  row("a false start within a delimiter", "aab", "xaaab|aaab", ["xa", "|a"]),
  row("a delimiter that begins as it ends", "abab", "xabaabab.abab", ["xaba", "."]),
  row("delimiters do not overlap", "aa", "aaaaa", ["", "", CUT_OFF]),
  row("bytes that are no text", Uint8Array.of(0xff, 0x00), "a\xffb\xff\xff\0\0\xff\0", ["a\xffb\xff", "\0"]),
  row("text stands for its UTF-8", "€", "a\xe2\x82b\xe2\x82\xac\xe2\x82\xac", ["a\xe2\x82b", ""]),

  row("several, mixed", ["\n", "\0", ";"], "a\nb\0c;;", ["a", "b", "c", ""]),
  row("the one that ends first", ["bcd", "c"], "abcd\0c", ["ab", "d\0"]),
  row("the longer of two that end together", ["\n", CRLF], "a\r\nb\nc\r\r\n", ["a", "b", "c\r"]),
  row("the longer of two that end together, given first", [CRLF, "\n"], "a\r\nb\n\r\n", ["a", "b", ""]),
  row("the shorter of two that begin together", ["ab", "a"], "xab", ["x", CUT_OFF]),
  row("one within another", ["abcd", "bc"], "xabcd.bc", ["xa", "d."]),
  row("one within another, which then did not come", ["abcd", "bc"], "abcx", ["a", CUT_OFF]),
  row("one at the end of another", ["abc", "bc", "c"], "xabc.bc.c", ["x", ".", "."]),
  row("two that begin differently and meet", ["xab", "yab"], "1xab2yab3ab", ["1", "2", CUT_OFF]),
  row("twice the same", ["|", "|"], "a|b|", ["a", "b"]),

  row("exactly max", CRLF, "abcd\r\nefgh\r\n", ["abcd", "efgh"], 4),
  row("max + 1", CRLF, "abcde\r\nok\r\n", [TOO_LARGE, "ok"], 4),
  row("max, and half a delimiter as data", CRLF, "abcd\r.\r\nok\r\n", [TOO_LARGE, "ok"], 4),
  row("max - 1, and half a delimiter as data", CRLF, "abc\r\r\nok\r\n", ["abc\r", "ok"], 4),
  row("max of 1", CRLF, "\r\na\r\nbb\r\n\r\r\n", ["", "a", TOO_LARGE, "\r"], 1),
  row("max of less than a delimiter", DOT, "ab\r\n.\r\nabc\r\n.\r\n\r\n\r\n.\r\n", ["ab", TOO_LARGE, "\r\n"], 2),
  row("long ones in a row", "|", "12345|12345|ok|123456789|", [TOO_LARGE, TOO_LARGE, "ok", TOO_LARGE], 4),
  row("too long by the delimiter that did not end it", [CRLF, "x"], "abcd\rx.", [TOO_LARGE, CUT_OFF], 4),
  row("half a delimiter where it became too long", "aab", "12345aaab|aab", [TOO_LARGE, "|"], 4),
  row(
    "long with each of two delimiters",
    ["\n", CRLF],
    "12345\r\n1234\r\n12345\nok\n",
    [TOO_LARGE, "1234", TOO_LARGE, "ok"],
    4,
  ),

  row("cut off", "|", "a|b", ["a", CUT_OFF]),
  row("cut off within a delimiter", DOT, "a\r\n.\r", [CUT_OFF]),
  row("cut off, only half a delimiter", CRLF, "\r", [CUT_OFF]),
  row("cut off at max and half a delimiter", CRLF, "abcd\r", [CUT_OFF], 4),
  row("cut off within a long one", "|", "ok|too long", ["ok", TOO_LARGE, CUT_OFF], 4),

  delivered("delivered", "|", "a|b", ["a", "b"]),
  delivered("nothing to deliver", "|", "a|", ["a"]),
  delivered("delivered with half a delimiter", DOT, "a\r\n.\r", ["a\r\n.\r"]),
  delivered("delivered at max", CRLF, "abcd", ["abcd"], 4),
  delivered("too long to deliver", "|", "ok|abcde", ["ok", TOO_LARGE], 4),
  delivered("too long to deliver with half a delimiter", CRLF, "ok\r\nabcd\r", ["ok", TOO_LARGE], 4),

  truncated("truncated, max", CRLF, "abcd\r\nok\r\n", ["abcd", "ok"]),
  truncated("truncated, max + 1", CRLF, "abcde\r\nok\r\n", [`abcd${CUT}`, "ok"]),
  truncated("truncated, in a row", "|", "12345|123456|ok|1234567890|", [
    `1234${CUT}`,
    `1234${CUT}`,
    "ok",
    `1234${CUT}`,
  ]),
  truncated("truncated, with half a delimiter as data", CRLF, "abcd\r.\r\nab\r\r\n", [`abcd${CUT}`, "ab\r"]),
  truncated("truncated within half a delimiter", "aab", "1234aaab|aab123aaab", [`1234${CUT}`, "|", "123a"]),
  truncated("truncated, longer than that by a delimiter", [CRLF, "x"], "abcd\rx.x", [`abcd${CUT}`, "."]),
  truncated("truncated and cut off", "|", "ok|too long", ["ok", `too ${CUT}`, CUT_OFF]),
  truncated("too long to deliver, truncated", "|", "ok|too long", ["ok", `too ${CUT}`], "deliver"),
  truncated("too long to deliver with half a delimiter, truncated", CRLF, "abcd\r", [`abcd${CUT}`], "deliver"),
];
