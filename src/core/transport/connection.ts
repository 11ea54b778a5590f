import { SpillwayError } from "../errors/errors.ts";
import { RESOLVED } from "../time/resolved.ts";
import type { ProxyInfo, TlsInfo } from "./connection_info.ts";
import { DirectReader } from "./direct_reader.ts";
import { DirectWriter } from "./direct_writer.ts";
import type { Driver } from "./driver.ts";
import { readHeadFrom } from "./head.ts";
import { NativeWritable } from "./native_writable.ts";
import { plainAddress } from "./plain_address.ts";
import type {
  Address,
  ByteReader,
  Bytes,
  ByteWriter,
  ConnectionOwner,
  Detached,
  HeadLength,
  Identity,
  TransportConnection,
} from "./transport.ts";

/** The promise `closed`, once somebody has asked for it. */
interface Closed {
  readonly promise: Promise<SpillwayError | undefined>;
  readonly resolve: (error: SpillwayError | undefined) => void;
}

/**
 * A {@link TransportConnection} over a {@link Driver}: streams, backpressure, half-close and errors, once for all
 * runtimes. Native streams are created when they are first asked for. An owner reads and writes without them.
 *
 * | state      | means                                               | ends with                      |
 * | ---------- | --------------------------------------------------- | ------------------------------ |
 * | `open`     | both directions go on, or one of them has ended     | `close`, both ends, or a break |
 * | `closing`  | `close` was called: input is dropped, FIN is sent   | the peer's FIN, or a break     |
 * | `over`     | both directions have ended, or the connection broke | the driver's `released`        |
 * | `released` | the descriptor is released                          |                                |
 *
 * **Owns** the driver until `released`.
 */
export class DriverConnection implements TransportConnection {
  readonly #driver: Driver;
  readonly #reader: DirectReader;
  readonly #writer: DirectWriter;
  #state: "open" | "closing" | "over" | "released" = "open";
  #owner: ConnectionOwner | undefined;
  #readable: ReadableStream<Bytes> | undefined;
  #writable: NativeWritable | undefined;
  #identity: Identity | undefined;
  /** The error that broke the connection. */
  #error: SpillwayError | undefined;
  #closed: Closed | undefined;
  #truncated = false;

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
      this.#writable = new NativeWritable(this.#writer, this);
      if (this.#over || this.#writer.finishing) this.#writable.fail(this.#error ?? closedError());
      if (this.#owner !== undefined) this.#writable.stream.getWriter();
    }
    return this.#writable.stream;
  }

  get remoteAddress(): Address {
    return this.#identity?.remoteAddress ?? plainAddress(this.#driver.remoteAddress);
  }

  get localAddress(): Address {
    return this.#identity?.localAddress ?? plainAddress(this.#driver.localAddress);
  }

  get tls(): TlsInfo | undefined {
    return this.#identity?.tls;
  }

