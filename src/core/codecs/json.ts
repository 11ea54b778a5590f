import { type Codec, checkCodec } from "../codec.ts";
import { type CloseReason, SpillwayError } from "../errors.ts";
import { checkCount } from "../limits.ts";
import type { Bytes } from "../transport.ts";
import { isDeeper } from "./json_depth.ts";
import { MappedDecoder, MappedEncoder } from "./map_codec.ts";
import type { StandardIssue, StandardSchema } from "./standard_schema.ts";

/** Settings of {@link json}. */
export interface JsonOptions<Value> {
  /** Checks each document, and may change it: any validator that speaks Standard Schema, without waiting. */
  readonly schema?: StandardSchema<Value>;
  /**
   * How deep arrays and objects may be nested in a document that arrives; deeper ones are `frame-invalid`, and are not
   * parsed. At least 1; default 128; `Infinity` turns it off.
   */
  readonly maxDepth?: number;
}

/**
 * JSON documents instead of text or bytes, over any codec of those: `json(lines())` is JSON lines, `json(contentLength())` the
 * shape of LSP. What is no JSON, or not what the schema wants, is `frame-invalid`, and so is invalid UTF-8 over a
 * codec of bytes (one of text has decoded it by then, see its `fatal`); what has no JSON
 * (`undefined`, a function, a BigInt, a cycle) is `reply-invalid`. Where the codec below has a fault frame, this one's is
 * `{"error":"<reason>"}`.
 *
 * A document that is cut is none, so this codec cannot truncate.
 *
 * @throws {TypeError} not a codec, or not a schema
 * @throws {RangeError} a `maxDepth` that is not a whole number of at least 1 (or `Infinity`)
 *
 * @example
 * ```ts
 * import { json, lines } from "spillway/codecs";
 *
 * const decoder = json(lines()).decoder();
 * decoder.push(new TextEncoder().encode('{"id": 1}\n'));
 * console.log(decoder.next()); // { id: 1 }
 * ```
 */
export function json<Value = unknown>(
  codec: Codec<string | Bytes, string>,
  { schema, maxDepth = 128 }: JsonOptions<Value> = {},
): Codec<Value, unknown> {
  checkCodec(codec);
  checkCount("maxDepth", maxDepth);
  if (schema !== undefined && typeof schema["~standard"]?.validate !== "function") {
    throw new TypeError("schema must be a Standard Schema: an object or function with ~standard.validate");
  }
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (frame: string | Bytes): Value => {
    const text = typeof frame === "string" ? frame : utf8.decode(frame);
    if (isDeeper(text, maxDepth)) {
      throw new SpillwayError("frame-invalid", `a document that is nested deeper than ${maxDepth}`);
    }
    const value: unknown = JSON.parse(text);
    return schema === undefined ? (value as Value) : validated(schema, value);
  };
  return {
    decoder: () => new MappedDecoder(codec.decoder(), { decode }),
    encoder: () => {
      const inner = codec.encoder();
      return new MappedEncoder(inner, inner.encodeFault === undefined ? { encode } : { encode, fault });
    },
  };
}

const fault = (reason: CloseReason): unknown => ({ error: reason });

function encode(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new SpillwayError("reply-invalid", `a ${typeof value} has no JSON`);
  return text;
}

function validated<Value>(schema: StandardSchema<Value>, value: unknown): Value {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new SpillwayError("codec-failed", "a schema that waits cannot check frames");
  }
  if (result.issues === undefined) return result.value;
  throw new SpillwayError("frame-invalid", `a document that is refused: ${result.issues.map(issueText).join("; ")}`);
}

function issueText({ message, path = [] }: StandardIssue): string {
  const where = path.map((key) => String(typeof key === "object" ? key.key : key)).join(".");
  return where === "" ? message : `${where}: ${message}`;
}
