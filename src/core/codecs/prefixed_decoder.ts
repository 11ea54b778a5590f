import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Decoder } from "./codec.ts";
import { FrameInput } from "./frame_input.ts";

/** The header of a payload, which determines its length. Each decoder has its own. */
export interface Header {
  /**
   * Reads the header from the input. Returns the number of bytes that follow the header, or `undefined` if the header
   * is incomplete.
   *
   * @throws {SpillwayError} `frame-invalid` if the header is invalid: then the beginning of the next frame is unknown
   */
  read(input: FrameInput): number | undefined;
}

/** The format that a {@link PrefixedDecoder} decodes. */
export interface Prefixed {
  /** The name of a frame in messages: "a netstring". */
  readonly name: string;
  readonly header: Header;
  /** The maximum length of a payload. */
  readonly max: number;
  /** The one byte that follows each payload, if any. It is not part of the payload. */
  readonly trailer?: number;
  /** Whether the header is part of the frame. */
  readonly keepHeader?: boolean;
}

/**
 * Decodes frames that begin with their length. A length that is too large is refused before any of the payload is kept,
 * and the refused frame is then dropped to its end.
 */
export class PrefixedDecoder implements Decoder<Bytes> {
  lost = false;
  readonly #input = new FrameInput();
  readonly #prefixed: Prefixed;
  readonly #trailerBytes: number;
  #headerBytes = 0;
  /** The number of bytes that follow the header, including the trailer; -1 while the header is incomplete. */
  #bodyBytes = -1;
  /** The number of remaining bytes of a refused frame. */
  #refused = 0;
  #tooLargeError: SpillwayError | undefined;

  constructor(prefixed: Prefixed) {
    this.#prefixed = prefixed;
    this.#trailerBytes = prefixed.trailer === undefined ? 0 : 1;
  }

  get midFrame(): boolean {
    return this.#refused > 0 || this.#input.length > 0;
  }

  push(chunk: Bytes): void {
    this.#input.push(chunk);
  }

  next(): Bytes | undefined {
    if (this.lost) return undefined;
    if (this.#refused > 0) this.#refused -= this.#input.skip(this.#refused);
    if (this.#refused > 0 || !this.#readHeader()) return this.#runDry();
    if (!this.#input.reach(this.#headerBytes + this.#bodyBytes)) return this.#runDry();
    return this.#take();
  }

  end(): void {
    this.#input.ended = true;
  }

  unread(): Bytes {
    return this.#input.unread();
  }

  #readHeader(): boolean {
    if (this.#bodyBytes >= 0) return true;
    const bodyBytes = this.#readBodyBytes();
    if (bodyBytes === undefined) {
      this.#input.keep();
      return false;
    }
    this.#headerBytes = this.#input.length;
    this.#bodyBytes = bodyBytes;
    if (bodyBytes - this.#trailerBytes > this.#prefixed.max) this.#refuse();
    return true;
  }

  #readBodyBytes(): number | undefined {
    try {
      return this.#prefixed.header.read(this.#input);
    } catch (error) {
      this.lost = true;
      throw error;
    }
  }

  #refuse(): never {
    const { name, max } = this.#prefixed;
    this.#refused = this.#bodyBytes;
    this.#reset();
    this.#input.drop();
    // All frames of a connection share one error: with `invalidFrame: "skip"` there may be thousands.
    this.#tooLargeError ??= new SpillwayError("frame-too-large", `${name} of more than ${max} bytes`);
    throw this.#tooLargeError;
  }

  #take(): Bytes {
    const { keepHeader = false, trailer } = this.#prefixed;
    if (trailer !== undefined && this.#input.last !== trailer) this.#lose();
    const bytes = this.#input.take(keepHeader ? 0 : this.#headerBytes, this.#trailerBytes);
    this.#reset();
    return bytes;
  }

  #lose(): never {
    this.lost = true;
    this.#reset();
    this.#input.drop();
    throw new SpillwayError("frame-invalid", `${this.#prefixed.name} that does not end where its length says`);
  }

  #reset(): void {
    this.#headerBytes = 0;
    this.#bodyBytes = -1;
  }

  #runDry(): undefined {
    if (!this.#input.ended || !this.midFrame) return undefined;
    this.#refused = 0;
    this.#input.drop();
    throw new SpillwayError("unexpected-eof", `the input ended in the middle of ${this.#prefixed.name}`);
  }
}
