import { checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec, Encoder } from "./codec.ts";
import { frameLimit } from "./frame_limit.ts";
import { LineDecoder, type LineRules } from "./line_decoder.ts";
import { bytesEncoder, latin1Encoder, utf8Encoder } from "./line_encoders.ts";
import { byteLines, type LinePayload, latin1Lines, Utf8Lines } from "./line_payloads.ts";

/** The encoding of lines. */
export type LineEncoding = "utf-8" | "latin1" | "bytes";

const OPTIONS: OptionNames<LinesOptions> = {
  maxFrameBytes: true,
  encoding: true,
  fatal: true,
  unterminated: true,
  terminator: true,
};

/** Settings of {@link lines}. */
export interface LinesOptions {
  /** The longest payload in bytes, without its terminator. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
  /**
   * The encoding: `"utf-8"` (default) and `"latin1"` (ISO 8859-1, byte for byte) yield strings, `"bytes"` yields
   * `Uint8Array`s.
   */
  readonly encoding?: LineEncoding;
  /** Whether invalid UTF-8 is `frame-invalid` (true) or becomes U+FFFD (false, the default). */
  readonly fatal?: boolean;
  /**
   * The policy for a last line without a terminator: `"reject"` (the default) is `unexpected-eof`, `"deliver"` delivers
   * the line.
   */
  readonly unterminated?: "reject" | "deliver";
  /**
   * The terminator of replies: LF (the default), or CRLF, which peers of SMTP, FTP and IRC require. With CRLF, a reply
   * that contains a CR is refused as one with a LF is, because some peers accept either as the end of a line. Received
   * lines may end with either terminator.
   */
  readonly terminator?: "\n" | "\r\n";
}

/**
 * Lines that end with LF or CRLF. The terminator is removed. Replies end with LF, or with CRLF if `terminator` says so.
 *
 * A line of more than `maxFrameBytes` is `frame-too-large` as soon as that is certain, and is not kept. The fault frame
 * is `error: <reason>`. A reply that contains a line break is `reply-invalid`, because it would be two replies. With
 * `invalidFrame: "truncate"`, the beginning of a line that is too long is delivered, cut between two characters.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`), or an unknown
 * `encoding`, `unterminated` or `terminator`
 *
 * @example
 * ```ts
 * import { lines } from "spillway";
 *
 * const decoder = lines({ maxFrameBytes: 1024 }).decoder();
 * decoder.push(new TextEncoder().encode("one\r\ntwo\nthr"));
 * console.log(decoder.next(), decoder.next(), decoder.next()); // one two undefined
 * ```
 */
export function lines(options: LinesOptions & { readonly encoding: "bytes" }): Codec<Bytes, Uint8Array>;
/** As above, for frames that are strings. */
export function lines(options?: LinesOptions & { readonly encoding?: "utf-8" | "latin1" }): Codec<string>;
export function lines(options: LinesOptions = {}): Codec<string> | Codec<Bytes, Uint8Array> {
  checkOptions(options, OPTIONS);
  const { encoding = "utf-8", fatal = false, terminator = "\n", unterminated = "reject" } = options;
  const max = frameLimit(options.maxFrameBytes);
  checkChoice("unterminated", unterminated, ["reject", "deliver"]);
  checkChoice("terminator", terminator, ["\n", "\r\n"]);
  const rules = { max, deliver: unterminated === "deliver" };
  switch (encoding) {
    case "utf-8":
      return codec(rules, new Utf8Lines(fatal), utf8Encoder(terminator));
    case "latin1":
      return codec(rules, latin1Lines, latin1Encoder(terminator));
    case "bytes":
      return codec(rules, byteLines, bytesEncoder(terminator));
    default:
      throw new RangeError(`encoding must be "utf-8", "latin1" or "bytes", not ${JSON.stringify(encoding)}`);
  }
}

function codec<In, Out>(rules: LineRules, payload: LinePayload<In>, encoder: Encoder<Out>): Codec<In, Out> {
  return {
    decoder: () => new LineDecoder(rules, payload, false),
    encoder: () => encoder,
    truncatingDecoder: () => new LineDecoder(rules, payload, true),
  };
}
