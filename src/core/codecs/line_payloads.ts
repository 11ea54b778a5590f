import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { decodeLatin1 } from "./latin1.ts";
import { TextQueue } from "./text_queue.ts";
import { wholeCharacters } from "./utf8.ts";

/** The beginning of a line whose LF has not come. */
export interface BegunLine<Frame> {
  readonly length: number;
  /** Puts `bytes` to the end: a copy of them, unless they are `ours`. */
  push(bytes: Bytes, ours: boolean): void;
  /** Puts a chunk to the end if no LF is in it, where that is known sooner than by a search. Returns whether it has. */
  pushBare?(chunk: Bytes): boolean;
  /** The line that ends with `last`, without a CR at its end, if that was decoded as it came. */
  line?(last: Bytes): Frame | undefined;
  /** Everything and `last` behind it; the caller's. */
  take(last: Bytes): Bytes;
}

/** Decodes the payload of lines. */
export interface LinePayload<Frame> {
  begin(): BegunLine<Frame>;
  /** One line, without its terminator. @throws {SpillwayError} `frame-invalid` */
  one(payload: Bytes): Frame;
  /** A payload that was cut, without a character that the cut has split. Left out: a byte is a character. */
  whole?(payload: Bytes): Bytes;
  /** Whole lines at once, terminators included, when that gives the same frames; else `undefined`. */
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

  /** A block in which no line can be too long, or whose characters are bytes, is measured as text. */
  many(block: Bytes, max: number): string | undefined {
    try {
      const text = this.#decoder.decode(block);
      return block.length <= max || text.length === block.length ? text : undefined;
    } catch (error) {
      // Some line is invalid: decoded one by one, only that line is refused.
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