  get proxy(): ProxyInfo | undefined {
    return this.#identity?.proxy;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  get closed(): Promise<SpillwayError | undefined> {
    if (this.#closed === undefined) {
      let resolve!: Closed["resolve"];
      const promise = new Promise<SpillwayError | undefined>((fulfil) => {
        resolve = fulfil;
      });
      this.#closed = { promise, resolve };
      if (this.#state === "released") resolve(this.#error);
    }
    return this.#closed.promise;
  }

  /** @throws {TypeError} it has an owner, or one of its streams is locked */
  own(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter } {
    if (this.#owner !== undefined) throw new TypeError("the connection has an owner");
    // Native streams that were used before may have chunks in their queues.
    const reader = this.#readable === undefined ? this.#reader : this.#readable.getReader();
    const writer = this.#writable === undefined ? this.#writer : this.#writable.stream.getWriter();
    this.#owner = owner;
    if (this.#state === "released") this.#tellOwner(owner);
    return { reader, writer };
  }

  get owned(): boolean {
    return this.#owner !== undefined;
  }

  disown(owner: ConnectionOwner): void {
    if (this.#owner !== owner) return;
    this.#owner = undefined;
    this.#reader.forget();
  }

  /** @throws {TypeError} it has an owner, or its native streams were used */
  readHead(lengthOf: HeadLength, signal?: AbortSignal): Promise<Bytes> {
    if (this.#owner !== undefined || this.#readable !== undefined || this.#reader.reading) {
      throw new TypeError("readHead() must come before anything else reads the connection, and one at a time");
    }
    return readHeadFrom(this.#reader, lengthOf, signal);
  }

  identify(identity: Identity): void {
    this.#identity = { ...this.#identity, ...identity };
  }

  detach(): Detached | undefined {
    const used = this.#owner !== undefined || this.#readable !== undefined || this.#writable !== undefined;
    if (used || this.#state !== "open" || this.#reader.ended || this.#writer.sending) return undefined;
    const socket = this.#driver.detach?.();
    if (socket === undefined) return undefined;
    this.#state = "over";
    return { socket, unread: this.#reader.takeUnread(), released: () => this.released() };
  }

  async close(): Promise<void> {
    this.finish();
    await this.closed;
    this.#writable?.fail(closedError());
  }

  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#discard();
    this.finishWhenSent();
  }

  abort(reason?: unknown): void {
    const message = "the connection was aborted";
    this.fail(reason instanceof SpillwayError ? reason : new SpillwayError("aborted", message, { cause: reason }));
  }

  /** Takes input of the driver. Returns false to hold further input until the next `pull`. */
  push(bytes: Bytes): boolean {
    if (this.#state === "closing" && !this.#reader.ended) this.#owner?.onDropped(bytes.length);
    return this.#reader.push(bytes);
  }

  /** Notes that the kernel took `bytes` of the driver's write, and not all of it. */
  took(bytes: number): void {
    if (!this.#over) this.#owner?.onTaken(bytes);
  }

  /** Notes that the kernel took the rest of the driver's write. */
  sent(): void {
    if (this.#over) return;
    this.#writer.done();
    this.finishWhenSent();
  }

  /** Notes that the driver has sent FIN. */
  finished(): void {
    if (!this.#over) this.#writer.done();
  }

  /** Notes that the driver cannot send. The driver need not report that in another way. */
  refuse(error: SpillwayError): void {
    if (this.#over) return;
    if (this.#owner?.readsOn !== true || error.code !== "connection-reset") return this.fail(error);
    // The peer takes no more, but what it sent before can still be read.
    this.#writable?.fail(error);
    this.#writer.break(error);
    this.#releaseWhenEnded();
  }

  /** Notes the peer's FIN. */
  end(): void {
    if (this.#reader.ended) return;
    this.#reader.end();
    this.#releaseWhenEnded();
  }

  /**
   * Notes FIN in a place where the peer has not ended: somebody may have cut the connection. With an error, it is what
   * the reader gets instead of the end, behind all that came.
   */
  cutOff(error?: SpillwayError): void {
    if (this.#reader.ended) return;
    this.#truncated = true;
    if (error === undefined) return this.end();
    this.#reader.cutOff(error);
    this.#releaseWhenEnded();
  }

  /** Breaks the connection, with an error that the driver found. */
  fail(error: SpillwayError): void {
    if (this.#over) return;
    this.#break(error);
    this.#driver.reset();
  }

  /** Notes that the driver has released the descriptor. */
  released(): void {
    if (!this.#over) this.#break(new SpillwayError("connection-failed", "the connection was closed underneath"));
    this.#state = "released";
    this.#closed?.resolve(this.#error);
    if (this.#owner !== undefined) this.#tellOwner(this.#owner);
  }

  /** Notes that the writer has sent FIN. */
  outputEnded(): void {
    this.#releaseWhenEnded();
  }

  /** Sends FIN if `close` was called and all output is sent. */
  finishWhenSent(): void {
    if (this.#state !== "closing" || this.#writer.sending || (this.#writable?.unsent ?? 0) > 0) return;
    this.#writer.close();
  }

  get #over(): boolean {
    return this.#state === "over" || this.#state === "released";
  }

  #tellOwner(owner: ConnectionOwner): void {
    void RESOLVED.then(() => owner.onClosed(this.#error));
  }

  #discard(): void {
    if (this.#reader.ended || this.#reader.discarding) return;
    if (this.#state === "closing") this.#reader.closeStream();
    this.#reader.discard();
  }

  #releaseWhenEnded(): void {
    if (!this.#reader.ended || !this.#writer.ended || this.#over) return;
    this.#state = "over";
    this.#driver.release();
  }

  #break(error: SpillwayError): void {
    this.#state = "over";
    this.#error = error;
    this.#writable?.fail(error);
    this.#reader.break(error);
    this.#writer.break(error);
  }
}

function closedError(): SpillwayError {
  return new SpillwayError("aborted", "the connection is closed");
}
