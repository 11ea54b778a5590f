import { type Codec, checkCodec, type Decoder, type Encoder, type Output } from "../codec.ts";
import { describe } from "../describe.ts";
import { type CloseReason, SpillwayError } from "../errors.ts";
import type { Bytes } from "../transport.ts";

/** How {@link mapCodec} turns frames into other frames. */
export interface FrameMap<In, Out, MappedIn, MappedOut> {
  /** What arrives. What it throws, or `undefined`, makes the frame `frame-invalid`. */
  decode(frame: In): MappedIn;
  /** What is sent. What it throws makes the reply `reply-invalid`. */
  encode(frame: MappedOut): Out;
  /** The frame that tells why the connection ends. Default: what the codec below says, if it says anything. */
  fault?(reason: CloseReason): MappedOut;
}

/**
 * A codec over another one: the framing stays, what a frame is changes.
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
 */
export function mapCodec<In, Out, MappedIn, MappedOut = MappedIn>(
  codec: Codec<In, Out>,
  map: FrameMap<In, Out, MappedIn, MappedOut>,
): Codec<MappedIn, MappedOut> {
  checkCodec(codec);
  for (const name of ["decode", "encode"] as const) {
    if (typeof map?.[name] !== "function") throw new TypeError(`${name} must be a function`);
  }
  if (map.fault !== undefined && typeof map.fault !== "function") throw new TypeError("fault must be a function");
  return {
    decoder: () => new MappedDecoder(codec.decoder(), map),
    encoder: () => new MappedEncoder(codec.encoder(), map),
  };
}

/** Gives what a decoder gives, decoded further. */
export class MappedDecoder<In, MappedIn> implements Decoder<MappedIn> {
  readonly rest?: () => Bytes;
  readonly #inner: Decoder<In>;
  readonly #map: Pick<FrameMap<In, never, MappedIn, never>, "decode">;

  constructor(inner: Decoder<In>, map: Pick<FrameMap<In, never, MappedIn, never>, "decode">) {
    this.#inner = inner;
    this.#map = map;
    if (inner.rest !== undefined) this.rest = inner.rest.bind(inner);
  }

  get midFrame(): boolean {
    return this.#inner.midFrame;
  }

  get lost(): boolean {
    return this.#inner.lost === true;
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
      mapped = this.#map.decode(frame);
    } catch (cause) {
      throw invalid("frame-invalid", cause);
    }
    if (mapped === undefined) throw new SpillwayError("frame-invalid", "the frame was decoded to undefined");
    return mapped;
  }
}

/** Encodes frames for another encoder. */
export class MappedEncoder<Out, MappedOut> implements Encoder<MappedOut> {
  readonly encodeFault?: (reason: CloseReason, output: Output) => void;
  readonly #inner: Encoder<Out>;
  readonly #map: Pick<FrameMap<never, Out, never, MappedOut>, "encode">;

  constructor(inner: Encoder<Out>, map: Pick<FrameMap<never, Out, never, MappedOut>, "encode" | "fault">) {
    this.#inner = inner;
    this.#map = map;
    const fault = map.fault?.bind(map);
    if (fault !== undefined) this.encodeFault = (reason, output) => this.encode(fault(reason), output);
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

/** What a map threw; an error of ours says itself what it is. */
function invalid(code: "frame-invalid" | "reply-invalid", cause: unknown): SpillwayError {
  return cause instanceof SpillwayError ? cause : new SpillwayError(code, describe(cause), { cause });
}
