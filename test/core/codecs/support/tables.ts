import { CONTENT_LENGTH_TABLE } from "./content_length_table.ts";
import { DELIMITED_TABLE } from "./delimited_table.ts";
import type { CodecCase } from "./every_chunking.ts";
import { FIXED_LENGTH_TABLE } from "./fixed_length_table.ts";
import { INTEGERS_TABLE } from "./integers_table.ts";
import { JSON_TABLE } from "./json_table.ts";
import { LENGTH_PREFIXED_TABLE } from "./length_prefixed_table.ts";
import { LINES_TABLE } from "./lines_table.ts";
import { MAP_CODEC_TABLE } from "./map_codec_table.ts";
import { NETSTRINGS_TABLE } from "./netstrings_table.ts";
import { OCTET_COUNTED_TABLE } from "./octet_counted_table.ts";
import { TEXT_TABLE } from "./text_table.ts";
import { VARINT_PREFIXED_TABLE } from "./varint_prefixed_table.ts";

/** The frames that every codec must make of bytes. */
export const TABLES: readonly { readonly name: string; readonly table: readonly CodecCase[] }[] = [
  { name: "lines", table: LINES_TABLE },
  { name: "delimited", table: DELIMITED_TABLE },
  { name: "fixedLength", table: FIXED_LENGTH_TABLE },
  { name: "lengthPrefixed", table: LENGTH_PREFIXED_TABLE },
  { name: "varintPrefixed", table: VARINT_PREFIXED_TABLE },
  { name: "netstrings", table: NETSTRINGS_TABLE },
  { name: "octetCounted", table: OCTET_COUNTED_TABLE },
  { name: "contentLength", table: CONTENT_LENGTH_TABLE },
  { name: "int16 and int32", table: INTEGERS_TABLE },
  { name: "text", table: TEXT_TABLE },
  { name: "json", table: JSON_TABLE },
  { name: "mapCodec", table: MAP_CODEC_TABLE },
];
