import { varintPrefixed } from "../../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, input: string, gives: readonly string[], maxFrameBytes = 65_536): CodecCase => ({
  name,
  codec: varintPrefixed({ maxFrameBytes }),
  input: raw(input),
  gives,
});

export const VARINT_PREFIXED_TABLE: readonly CodecCase[] = [
  row("nothing", "", []),
  row("one byte of length", "\x01a\x03abc", ["a", "abc"]),
  row("no payload", "\0\0\x01a\0", ["", "", "a", ""]),
  row("the most that one byte says", `\x7f${"x".repeat(127)}\0`, ["x".repeat(127), ""]),
  row("the least that two bytes say", `\x80\x01${"x".repeat(128)}\0`, ["x".repeat(128), ""]),
  row("300, protobuf's own example", `\xac\x02${"y".repeat(300)}`, ["y".repeat(300)]),
  row("longer than it need be", "\x80\0\x81\0a\x82\x80\x80\x80\0bc", ["", "a", "bc"]),

  row("exactly max", "\x04abcd\x04efgh", ["abcd", "efgh"], 4),
  row("max + 1", "\x05abcde\x02ok", [TOO_LARGE, "ok"], 4),
  row("too large and longer than it need be", "\x85\0abcde\x02ok", [TOO_LARGE, "ok"], 4),
  row("too large in a row", "\x05abcde\x06abcdef\x02ok\x05", [TOO_LARGE, TOO_LARGE, "ok", TOO_LARGE, CUT_OFF], 4),
  row("the most that five bytes may say", "\xff\xff\xff\xff\x0fabc", [TOO_LARGE, CUT_OFF]),

  row("more than 32 bits", "\x01a\xff\xff\xff\xff\x10b", ["a", INVALID, LOST]),
  row("more than 32 bits, with a limit of none", "\x80\x80\x80\x80\x10", [INVALID, LOST], Infinity),
  row("a sixth byte", "\x80\x80\x80\x80\x80\0", [INVALID, LOST]),

  row("cut off within a length", "\x01a\x80", ["a", CUT_OFF]),
  row("cut off behind a length", "\x01a\x03", ["a", CUT_OFF]),
  row("cut off within a payload", "\x01a\x03bc", ["a", CUT_OFF]),
];
