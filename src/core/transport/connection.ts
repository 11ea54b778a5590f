import { SpillwayError } from "../errors/errors.ts";
import { DirectReader } from "./direct_reader.ts";
import { DirectWriter } from "./direct_writer.ts";
import type { Driver } from "./driver.ts";
import { plainAddress } from "./plain_address.ts";
import type { Address, ByteReader, Bytes, ByteWriter, ConnectionOwner, TransportConnection } from "./transport.ts";

/** Bytes that `writable` queues before it asks its writer to wait. */
const WRITABLE_BYTES = 65_536;

const RELEASED = Promise.resolve();

/**
 * A {@link TransportConnection} over a {@link Driver}: its streams, their backpressure, half-close and errors, once for all runtimes.
 * Native streams are made when they are first asked for; an owner reads and writes without them.
 *
 * **Owns** the driver from its making to `released`.
 */
export class DriverConnection implements TransportConnection {
  readonly #driver: Driver;
  readonly #reader: DirectReader;
  readonly #writer: DirectWriter;
  #readable: ReadableStream<Bytes> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #output: WritableStreamDefaultController | undefined;
  /** Chunks, even empty ones, that were written to `writable` and are not sent. */
  #unsent = 0;
  #owner: ConnectionOwner | undefined;
  #closing = false;
  #over = false;
  #released = false;
  /** What broke the connection. */
  #error: SpillwayError | undefined;
  #closed: Promise<SpillwayError | undefined> | undefined;
  #resolveClosed: ((error: SpillwayError | undefined) => void) | undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#reader = new DirectReader(driver);
    this.#writer = new DirectWriter(driver, this);
  }

  get readable(): ReadableStream<Bytes> {
    if (this.#readable === undefined) {
      this.#readable = this.#reader.stream(() => this.#discard());
      if (this.#owner !== undefined) this.#readable.getReader();
    }
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> {
    if (this.#writable === undefined) {
      this.#writable = this.#openWritable();
      if (this.#owner !== undefined) this.#writable.getWriter();
    }
    return this.#writable;
  }

  get remoteAddress(): Address {
    return plainAddress(this.#driver.remoteAddress);
  }

  get localAddress(): Address {
    return plainAddress(this.#driver.localAddress);
  }

  get closed(): Promise<SpillwayError | undefined> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#released) resolve(this.#error);
      else this.#resolveClosed = resolve;
    });
    return this.#closed;
  }

  /** @throws {TypeError} it has an owner, or one of its streams is locked */
  own(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter } {
    if (this.#owner !== undefined) throw new TypeError("the connection has an owner");
    // What somebody has read or written before may be in the queues of native streams.
    const reader = this.#readable === undefined ? this.#reader : this.#readable.getReader();
    const writer = this.#writable === undefined ? this.#writer : this.#writable.getWriter();
    this.#owner = owner;
    if (this.#released) this.#tellOwner(owner);
    return { reader, writer };
  }

  async close(): Promise<void> {
    this.#startClose();
    await this.closed;
    this.#output?.error(new SpillwayError("aborted", "the connection is closed"));
  }

  abort(reason?: unknown): void {
    const message = "the connection was aborted";
    this.fail(reason instanceof SpillwayError ? reason : new SpillwayError("aborted", message, { cause: reason }));
  }

  /** The driver has input. False: hold further input until the next `pull`. */
  push(bytes: Bytes): boolean {
    if (this.#closing && !this.#reader.ended) this.#owner?.onDropped(bytes.length);
    return this.#reader.push(bytes);
  }

  /** The kernel took so many bytes of the driver's write, and not all of it. */
  took(bytes: number): void {
    if (!this.#over) this.#owner?.onTaken(bytes);
  }

  /** The kernel took what is left of the driver's write. */
  sent(): void {
    if (this.#over) return;
    this.#writer.done();
    if (this.#closing) this.#finishWhenSent();
  }

  /** The driver has sent FIN. */
  finished(): void {
    if (!this.#over) this.#writer.done();
  }

  outputEnded(): void {
    this.#releaseWhenEnded();
  }

  /** The driver cannot send. It need not report that in another way. */
  refuse(error: SpillwayError): void {
    if (this.#over) return;
    if (this.#owner?.readsOn !== true || error.code !== "connection-reset") return this.fail(error);
    // The peer takes no more: what it sent before can still be read.
    this.#output?.error(error);
    this.#writer.break(error);
    this.#releaseWhenEnded();
  }

  /** The driver saw the peer's FIN. */
  end(): void {
    if (this.#reader.ended) return;
    this.#reader.end();
    this.#releaseWhenEnded();
  }

  /** The connection broke, in the driver's eyes. */
  fail(error: SpillwayError): void {
    if (this.#over) return;
    this.#break(error);
    this.#driver.reset();
  }

  /** The driver gave the descriptor back. */
  released(): void {
    if (!this.#over) this.#break(new SpillwayError("connection-failed", "the connection was closed underneath"));
    this.#released = true;
    this.#resolveClosed?.(this.#error);
    if (this.#owner !== undefined) this.#tellOwner(this.#owner);
  }

  #tellOwner(owner: ConnectionOwner): void {
    void RELEASED.then(() => owner.onClosed(this.#error));
  }

  #openWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>(
      {
        start: (controller) => this.#startOutput(controller),
        write: (bytes) => this.#write(bytes),
        close: () => outcome((onDone, onError) => this.#writer.close().then(onDone, onError)),
        abort: (reason) => this.abort(reason),
      },
      { highWaterMark: WRITABLE_BYTES, size: (bytes) => this.#enqueued(bytes) },
    );
  }

  #startOutput(controller: WritableStreamDefaultController): void {
    this.#output = controller;
    if (!this.#over && !this.#writer.finishing) return;
    controller.error(this.#error ?? new SpillwayError("aborted", "the connection is closed"));
  }

  #enqueued(bytes: Uint8Array): number {
    this.#unsent += 1;
    if (bytes instanceof Uint8Array) return bytes.length;
    // That errors the stream, which drops what it has queued: `close` need not wait for it.
    this.#unsent = -Infinity;
    throw new TypeError("what is written to a connection must be a Uint8Array");
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#writer.finishing) throw new SpillwayError("aborted", "the connection is closing");
    await outcome((onDone, onError) => this.#writer.write(bytes).then(onDone, onError));
    this.#unsent -= 1;
    if (this.#closing) this.#finishWhenSent();
  }

  #startClose(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    this.#discard();
    this.#finishWhenSent();
  }

  #finishWhenSent(): void {
    if (this.#unsent <= 0 && !this.#writer.sending) this.#writer.close();
  }

  #discard(): void {
    if (this.#reader.ended || this.#reader.discarding) return;
    if (this.#closing) this.#reader.closeStream();
    this.#reader.discard();
  }

  #releaseWhenEnded(): void {
    if (!this.#reader.ended || !this.#writer.ended || this.#over) return;
    this.#over = true;
    this.#driver.release();
  }

  #break(error: SpillwayError): void {
    this.#over = true;
    this.#error = error;
    this.#output?.error(error);
    this.#reader.break(error);
    this.#writer.break(error);
  }
}

function outcome(wait: (onDone: () => void, onError: (error: unknown) => void) => void): Promise<void> {
  return new Promise(wait);
}
