import { describe } from "../errors/describe.ts";
import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import { type Codec, checkCodec, type Decoder, type Encoder, type Output } from "./codec.ts";

/** Metadata of a frame. Valid only during the call that receives it. */
export interface FrameInfo<Header = unknown> {
  /** The header of the frame, if the codec below has one that says more than a length: see {@link contentLength}. */
  readonly header: Header;
  /** Whether the frame is only the beginning of one that was too long (`invalidFrame: "truncate"`). */
  readonly truncated: boolean;
}

/** The functions with which {@link mapCodec} converts frames. */
export interface FrameMap<In, Out, MappedIn, MappedOut, Header = unknown> {
  /** Converts a frame that arrives. An exception, or `undefined`, makes the frame `frame-invalid`. */
  decode(frame: In, info: FrameInfo<Header>): MappedIn;
  /** Converts a frame that is sent. An exception makes the reply `reply-invalid`. */
  encode(frame: MappedOut): Out;
  /**
   * Returns the frame that tells the peer why the connection ends. Default: the fault frame of the codec below, if it
   * has one. `error` has the details; send its message only if the codec itself wrote it (see `Encoder.encodeFault`).
   */
  fault?(reason: CloseReason, error: SpillwayError): MappedOut;
}

/**
 * A codec over another one: the framing stays, and the type of frames changes.
 *
 * @throws {TypeError} not a codec, or `decode`, `encode` or `fault` is not a function
 *
 * @example
 * ```ts
 * import { lines, mapCodec } from "spillway/codecs";
 *
 * const numbers = mapCodec(lines(), {
 *   decode: (line) => {
 *     if (!/^-?\d+$/.test(line)) throw new Error("not a number");
 *     return BigInt(line);
 *   },
 *   encode: (number: bigint) => String(number),
 * });
 * const decoder = numbers.decoder();
 * decoder.push(new TextEncoder().encode("42\n"));
 * console.log(decoder.next()); // 42n
 * ```
 *
 * @example What the header said, with the frame
 * ```ts
 * import { contentLength, mapCodec } from "spillway/codecs";
 *
 * const typed = mapCodec(contentLength(), {
 *   decode: (body, { header }) => ({ body, type: header.get("Content-Type") }),
 *   encode: (reply: string) => reply,
 * });
 * const decoder = typed.decoder();
 * decoder.push(new TextEncoder().encode("Content-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"));
 * console.log(decoder.next()?.type); // text/plain
 * ```
 */
export function mapCodec<In, Out, MappedIn, MappedOut = MappedIn, Header = unknown>(
  codec: Codec<In, Out, Header>,
  map: FrameMap<In, Out, MappedIn, MappedOut, Header>,
): Codec<MappedIn, MappedOut, Header> {
  checkCodec(codec);
  for (const name of ["decode", "encode"] as const) {
    if (typeof map?.[name] !== "function") throw new TypeError(`${name} must be a function`);
  }
  if (map.fault !== undefined && typeof map.fault !== "function") throw new TypeError("fault must be a function");
  const mapped: Codec<MappedIn, MappedOut, Header> = {
    decoder: () => new MappedDecoder(codec.decoder(), map),
    encoder: () => new MappedEncoder(codec.encoder(), map),
  };
  const truncating = codec.truncatingDecoder?.bind(codec);
  if (truncating === undefined) return mapped;
  return { ...mapped, truncatingDecoder: () => new MappedDecoder(truncating(), map) };
}

type DecodeMap<In, MappedIn, Header> = Pick<FrameMap<In, never, MappedIn, never, Header>, "decode">;

/** Decodes the frames of another decoder further. */
export class MappedDecoder<In, MappedIn, Header> implements Decoder<MappedIn, Header>, FrameInfo<Header> {
  readonly unread?: () => Bytes;
  readonly #inner: Decoder<In, Header>;
  readonly #map: DecodeMap<In, MappedIn, Header>;

  constructor(inner: Decoder<In, Header>, map: DecodeMap<In, MappedIn, Header>) {
    this.#inner = inner;
    this.#map = map;
    if (inner.unread !== undefined) this.unread = inner.unread.bind(inner);
  }

  get midFrame(): boolean {
    return this.#inner.midFrame;
  }

  get lost(): boolean {
    return this.#inner.lost === true;
  }

  get truncated(): boolean {
    return this.#inner.truncated === true;
  }

  get header(): Header {
    return this.#inner.header as Header;
  }

  push(chunk: Bytes): void {
    this.#inner.push(chunk);
  }

  next(): MappedIn | undefined {
    const frame = this.#inner.next();
    return frame === undefined ? undefined : this.#decode(frame);
  }

  end(): void {
    this.#inner.end();
  }

  #decode(frame: In): MappedIn {
    let mapped: MappedIn;
    try {
      mapped = this.#map.decode(frame, this);
    } catch (cause) {
      throw invalid("frame-invalid", cause);
    }
    if (mapped === undefined) throw new SpillwayError("frame-invalid", "the frame was decoded to undefined");
    return mapped;
  }
}

/** Encodes frames for another encoder. */
export class MappedEncoder<Out, MappedOut> implements Encoder<MappedOut> {
  readonly encodeFault?: NonNullable<Encoder<MappedOut>["encodeFault"]>;
  readonly #inner: Encoder<Out>;
  readonly #map: Pick<FrameMap<never, Out, never, MappedOut>, "encode">;

  constructor(inner: Encoder<Out>, map: Pick<FrameMap<never, Out, never, MappedOut>, "encode" | "fault">) {
    this.#inner = inner;
    this.#map = map;
    const fault = map.fault?.bind(map);
    if (fault !== undefined) this.encodeFault = (reason, output, error) => this.encode(fault(reason, error), output);
    else if (inner.encodeFault !== undefined) this.encodeFault = inner.encodeFault.bind(inner);
  }

  encode(frame: MappedOut, output: Output): void {
    let mapped: Out;
    try {
      mapped = this.#map.encode(frame);
    } catch (cause) {
      throw invalid("reply-invalid", cause);
    }
    this.#inner.encode(mapped, output);
  }
}

/** Maps an exception of a conversion. A {@link SpillwayError} is kept. */
function invalid(code: "frame-invalid" | "reply-invalid", cause: unknown): SpillwayError {
  return cause instanceof SpillwayError ? cause : new SpillwayError(code, describe(cause), { cause });
}
