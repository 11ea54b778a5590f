import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import { checkCount } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import { type Codec, checkCodec } from "./codec.ts";
import { isDeeper } from "./json_depth.ts";
import { MappedDecoder, MappedEncoder } from "./map_codec.ts";
import type { StandardIssue, StandardSchema } from "./standard_schema.ts";

const OPTIONS: OptionNames<JsonOptions<unknown>> = { schema: true, replySchema: true, maxDepth: true };

/** Settings of {@link json}. */
export interface JsonOptions<In, Out = In> {
  /**
   * Validates each document that arrives, and may change it: any synchronous validator that implements Standard Schema.
   * Default: none.
   */
  readonly schema?: StandardSchema<In>;
  /** Validates each document that is sent, and may change it. A refused document is `reply-invalid`. Default: none. */
  readonly replySchema?: StandardSchema<unknown, Out>;
  /**
   * The maximum nesting depth of arrays and objects in a document that arrives. Deeper documents are `frame-invalid`,
   * and are not parsed. At least 1; default 128; `Infinity` turns it off.
   */
  readonly maxDepth?: number;
}

/**
 * JSON documents, over any codec of text or bytes: `json(lines())` is JSON Lines, `json(contentLength())` is the
 * framing of LSP. A frame that is not valid JSON, or that the schema refuses, is `frame-invalid`. So is invalid UTF-8
 * over a codec of bytes; a codec of text has decoded it already (see its `fatal`). A reply without a JSON form
 * (`undefined`, a function, a BigInt, a cycle) is `reply-invalid`. Without a schema nothing is validated, and the types
 * are only declared: `json<Request, Reply>(lines())`. If the codec below has a fault frame, the fault frame of this
 * codec is `{"error":"<reason>"}`.
 *
 * A truncated document is not valid JSON, so this codec does not support truncation.
 *
 * @typeParam In the documents that arrive; with a `schema`, its output
 * @typeParam Out the documents that are sent; with a `replySchema`, its input; by default the same as `In`
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
export function json<In = unknown, Out = In>(
  codec: Codec<string | Bytes, string>,
  options: JsonOptions<In, Out> = {},
): Codec<In, Out> {
  const { schema, replySchema, maxDepth = 128 } = options;
  checkOptions(options, OPTIONS);
  checkCodec(codec);
  checkCount("maxDepth", maxDepth);
  checkSchema("schema", schema);
  checkSchema("replySchema", replySchema);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (frame: string | Bytes): In => {
    const text = typeof frame === "string" ? frame : utf8.decode(frame);
    if (isDeeper(text, maxDepth)) {
      throw new SpillwayError("frame-invalid", `a document that is nested deeper than ${maxDepth}`);
    }
    const value: unknown = JSON.parse(text);
    return schema === undefined ? (value as In) : validated("frame-invalid", schema, value);
  };
  const encode = (value: unknown): string =>
    textOf(
      replySchema === undefined || value instanceof Fault ? value : validated("reply-invalid", replySchema, value),
    );
  return {
    decoder: () => new MappedDecoder(codec.decoder(), { decode }),
    encoder: () => {
      const inner = codec.encoder();
      if (inner.encodeFault === undefined) return new MappedEncoder(inner, { encode });
      return new MappedEncoder<string, unknown>(inner, { encode, fault });
    },
  };
}

/** The document of a fault frame. The schema of replies does not apply to it. */
class Fault {
  readonly error: CloseReason;

  constructor(reason: CloseReason) {
    this.error = reason;
  }
}

const fault = (reason: CloseReason): unknown => new Fault(reason);

function checkSchema(name: string, schema: StandardSchema<unknown> | undefined): void {
  if (schema === undefined || typeof schema["~standard"]?.validate === "function") return;
  throw new TypeError(`${name} must be a Standard Schema: an object or function with ~standard.validate`);
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new SpillwayError("reply-invalid", `a ${typeof value} has no JSON`);
  return text;
}

function validated<Value>(
  code: "frame-invalid" | "reply-invalid",
  schema: StandardSchema<Value>,
  value: unknown,
): Value {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new SpillwayError("codec-failed", "a schema that waits cannot check frames");
  }
  if (result.issues === undefined) return result.value;
  throw new SpillwayError(code, `a document that is refused: ${result.issues.map(issueText).join("; ")}`);
}

function issueText({ message, path = [] }: StandardIssue): string {
  const where = path.map((key) => String(typeof key === "object" ? key.key : key)).join(".");
  return where === "" ? message : `${where}: ${message}`;
}
