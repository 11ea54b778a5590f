import { int16, int32 } from "../../../../src/core/codecs/mod.ts";
import { raw, reversed } from "./byte_strings.ts";
import { CUT_OFF, type Decodes } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

const row = (name: string, codec: Decodes, input: string, gives: readonly (number | string)[]): CodecCase => ({
  name,
  codec,
  input: raw(input),
  gives: gives.map(String),
});

const little = { endian: "little" } as const;
const unsigned = { signed: false } as const;
const EDGES_16 = "\0\0\0\x01\x7f\xff\x80\0\xff\xff";
const EDGES_32 = "\0\0\0\0\0\0\0\x01\x7f\xff\xff\xff\x80\0\0\0\xff\xff\xff\xff";
const swapped = (text: string, width: number): string =>
  text.replace(new RegExp(`.{${width}}`, "gs"), (number) => reversed(number));

export const INTEGERS_TABLE: readonly CodecCase[] = [
  row("int16: nothing", int16(), "", []),
  row("int16", int16(), EDGES_16, [0, 1, 32_767, -32_768, -1]),
  row("int16, little-endian", int16(little), swapped(EDGES_16, 2), [0, 1, 32_767, -32_768, -1]),
  row("int16, unsigned", int16(unsigned), EDGES_16, [0, 1, 32_767, 32_768, 65_535]),
  row("int16, unsigned, little-endian", int16({ ...unsigned, ...little }), "\x34\x12\xfe\xff", [0x1234, 0xfffe]),
  row("int16, cut off", int16(), "\0\x01\0", [1, CUT_OFF]),
  row("int32", int32(), EDGES_32, [0, 1, 2 ** 31 - 1, -(2 ** 31), -1]),
  row("int32, little-endian", int32(little), swapped(EDGES_32, 4), [0, 1, 2 ** 31 - 1, -(2 ** 31), -1]),
  row("int32, unsigned", int32(unsigned), EDGES_32, [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]),
  row("int32, unsigned, little-endian", int32({ ...unsigned, ...little }), "\x78\x56\x34\x92", [0x92345678]),
  row("int32, cut off", int32(), "\0\0\0\x01\0\0\0", [1, CUT_OFF]),
];
