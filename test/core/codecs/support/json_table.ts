import { contentLength, json, lines, netstrings } from "../../../../src/core/codecs/mod.ts";
import { raw, utf8 } from "./byte_strings.ts";
import { type Decodes, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";
import { hasId, schema } from "./schemas.ts";

const onLines = json(lines({ maxFrameBytes: 20 }));
const onBytes = json(netstrings());
const checked = json(lines(), { schema: hasId });
const codecOf = (validate: Parameters<typeof schema>[0]): Decodes => json(lines(), { schema: schema(validate) });

export const JSON_TABLE: readonly CodecCase[] = [
  {
    name: "every kind of document",
    codec: onLines,
    input: utf8('{"a":[1,"€"]}\n[]\nnull\n0\nfalse\n "x" \r\n'),
    gives: ['{"a":[1,"€"]}', "[]", "null", "0", "false", "x"],
  },
  {
    name: "of bytes",
    codec: onBytes,
    input: raw('5:"\xe2\x82\xac",2:{},'),
    gives: ["€", "{}"],
  },
  { name: "a BOM, in text", codec: onLines, input: utf8("\uFEFF1\n2\n"), gives: [INVALID, "2"] },
  { name: "a BOM, in bytes", codec: onBytes, input: raw("4:\xef\xbb\xbf1,1:2,"), gives: [INVALID, "2"] },
  {
    name: "behind Content-Length",
    codec: json(contentLength()),
    input: utf8('Content-Length: 8\r\n\r\n{"id":1}'),
    gives: ['{"id":1}'],
  },
  {
    name: "a bad document is dropped alone",
    codec: onLines,
    input: utf8("1\n{\"a\":\n2\n\nundefined\nNaN\n'x'\n1 2\n3\n"),
    gives: ["1", INVALID, "2", INVALID, INVALID, INVALID, INVALID, INVALID, "3"],
  },
  {
    name: "as deep as it may be, and deeper",
    codec: json(lines(), { maxDepth: 2 }),
    input: utf8('[[1]]\n[[[1]]]\n{"a":{"b":1}}\n{"a":{"b":[]}}\n[[],[],[[]]]\n[[],[],[]]\n'),
    gives: ["[[1]]", INVALID, '{"a":{"b":1}}', INVALID, INVALID, "[[],[],[]]"],
  },
  {
    name: "brackets in strings are not deep",
    codec: json(lines(), { maxDepth: 1 }),
    input: utf8('["[[","{\\"[{"]\n["\\\\",[]]\n["\\\\\\"[[["]\n"[[[[\n'),
    gives: ['["[[","{\\"[{"]', INVALID, '["\\\\\\"[[["]', INVALID],
  },
  { name: "bad UTF-8", codec: onBytes, input: raw('3:"\xff",4:"\xc3a",1:1,'), gives: [INVALID, INVALID, "1"] },
  {
    name: "bad UTF-8 in lines of text that refuse it",
    codec: json(lines({ fatal: true })),
    input: raw('"\xff"\n1\n'),
    gives: [INVALID, "1"],
  },
  { name: "too large, and not judged", codec: onLines, input: utf8(`${"[".repeat(21)}\n1\n`), gives: [TOO_LARGE, "1"] },
  { name: "lost with the codec below", codec: onBytes, input: utf8("1:1,2:22;1:1,"), gives: ["1", INVALID, LOST] },
  {
    name: "a key that means much elsewhere",
    codec: onLines,
    input: utf8('{"__proto__":1}\n'),
    gives: ['{"__proto__":1}'],
  },

  {
    name: "a schema refuses, and changes",
    codec: checked,
    input: utf8('{"id":1}\n{"id":"1"}\n7\n{"id":2,"more":3}\n'),
    gives: ['{"id":1}', INVALID, INVALID, '{"id":2}'],
  },
  {
    name: "a schema that throws",
    codec: codecOf(() => {
      throw new Error("no");
    }),
    input: utf8("1\n"),
    gives: [INVALID],
  },
  {
    name: "a schema that gives undefined",
    codec: codecOf(() => ({ value: undefined })),
    input: utf8("1\n"),
    gives: [INVALID],
  },
  {
    name: "a schema that waits is the codec's own failure",
    codec: codecOf(() => Promise.resolve({ value: 1 })),
    input: utf8("1\n"),
    gives: ["!codec-failed"],
  },
  {
    name: "a schema that waits and then refuses",
    codec: codecOf(() => Promise.reject(new Error("late"))),
    input: utf8("1\n"),
    gives: ["!codec-failed"],
  },
];
