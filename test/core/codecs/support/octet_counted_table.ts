import { type OctetCountedOptions, octetCounted } from "../../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT, CUT_OFF, INVALID, LOST, TOO_LARGE, truncating } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, input: string, gives: readonly string[], maxFrameBytes = 65_536): CodecCase => ({
  name,
  codec: octetCounted({ maxFrameBytes }),
  input: raw(input),
  gives,
});

const having = (options: OctetCountedOptions, name: string, input: string, gives: readonly string[]): CodecCase => ({
  name,
  codec: octetCounted(options),
  input: raw(input),
  gives,
});

/** With a limit of 4. */
const truncated = (
  name: string,
  input: string,
  gives: readonly string[],
  options: OctetCountedOptions = {},
): CodecCase => ({ name, codec: truncating(octetCounted({ ...options, maxFrameBytes: 4 })), input: raw(input), gives });

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

  row("NUL ends a message, too", "<1>a\0<2>b\r\n<3>c\0", ["<1>a", "<2>b", "<3>c"]),
  row("a CR before NUL is data", "<1>a\r\0\r\0", ["<1>a\r", "\r"]),
  row("empty messages are skipped, whatever ends them", "\0\n\0<1>\0\n\r\n4 <2>b\0<3>\n", ["<1>", "<2>b", "<3>"]),
  row("a line of max, CR, and NUL", "abcd\r\0ok\0", [TOO_LARGE, "ok"], 4),
  having({ delimiter: "\n" }, "LF only", "<1>a\0b\n<2>\n", ["<1>a\0b", "<2>"]),
  having({ delimiter: "\0" }, "NUL only", "<1>a\nb\r\n\0<2>\0", ["<1>a\nb\r\n", "<2>"]),
  having({ delimiter: "\0", maxFrameBytes: 4 }, "NUL only, max and CR", "abcd\rf\0abcd\r", [
    TOO_LARGE,
    TOO_LARGE,
    CUT_OFF,
  ]),
  having({ delimiter: [Uint8Array.of(0xff), ";", "\0"] }, "others", "<1>a\n;<2>\xff3 <3><4>\0", [
    "<1>a\n",
    "<2>",
    "<3>",
    "<4>",
  ]),

  having({ unterminated: "deliver" }, "delivered", "<1>a\n<2>b", ["<1>a", "<2>b"]),
  having({ unterminated: "deliver" }, "delivered with the CR that ends nothing", "<1>a\r", ["<1>a\r"]),
  having({ unterminated: "deliver" }, "nothing to deliver", "<1>a\n2 ok", ["<1>a", "ok"]),
  having({ unterminated: "deliver" }, "counted and cut off: not delivered", "2 ok3 ab", ["ok", CUT_OFF]),
  having({ unterminated: "deliver" }, "cut off in a length: not delivered", "2 ok3", ["ok", CUT_OFF]),
  having({ unterminated: "deliver", maxFrameBytes: 4 }, "delivered at max", "abcd", ["abcd"]),
  having({ unterminated: "deliver", maxFrameBytes: 4 }, "too long to deliver", "ok\nabcde", ["ok", TOO_LARGE]),
  having({ unterminated: "deliver", maxFrameBytes: 4 }, "too long to deliver with its CR", "abcd\r", [TOO_LARGE]),

  truncated("truncated, counted, exactly max", "4 abcd4 efgh", ["abcd", "efgh"]),
  truncated("truncated, counted, max + 1", "5 abcde2 ok", [`abcd${CUT}`, "ok"]),
  truncated("truncated, counted, in a row", "5 a\nb\nc9 123456789\n<o>\n", [`a\nb\n${CUT}`, `1234${CUT}`, "<o>"]),
  truncated("truncated, counted, cut off before max", "2 ok5 abc", ["ok", CUT_OFF]),
  truncated("truncated, counted, cut off behind max", "2 ok6 abcde", ["ok", `abcd${CUT}`, CUT_OFF]),
  truncated("truncated, a line of max and CRLF", "abcd\r\nok\n", ["abcd", "ok"]),
  truncated("truncated, a line of max + 1", "abcde\nok\n", [`abcd${CUT}`, "ok"]),
  truncated("truncated, a line of max + 1 with CRLF", "abcde\r\n2 ok", [`abcd${CUT}`, "ok"]),
  truncated("truncated, a line of max, CR, and more", "abcd\re\0ok\n", [`abcd${CUT}`, "ok"]),
  truncated("truncated, digits behind", "<abcd5 efgh\n2 ok", [`<abc${CUT}`, "ok"]),
  truncated("truncated, a line that is cut off", "ok\nabcdefgh", ["ok", `abcd${CUT}`, CUT_OFF]),
  truncated("too long to deliver, truncated", "ok\nabcdefgh", ["ok", `abcd${CUT}`], { unterminated: "deliver" }),
  truncated("too long to deliver with its CR, truncated", "abcd\r", [`abcd${CUT}`], { unterminated: "deliver" }),

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
