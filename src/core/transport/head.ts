import { SpillwayError } from "../errors/errors.ts";
import type { DirectReader } from "./direct_reader.ts";
import type { Bytes, Connection, HeadLength, TransportConnection } from "./transport.ts";

/** The largest head. A peer that has not proved anything yet must not fill the memory. */
const MAX_HEAD_BYTES = 65_536;
const FIRST_BYTES = 256;

/**
 * Reads the head of a connection, for an {@link EstablishStep}: the first bytes that the peer sends. The bytes behind it
 * are left for the next reader. `lengthOf` is called with all bytes that have come, again for each chunk.
 *
 * Rejects with what `lengthOf` throws, with the error that breaks the connection, or with the reason of `signal`. After
 * that the connection cannot be served, because the bytes that came are lost.
 *
 * @throws {SpillwayError} `unexpected-eof`: FIN came before the end of the head; `frame-too-large`: more than 65,536 bytes
 * came without a head
 *
 * @throws {TypeError} the connection is not one of a step, its native streams were used, or another head is being read
 */
export async function readHead(connection: Connection, lengthOf: HeadLength, signal?: AbortSignal): Promise<Bytes> {
  const reading = (connection as TransportConnection).readHead?.(lengthOf, signal);
  if (reading === undefined) throw new TypeError("readHead() takes the connection of an establish step");
  return reading;
}

/** Reads a head from a reader, and gives back what it did not need. */
export function readHeadFrom(
  reader: DirectReader,
  lengthOf: HeadLength,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    new HeadReading(reader, lengthOf, signal, resolve, reject).start();
  });
}

class HeadReading {
  readonly #reader: DirectReader;
  readonly #lengthOf: HeadLength;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (head: Bytes) => void;
  readonly #reject: (cause: unknown) => void;
  /** The bytes that have come, at the beginning of a buffer that doubles. */
  #buffer: Bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  constructor(
    reader: DirectReader,
    lengthOf: HeadLength,
    signal: AbortSignal | undefined,
    resolve: (head: Bytes) => void,
    reject: (cause: unknown) => void,
  ) {
    this.#reader = reader;
    this.#lengthOf = lengthOf;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    if (this.#signal?.aborted === true) return this.#reject(this.#signal.reason);
    this.#signal?.addEventListener("abort", this.#onAbort);
    this.#read();
  }

  #read(): void {
    this.#reader.read().then(this.#onResult, this.#onError);
  }

  readonly #onResult = ({ done, value }: ReadableStreamReadResult<Bytes>): void => {
    if (done)
      return this.#onError(new SpillwayError("unexpected-eof", "the connection ended before its head was complete"));
    this.#append(value);
    this.#reader.recycle(value);
    try {
      const length = this.#lengthOf(this.#buffer.subarray(0, this.#length));
      if (length === undefined) this.#readOn();
      else this.#finish(length);
    } catch (cause) {
      this.#onError(cause);
    }
  };

  readonly #onError = (cause: unknown): void => {
    this.#end();
    this.#reject(cause);
  };

  readonly #onAbort = (): void => {
    this.#reader.forget();
    this.#onError(this.#signal?.reason);
  };

  #append(chunk: Bytes): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(2 * this.#buffer.length, length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** @throws {SpillwayError} `frame-too-large` */
  #readOn(): void {
    if (this.#length <= MAX_HEAD_BYTES) return this.#read();
    throw new SpillwayError("frame-too-large", `more than ${MAX_HEAD_BYTES} bytes came without a head`);
  }

  /** @throws {RangeError} the length is not one of a part of the bytes */
  #finish(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.#length) {
      throw new RangeError(`the length of a head must be from 0 to ${this.#length}, not ${length}`);
    }
    this.#end();
    if (length < this.#length) this.#reader.unread(this.#buffer.slice(length, this.#length));
    this.#resolve(this.#buffer.slice(0, length));
  }

  #end(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
