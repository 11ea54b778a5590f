import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Decoder } from "./codec.ts";
import { FrameInput } from "./frame_input.ts";

/** What stands before a payload and says how long it is. One for each decoder. */
export interface Header {
  /**
   * Takes bytes of the input, to the end of the header or of what there is. What is behind the header, in bytes, when it is
   * whole; `undefined` when there is more of it.
   *
   * @throws {SpillwayError} `frame-invalid` when this is no header: then nobody knows where the next frame begins
   */
  read(input: FrameInput): number | undefined;
}

/** What a {@link PrefixedDecoder} decodes. */
export interface Prefixed {
  /** What a frame is called in messages: "a netstring". */
  readonly name: string;
  readonly header: Header;
  /** The longest payload. */
  readonly max: number;
  /** The one byte behind each payload, if there is one; not part of the payload. */
  readonly trailer?: number;
  /** Whether the header is part of the frame. */
  readonly keepHeader?: boolean;
}

/**
 * Frames that begin with their length. A length that is too large is refused before any of the payload is kept; what was
 * refused is then dropped to its end.
 */
export class PrefixedDecoder implements Decoder<Bytes> {
  lost = false;
  readonly #input = new FrameInput();
  readonly #prefixed: Prefixed;
  readonly #trailerBytes: number;
  #headerBytes = 0;
  /** What is behind the header, trailer included; -1 while the header is not whole. */
  #bodyBytes = -1;
  /** What is left of a frame that was refused. */
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
    // One for all frames of a connection: with `invalidFrame: "skip"` there may be thousands.
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
