import { delimited, fixedLength, netstrings, text } from "../../../../src/core/codecs/mod.ts";
import { raw, utf8 } from "./byte_strings.ts";
import { CUT, INVALID, LOST, TOO_LARGE, truncating } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const bytes = netstrings({ maxFrameBytes: 8 });
const fatal = text(bytes, "utf-8", { fatal: true });

export const TEXT_TABLE: readonly CodecCase[] = [
  { name: "UTF-8", codec: text(bytes), input: utf8("7:größe,7:€😀,0:,"), gives: ["größe", "€😀", ""] },
  {
    name: "truncated: without a character that the cut has split",
    codec: truncating(text(delimited({ delimiter: "|", maxFrameBytes: 4 }))),
    input: raw("abc\xc3\xa9|ab\xe2\x82\xac|\xf0\x9f\x98\x80|a\xf0\x9f\x98\x80|abc\xe2|abcd\xff|ab\x82\x82\x82|"),
    gives: [`abc${CUT}`, `ab${CUT}`, "😀", `a${CUT}`, "abc\uFFFD", `abcd${CUT}`, `ab\uFFFD\uFFFD${CUT}`],
  },
  {
    name: "truncated latin1",
    codec: truncating(text(delimited({ delimiter: "|", maxFrameBytes: 4 }), "latin1")),
    input: raw("abc\xc3\xa9|"),
    gives: [`abc\xc3${CUT}`],
  },
  { name: "a BOM is kept", codec: text(bytes), input: utf8("4:\uFEFFa,"), gives: ["\uFEFFa"] },
  {
    name: "invalid UTF-8 is replaced",
    codec: text(bytes),
    input: raw("3:a\xffb,1:\xc3,"),
    gives: ["a\uFFFDb", "\uFFFD"],
  },
  {
    name: "a code point over two frames is not joined",
    codec: text(fixedLength({ bytes: 2 })),
    input: utf8("a€b€"),
    gives: ["a\uFFFD", "\uFFFD\uFFFD", "b\uFFFD", "\uFFFD\uFFFD"],
  },
  {
    name: "fatal: only that frame",
    codec: fatal,
    input: raw("1:a,1:\xff,1:b,1:\xc3,"),
    gives: ["a", INVALID, "b", INVALID],
  },
  { name: "fatal: a BOM is kept", codec: fatal, input: utf8("4:\uFEFFa,"), gives: ["\uFEFFa"] },
  {
    name: "latin1 is ISO 8859-1",
    codec: text(bytes, "latin1"),
    input: raw("5:\xe9\x80\x9f\xff\0,"),
    gives: ["é\x80\x9fÿ\0"],
  },
  {
    name: "errors of the codec below",
    codec: text(bytes),
    input: utf8("9:123456789,2:ok,x"),
    gives: [TOO_LARGE, "ok", INVALID, LOST],
  },
];
