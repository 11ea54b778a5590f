import { octetCounted } from "../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, input: string, gives: readonly string[], maxFrameBytes = 65_536): CodecCase => ({
  name,
  codec: octetCounted({ maxFrameBytes }),
  input: raw(input),
  gives,
});

export const OCTET_COUNTED_TABLE: readonly CodecCase[] = [
  row("nothing", "", []),
  row("counted", "5 <13>a8 <13>b\nc\0", ["<13>a", "<13>b\nc\0"]),
  row("what is in it does not matter", "6 2 a\r\n\xff1 x", ["2 a\r\n\xff", "x"]),
  row("lines", "<13>one\n<13>two\r\n", ["<13>one", "<13>two"]),
  row("lines with a CR within", "<1>a\rb\n\r\r\n", ["<1>a\rb", "\r"]),
  row("empty lines are skipped", "\n\r\n<1>\n\n\n<2>\n\r\n", ["<1>", "<2>"]),
  row("empty lines only", "\n\r\n\n", []),
  row("counted, with a line break behind", "5 <1>ab\n5 <1>cd\r\n3 <2>\n", ["<1>ab", "<1>cd", "<2>"]),
  row("counted, too large, with a line break behind", "5 <1>ab\n2 ok\n", [TOO_LARGE, "ok"], 4),
  row("mixed", "<1>a\n4 <2>b<3>c\r\n5 <4>d\n<5>e\n", ["<1>a", "<2>b", "<3>c", "<4>d\n", "<5>e"]),
  row("a line that is nearly counted", " 5 <13>a\n", [" 5 <13>a"]),

  row("counted, exactly max", "4 abcd4 efgh", ["abcd", "efgh"], 4),
  row("counted, max + 1", "5 abcde2 ok", [TOO_LARGE, "ok"], 4),
  row("counted, too large in a row", "5 a\nb\nc9 123456789<o>\n", [TOO_LARGE, TOO_LARGE, "<o>"], 4),
  row("counted, too large and cut off", "2 ok5 abcd", ["ok", TOO_LARGE, CUT_OFF], 4),
  row("a line of exactly max", "abcd\nabcd\n", ["abcd", "abcd"], 4),
  row("a line of exactly max with CRLF", "abcd\r\nok\n", ["abcd", "ok"], 4),
  row("a line of max + 1", "abcde\nok\n", [TOO_LARGE, "ok"], 4),
  row("a line of max + 1 with CRLF", "abcde\r\n2 ok", [TOO_LARGE, "ok"], 4),
  row("a line of max, CR, and more", "abcd\re\nok\n", [TOO_LARGE, "ok"], 4),
  row("a line of max and two CRs", "abcd\r\r\nok\n", [TOO_LARGE, "ok"], 4),
  row("a line that is too long and cut off", "ok\nabcdefgh", ["ok", TOO_LARGE, CUT_OFF], 4),
  row("a line of max and CR, cut off", "abcd\r", [CUT_OFF], 4),
  row("digits in a long line are not counted", "<abcd5 efgh\n2 ok", [TOO_LARGE, "ok"], 4),

  row("counted as none", "2 ok0 <1>a\n", ["ok", INVALID, LOST]),
  row("a leading zero", "05 hello", [INVALID, LOST]),
  row("no space", "5:hello", [INVALID, LOST]),
  row("digits and a line break", "2 ok5\n", ["ok", INVALID, LOST]),
  row("above 2^53 - 1", "9007199254740993 a", [INVALID, LOST]),

  row("cut off within a length", "2 ok1", ["ok", CUT_OFF]),
  row("cut off behind a length", "2 ", [CUT_OFF]),
  row("cut off within a message", "2 ok3 ab", ["ok", CUT_OFF]),
  row("cut off within a line", "<1>a\n<1>", ["<1>a", CUT_OFF]),
  row("cut off within an empty line", "2 ok\r", ["ok", CUT_OFF]),
];
