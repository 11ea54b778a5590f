import { fixedLength } from "../../../../src/core/codecs/mod.ts";
import { raw } from "./byte_strings.ts";
import { CUT_OFF } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, bytes: number, input: string, gives: readonly string[]): CodecCase => ({
  name,
  codec: fixedLength({ bytes }),
  input: raw(input),
  gives,
});

export const FIXED_LENGTH_TABLE: readonly CodecCase[] = [
  row("nothing", 3, "", []),
  row("of 1", 1, "a\0\n", ["a", "\0", "\n"]),
  row("of 3", 3, "abc\r\n\0\xff\xfe\xfd", ["abc", "\r\n\0", "\xff\xfe\xfd"]),
  row("cut off", 3, "abcde", ["abc", CUT_OFF]),
  row("cut off one byte before its end", 5, "abcdeabcd", ["abcde", CUT_OFF]),
  row("of more than there is", 1_000, "abc", [CUT_OFF]),
];
