import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import {
  type ByteReader,
  type Bytes,
  type ByteWriter,
  type ConnectionOwner,
  describe,
  SpillwayError,
  type TransportConnection,
} from "../core/mod.ts";
import type { Carrier, CarrierOwner } from "./carrier.ts";

type Callback = (error?: Error | null) => void;

/**
 * A connection as the carrier of a TLS socket, through a stream of Node.
 *
 * - **Owns** the connection until it is released.
 * - **Backpressure:** the connection is read while the stream wants more. A write of the stream ends when the connection
 *   has taken it.
 */
export class ConnectionCarrier implements Carrier, ConnectionOwner {
  readonly stream: Duplex;
  owner: CarrierOwner | undefined;
  readonly #connection: TransportConnection;
  readonly #reader: ByteReader;
  readonly #writer: ByteWriter;
  /** Whether a read is under way. Until `start`, none begins. */
  #reading = true;
  #paused = false;
  /** Whether the stream has asked for more, and has not got it. */
  #wanted = false;
  /** Ends the write that is under way. */
  #endWrite: Callback | undefined;
  /** `finishing`: FIN is asked for. `finished`: FIN was sent, or nothing can be sent any more. */
  #output: "open" | "finishing" | "finished" = "open";
  #broken = false;
  /** Is called when no write is under way. */
  #onTaken: (() => void) | undefined;
  /** Calls that wait for FIN to be sent. */
  #waiting: (() => void)[] = [];

  /** @throws {TypeError} not the connection of an establish step, or in use */
  constructor(connection: TransportConnection) {
    if (connection.own === undefined) throw new TypeError("TLS takes the connection of an establish step");
    this.#connection = connection;
    const { reader, writer } = connection.own(this);
    this.#reader = reader;
    this.#writer = writer;
    this.stream = new Duplex({
      allowHalfOpen: true,
      // The TLS socket goes with its carrier, and may have input that nobody has read.
      autoDestroy: false,
      read: () => this.#read(),
      write: (chunk: Uint8Array, _encoding, callback) => this.#write(chunk, callback),
      writev: (chunks, callback) => this.#write(joined(chunks), callback),
      final: (callback) => this.#finish(callback),
    });
    // The TLS socket destroys it when it is closed itself; its last records may still be on their way.
    this.stream.destroy = () => {
      this.finish(() => {});
      return this.stream;
    };
    // What breaks is reported to the owner.
    this.stream.on("error", () => {});
  }

  start(): void {
    this.#reading = false;
    this.#read();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#wanted) this.#read();
  }

  whenTaken(callback: () => void): void {
    // On Deno a write of the TLS socket has ended by now, and a microtask brings its records.
    queueMicrotask(() => {
      if (this.#endWrite === undefined || this.#broken) callback();
      else this.#onTaken = callback;
    });
  }

  finish(callback: () => void): void {
    // On Deno a microtask brings the last records: close_notify, or the alert that says why.
    setImmediate(() => this.#finish(callback));
  }

  release(callback?: () => void): void {
    this.finish(() => {
      this.#connection.abort();
      callback?.();
    });
  }

  reset(socket: TLSSocket): void {
    if (socket.writableEnded) return this.#releaseBehindFin(socket);
    this.#connection.abort();
    socket.destroy();
  }

  /** A close_notify that could be sent at once is sent. */
  #releaseBehindFin(socket: TLSSocket): void {
    const release = (): void => {
      this.#connection.abort();
      socket.destroy();
    };
    setImmediate(() => {
      if (this.#endWrite === undefined) this.#finish(release);
      else release();
    });
  }

  onClosed(error: SpillwayError | undefined): void {
    if (error !== undefined) this.#break(error);
    this.#finished();
    this.owner?.onReleased();
  }

  onDropped(): void {}

  onTaken(): void {}

  #read(): void {
    this.#wanted = true;
    if (this.#reading || this.#paused || this.#broken) return;
    this.#reading = true;
    this.#reader.read().then(this.#onRead, this.#onFailed);
  }

  readonly #onRead = ({ done, value }: ReadableStreamReadResult<Bytes>): void => {
    this.#reading = this.#wanted = false;
    if (done) this.stream.push(null);
    // The next read is asked for within the call that brings this chunk: the runtime need not pause.
    else if (this.stream.push(Buffer.from(value.buffer, value.byteOffset, value.length))) this.#read();
  };

  readonly #onFailed = (cause: unknown): void => this.#break(cause);

  #write(chunk: Uint8Array, callback: Callback): void {
    this.#endWrite = callback;
    this.#writer.write(chunk).then(this.#onWritten, this.#onFailed);
  }

  readonly #onWritten = (): void => {
    const endWrite = this.#endWrite;
    this.#endWrite = undefined;
    endWrite?.();
    if (this.#endWrite === undefined) this.#reportTaken();
    if (this.#waiting.length > 0) this.#sendFin();
  };

  #reportTaken(): void {
    const onTaken = this.#onTaken;
    this.#onTaken = undefined;
    onTaken?.();
  }

  #finish(callback: () => void): void {
    if (this.#output === "finished") return callback();
    this.#waiting.push(callback);
    this.#sendFin();
  }

  #sendFin(): void {
    if (this.#output !== "open" || this.#endWrite !== undefined) return;
    this.#output = "finishing";
    this.#writer.close().then(() => this.#finished(), this.#onFailed);
  }

  #finished(): void {
    this.#output = "finished";
    for (const callback of this.#waiting.splice(0)) callback();
  }

  #break(cause: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#finished();
    this.owner?.onBroken(cause instanceof SpillwayError ? cause : brokenError(cause));
  }
}

function joined(chunks: readonly { readonly chunk: Uint8Array }[]): Uint8Array {
  return Buffer.concat(chunks.map(({ chunk }) => chunk));
}

function brokenError(cause: unknown): SpillwayError {
  return new SpillwayError("connection-failed", `the connection failed: ${describe(cause)}`, { cause });
}
