import { netstrings } from "../../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, input: string, gives: readonly string[], maxFrameBytes = 65_536): CodecCase => ({
  name,
  codec: netstrings({ maxFrameBytes }),
  input: raw(input),
  gives,
});

export const NETSTRINGS_TABLE: readonly CodecCase[] = [
  row("nothing", "", []),
  row("some", "5:hello,3:a,b,", ["hello", "a,b"]),
  row("empty", "0:,0:,1:x,", ["", "", "x"]),
  row("two digits", "12:hello world!,", ["hello world!"]),
  row("what is in it does not matter", "7:1:a,\n\0\xff,", ["1:a,\n\0\xff"]),

  row("exactly max", "4:abcd,4:efgh,", ["abcd", "efgh"], 4),
  row("max + 1", "5:abcde,2:ok,", [TOO_LARGE, "ok"], 4),
  row("too large in a row", "5:abcde,10:abcdefghij,2:ok,", [TOO_LARGE, TOO_LARGE, "ok"], 4),
  row("too large and cut off", "2:ok,9:abc", ["ok", TOO_LARGE, CUT_OFF], 4),
  row("too large and cut off before its comma", "5:abcde", [TOO_LARGE, CUT_OFF], 4),
  row("so large that nobody ends it", "9007199254740989:a", [TOO_LARGE, CUT_OFF]),

  row("a leading zero", "2:ok,01:a,", ["ok", INVALID, LOST]),
  row("two zeros", "00:,", [INVALID, LOST]),
  row("no digit", ":a,", [INVALID, LOST]),
  row("no comma", "2:ok,1:ab,", ["ok", INVALID, LOST]),
  row("no comma where it is empty", "0:a", [INVALID, LOST]),
  row("a sign", "+1:a,", [INVALID, LOST]),
  row("a space", "1 :a,", [INVALID, LOST]),
  row("a line break between two", "1:a,\n1:b,", ["a", INVALID, LOST]),
  row("another kind of digit", "\xb2:ab,", [INVALID, LOST]),
  row("above 2^53 - 1", "9007199254740992:a", [INVALID, LOST]),
  row("digits without an end", "2:ok,99999999999999999999999999999999", ["ok", INVALID, LOST]),

  row("cut off within a length", "2:ok,1", ["ok", CUT_OFF]),
  row("cut off behind a length", "2:", [CUT_OFF]),
  row("cut off within a payload", "2:ok,3:ab", ["ok", CUT_OFF]),
  row("cut off before a comma", "2:ok", [CUT_OFF]),
];
