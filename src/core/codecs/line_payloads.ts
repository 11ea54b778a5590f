import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { decodeLatin1 } from "./latin1.ts";
import { TextQueue } from "./text_queue.ts";
import { wholeCharacters } from "./utf8.ts";

/** The beginning of a line whose LF has not arrived. */
export interface BegunLine<Frame> {
  readonly length: number;
  /** Appends a copy of `bytes`, or with `ours` possibly `bytes` themselves. */
  push(bytes: Bytes, ours: boolean): void;
  /** Appends a chunk if it contains no LF and that is known faster than by a search. Returns whether it did. */
  pushBare?(chunk: Bytes): boolean;
  /** Returns the line that ends with `last`, without a CR at its end, if it was decoded as it arrived. */
  line?(last: Bytes): Frame | undefined;
  /** Returns all bytes followed by `last`, in an array that belongs to the caller. */
  take(last: Bytes): Bytes;
}

/** Decodes the payload of lines. */
export interface LinePayload<Frame> {
  begin(): BegunLine<Frame>;
  /**
   * Decodes one line, given without its terminator.
   *
   * @throws {SpillwayError} `frame-invalid`
   */
  one(payload: Bytes): Frame;
  /** Returns a truncated payload without an incomplete last character. Omit it if each byte is a character. */
  whole?(payload: Bytes): Bytes;
  /**
   * Decodes several whole lines, including terminators, if that yields the same frames. Otherwise returns `undefined`.
   */
  many?(block: Bytes, max: number): string | undefined;
}

export class Utf8Lines implements LinePayload<string> {
  readonly #fatal: boolean;
  readonly #decoder: TextDecoder;

  constructor(fatal: boolean) {
    this.#fatal = fatal;
    this.#decoder = new TextDecoder("utf-8", { fatal, ignoreBOM: true });
  }

  begin(): TextQueue {
    return new TextQueue();
  }

  one(payload: Bytes): string {
    try {
      return this.#decoder.decode(payload);
    } catch (cause) {
      throw new SpillwayError("frame-invalid", "a line that is not valid UTF-8", { cause });
    }
  }

  whole(payload: Bytes): Bytes {
    return wholeCharacters(payload);
  }

  /**
   * Decodes a block if no line in it can be too long, or if its lines can be measured as text because each character is
   * a byte.
   */
  many(block: Bytes, max: number): string | undefined {
    try {
      const text = this.#decoder.decode(block);
      return block.length <= max || text.length === block.length ? text : undefined;
    } catch (error) {
      // Some line is invalid. Decoding the lines one by one refuses only that line.
      if (this.#fatal) return undefined;
      throw error;
    }
  }
}

export const latin1Lines: LinePayload<string> = { begin, one: decodeLatin1, many: decodeLatin1 };
export const byteLines: LinePayload<Bytes> = { begin, one: (payload) => payload };

function begin(): ByteQueue {
  return new ByteQueue();
}
