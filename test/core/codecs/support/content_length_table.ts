import { contentLength } from "../../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, input: string, gives: readonly string[], maxFrameBytes = 65_536): CodecCase => ({
  name,
  codec: contentLength({ maxFrameBytes }),
  input: raw(input),
  gives,
});

/** Header fields of exactly so many bytes, the blank line included, for a body of 2. */
export function fieldsOf(bytes: number): string {
  const [length, padding, end] = ["Content-Length: 2\r\n", "X-Padding: ", "\r\n\r\n"];
  return length + padding + "-".repeat(bytes - length.length - padding.length - end.length) + end;
}

export const CONTENT_LENGTH_TABLE: readonly CodecCase[] = [
  row("nothing", "", []),
  row("one after the other", "Content-Length: 2\r\n\r\n{}Content-Length: 4\r\n\r\nnull", ["{}", "null"]),
  row("an empty body", "Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\na", ["", "a"]),
  row("any case, with and without spaces", "content-LENGTH:2\r\n\r\nokCONTENT-LENGTH: \t2 \t\r\n\r\nok", ["ok", "ok"]),
  row("other fields", "Content-Type: text/x; q=1\r\nContent-Length: 2\r\nX:\r\n\r\nok", ["ok"]),
  row("a name that only begins so", "Content-Length-Hint: 9\r\nContent-Length: 2\r\n\r\nok", ["ok"]),
  row("leading zeros", "Content-Length: 002\r\n\r\nok", ["ok"]),
  row("twice the same", "Content-Length: 2\r\ncontent-length:2\r\n\r\nok", ["ok"]),
  row("a blank line in the body", "Content-Length: 6\r\n\r\na\r\n\r\nb", ["a\r\n\r\nb"]),

  row("exactly max", "Content-Length: 4\r\n\r\nabcdContent-Length: 2\r\n\r\nok", ["abcd", "ok"], 4),
  row("max + 1", "Content-Length: 5\r\n\r\nabcdeContent-Length: 2\r\n\r\nok", [TOO_LARGE, "ok"], 4),
  row("too large and cut off", "Content-Length: 5\r\n\r\nabc", [TOO_LARGE, CUT_OFF], 4),
  row("so large that nobody ends it", "Content-Length: 9007199254740991\r\n\r\na", [TOO_LARGE, CUT_OFF]),

  row("none", "X: 1\r\n\r\nok", [INVALID, LOST]),
  row("no fields", "\r\n\r\n", [INVALID, LOST]),
  row("a blank line before the fields", "\r\nContent-Length: 2\r\n\r\nok", [INVALID, LOST]),
  row("two that differ", "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", [INVALID, LOST]),
  row("two that are written differently", "Content-Length: 2\r\nContent-Length: 02\r\n\r\nok", [INVALID, LOST]),
  row("a list", "Content-Length: 2, 2\r\n\r\nok", [INVALID, LOST]),
  row("no value", "Content-Length:\r\n\r\n", [INVALID, LOST]),
  row("a sign", "Content-Length: +2\r\n\r\nok", [INVALID, LOST]),
  row("negative", "Content-Length: -2\r\n\r\nok", [INVALID, LOST]),
  row("hexadecimal", "Content-Length: 0x2\r\n\r\nok", [INVALID, LOST]),
  row("a fraction", "Content-Length: 2.0\r\n\r\nok", [INVALID, LOST]),
  row("an exponent", "Content-Length: 2e0\r\n\r\nok", [INVALID, LOST]),
  row("above 2^53 - 1", "Content-Length: 9007199254740992\r\n\r\nok", [INVALID, LOST]),
  row("a space before the colon", "Content-Length : 2\r\n\r\nok", [INVALID, LOST]),
  row("a continued line", "Content-Length: 2\r\n 3\r\n\r\nok", [INVALID, LOST]),
  row("a field without a colon", "Content-Length: 2\r\nX\r\n\r\nok", [INVALID, LOST]),
  row("a field without a name", "Content-Length: 2\r\n: x\r\n\r\nok", [INVALID, LOST]),
  row("LF within a field", "Content-Length: 2\nX: 1\r\n\r\nok", [INVALID, LOST]),
  row("CR within a field", "Content-Length: 2\r\nX: \r1\r\n\r\nok", [INVALID, LOST]),
  row("NUL within a field", "Content-Length: 2\r\nX: \0\r\n\r\nok", [INVALID, LOST]),
  row("no ASCII within a field", "Content-Length: 2\r\nX: \xe9\r\n\r\nok", [INVALID, LOST]),
  row("a CR too many", "Content-Length: 2\r\n\r\r\n\r\nok", [INVALID, LOST]),
  row("LF only, which ends no field", "Content-Length: 2\n\nok", [CUT_OFF]),

  row("fields of 4 KiB", `${fieldsOf(4_096)}ok`, ["ok"]),
  row("fields of one byte less", `${fieldsOf(4_095)}ok`, ["ok"]),
  row("fields of 4 KiB and one byte", `${fieldsOf(60)}ok${fieldsOf(4_097)}ok`, ["ok", INVALID, LOST]),
  row("fields without an end", "x".repeat(5_000), [INVALID, LOST]),

  row("cut off within the fields", "Content-Length: 2\r\n\r", [CUT_OFF]),
  row("cut off behind the fields", "Content-Length: 2\r\n\r\n", [CUT_OFF]),
  row("cut off within the body", "Content-Length: 2\r\n\r\no", [CUT_OFF]),
];
