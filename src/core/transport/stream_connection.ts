import { SpillwayError } from "../errors/errors.ts";
import { connectionError } from "../errors/faults.ts";
import { afterIo } from "../time/clock.ts";
import { DriverConnection } from "./connection.ts";
import type { Driver } from "./driver.ts";
import { plainBytes } from "./plain_bytes.ts";
import type { Address, Bytes, Connection } from "./transport.ts";

/**
 * A pair of WHATWG streams that carries bytes in both directions: of a WebSocketStream, of WebTransport, of a process.
 */
export interface StreamPair {
  /** The bytes that the peer sends. The end of the stream is the peer's FIN, an error is a reset. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes that are sent to the peer. Closing the stream is FIN, aborting it is a reset. */
  readonly writable: WritableStream<Uint8Array>;
  /** The address of the peer. Default: a Unix domain socket without a name, `{ path: "" }`. */
  readonly remoteAddress?: Address;
  /** The address of this side. The default is the same. */
  readonly localAddress?: Address;
}

/**
 * Creates a {@link Connection} on a pair of streams. It behaves like one over TCP: half-close, backpressure, `close()`,
 * `abort()`, errors.
 *
 * - **Owns** both streams, and locks them. Chunks of the readable must not be used by others. Chunks written to the
 *   writable are copies.
 * - **Backpressure:** the readable is read on demand. At most 64 KiB are being written to the writable, which takes
 *   them when its `write` settles.
 * - **On abort** the writable is aborted and the readable is cancelled. A stream that fails ends the connection as
 *   `connection-reset`. A chunk that is not a `Uint8Array`, such as a text message of a WebSocketStream, ends it as
 *   `connection-failed`.
 *
 * @throws {TypeError} a stream is locked
 *
 * @example
 * ```ts
 * import { streamConnection } from "spillway/core";
 *
 * const [forth, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
 * const near = streamConnection({ readable: back.readable, writable: forth.writable });
 * const far = streamConnection({ readable: forth.readable, writable: back.writable });
 * const read = far.readable.getReader().read();
 * await near.writable.getWriter().write(new TextEncoder().encode("ping"));
 * console.log(new TextDecoder().decode((await read).value)); // ping
 * near.abort();
 * console.log((await far.closed)?.code); // connection-reset
 * ```
 */
export function streamConnection(pair: StreamPair): Connection {
  return new StreamDriver(pair).connection;
}

/** The address of an end without a name. */
const NAMELESS: Address = Object.freeze({ path: "" });

/** The size of a write to the stream, so that the progress of a longer write is visible. */
const WRITE_BYTES = 65_536;

/** The number of chunks that are read before the event loop is given back. */
const READS_IN_A_ROW = 64;

const NOTHING: Uint8Array = new Uint8Array(0);

/** The driver of a connection on a pair of streams. */
class StreamDriver implements Driver {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #reading = false;
  /** The number of reads since the connection was last slower than the stream. */
  #inARow = 0;
  #released = false;
  /** Whether FIN was sent. */
  #finished = false;
  /** The piece that is being written, and the rest of the write. */
  #piece = NOTHING;
  #rest = NOTHING;
  readonly #onRead = ({ done, value }: ReadableStreamReadResult<Uint8Array>): void => {
    this.#reading = false;
    if (done) this.connection.end();
    else this.#push(value);
  };
  readonly #onReadFailed = (cause: unknown): void => this.connection.fail(resetError(cause));
  readonly #onWritten = (): void => {
    const { length } = this.#piece;
    this.#piece = NOTHING;
    if (this.#rest.length === 0) return this.connection.sent();
    this.connection.took(length);
    this.write(this.#rest);
  };
  readonly #onRefused = (cause: unknown): void => this.connection.refuse(resetError(cause));

  constructor({ readable, writable, remoteAddress = NAMELESS, localAddress = NAMELESS }: StreamPair) {
    if (readable.locked || writable.locked) throw new TypeError("a stream of the pair is locked");
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.connection = new DriverConnection(this);
  }

  pull(): void {
    if (this.#reading || this.#released) return;
    this.#reading = true;
    this.#reader.read().then(this.#onRead, this.#onReadFailed);
  }

  write(bytes: Uint8Array): false {
    // The piece is a copy: a stream may keep it, and the peer may get the very chunk.
    this.#piece = new Uint8Array(bytes.subarray(0, WRITE_BYTES));
    this.#rest = bytes.length > WRITE_BYTES ? bytes.subarray(WRITE_BYTES) : NOTHING;
    this.#writer.write(this.#piece).then(this.#onWritten, this.#onRefused);
    return false;
  }

  finish(): false {
    this.#writer.close().then(() => {
      this.#finished = true;
      this.connection.finished();
    }, this.#onRefused);
    return false;
  }

  release(): void {
    this.#released = true;
    queueMicrotask(() => this.connection.released());
  }

  reset(): void {
    const reason = new SpillwayError("aborted", "the connection was aborted");
    // A stream that fails at this is over anyway.
    if (!this.#finished) this.#writer.abort(reason).catch(() => {});
    this.#reader.cancel(reason).catch(() => {});
    this.release();
  }

  #push(chunk: Uint8Array): void {
    let bytes: Bytes;
    try {
      bytes = plainBytes(chunk);
    } catch (cause) {
      return this.connection.fail(connectionError(cause));
    }
    if (bytes.length === 0 || this.connection.push(bytes)) this.#pullOn();
    else this.#inARow = 0;
  }

  /** A stream that always has a chunk delivers in microtasks, so others must run in between. */
  #pullOn(): void {
    this.#inARow += 1;
    if (this.#inARow < READS_IN_A_ROW) return this.pull();
    this.#inARow = 0;
    afterIo(() => this.pull());
  }
}

/** Maps an error of a stream. A stream errors when its peer, or something in between, has broken off. */
function resetError(cause: unknown): SpillwayError {
  return new SpillwayError("connection-reset", "a stream of the connection failed", { cause });
}
