import { SpillwayError } from "../errors/errors.ts";
import { DirectReadable, type DirectSource, type Waiting } from "./direct_readable.ts";
import { type DirectSink, DirectWritable } from "./direct_writable.ts";
import type { Driver } from "./driver.ts";
import { Owned } from "./owned.ts";
import { plainAddress } from "./plain_address.ts";
import type { Address, Bytes, Connection } from "./transport.ts";

/** Bytes that `writable` queues before it asks its writer to wait. */
const WRITABLE_BYTES = 65_536;

const END = { done: true, value: undefined } as unknown as ReadableStreamReadResult<Bytes>;

/**
 * A {@link Connection} over a {@link Driver}: the WHATWG streams, made when they are first asked for, their backpressure,
 * half-close and errors, once for all runtimes. **Owns** the driver from its making to `released`.
 */
export class DriverConnection extends Owned implements Connection, DirectSource, DirectSink {
  waiting: Waiting | undefined;
  taking: Promise<void> | undefined;
  takingBytes = 0;
  readonly #driver: Driver;
  #readable: ReadableStream<Bytes> | undefined;
  #input: ReadableStreamDefaultController<Bytes> | undefined;
  #writable: DirectWritable | undefined;
  #output: WritableStreamDefaultController | undefined;
  /** `readable` may hold chunks. It is asked only then: on Node that costs as much as to decode a line. */
  #queuing = false;
  /** Settles the pull that the driver is answering. */
  #endPull: (() => void) | undefined;
  #parked = false;
  #inputEnded = false;
  /** Input is read only to find its end. */
  #discarding = false;
  #finishing = false;
  #outputEnded = false;
  /** Chunks, even empty ones, that were written to `writable` and not yet taken by the driver; whether it takes one now. */
  #unsent = 0;
  #sending = false;
  /** What a driver's write calls back; made with `writable`. */
  #onSent: (() => void) | undefined;
  #onRefused: ((error: SpillwayError) => never) | undefined;
  #closing = false;
  #over = false;

  constructor(driver: Driver) {
    super();
    this.#driver = driver;
  }

  get readable(): ReadableStream<Bytes> {
    this.#readable ??= this.#openReadable();
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= this.#openWritable();
    return this.#writable;
  }

  get remoteAddress(): Address {
    return plainAddress(this.#driver.remoteAddress);
  }

  get localAddress(): Address {
    return plainAddress(this.#driver.localAddress);
  }

  get promptWrites(): boolean {
    return this.#driver.promptWrites === true;
  }

  close(): Promise<void> {
    if (!this.#closing && !this.#over) {
      this.#closing = true;
      this.#discard();
      this.#finishWhenSent();
    }
    // An owner writes no more, and nobody else has its streams.
    return this.closed.then(() => {
      if (this.owner === undefined) this.#output?.error(new SpillwayError("aborted", "the connection is closed"));
    });
  }

  park(): boolean {
    const busy =
      this.owner === undefined || !this.free || this.#inputEnded || this.#discarding || this.#writable?.ending === true;
    if (busy || (this.#input?.desiredSize ?? 0) < 0) return false;
    this.#readable = this.#input = undefined;
    this.#writable = this.#output = undefined;
    this.#onSent = this.#onRefused = undefined;
    this.#endPull = this.waiting = undefined;
    this.#parked = true;
    this.#driver.sleep?.();
    this.#driver.pull();
    return true;
  }

  recycle(chunk: Bytes): void {
    this.#driver.recycle?.(chunk);
  }

  offerAgain(): void {
    if (this.#sending && !this.#over) this.#driver.retry?.();
  }

  abort(reason?: unknown): void {
    const message = "the connection was aborted";
    this.fail(reason instanceof SpillwayError ? reason : new SpillwayError("aborted", message, { cause: reason }));
  }

  get open(): boolean {
    if (this.#queuing) this.#queuing = this.#input?.desiredSize !== 0;
    return !this.#queuing && this.#input !== undefined && !this.#inputEnded && !this.#discarding;
  }

  want(): void {
    this.#driver.pull();
  }

  get free(): boolean {
    return this.#unsent === 0 && !this.#closing && !this.#finishing && !this.#over;
  }

  take(bytes: Uint8Array): Promise<void> | undefined {
    this.#unsent = 1;
    this.takingBytes = bytes.length;
    this.taking = this.#write(bytes);
    return this.taking;
  }

  /** The driver has input. False: hold further input until the next `pull`. */
  push(bytes: Bytes): boolean {
    if (this.#inputEnded) return false;
    if (this.#discarding) {
      if (this.#closing) this.owner?.onDropped(bytes.length);
      return true;
    }
    if (this.waiting !== undefined) {
      this.#answerWaiting({ done: false, value: bytes });
      return true;
    }
    this.#readable ??= this.#openReadable();
    const input = this.#input as ReadableStreamDefaultController<Bytes>;
    input.enqueue(bytes);
    this.#queuing = true;
    this.#wake();
    if ((input.desiredSize as number) >= 0) return true;
    this.#endPull?.();
    this.#endPull = undefined;
    return false;
  }

  /** The kernel took so many bytes of the driver's write, and not all of it. */
  took(bytes: number): void {
    if (!this.#over) this.owner?.onTaken(bytes);
  }

  /** The driver saw the peer's FIN. */
  end(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.#answerWaiting(END);
    if (!this.#discarding) this.#input?.close();
    this.#wake();
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
    this.tellReleased();
  }

  #openReadable(): ReadableStream<Bytes> {
    const readable = new DirectReadable(
      this,
      {
        start: (controller) => void (this.#input = controller),
        pull: () => this.#pull(),
        cancel: () => this.#discard(),
      },
      { highWaterMark: 0 },
    );
    if (this.error !== undefined) this.#input?.error(this.error);
    else if (this.#inputEnded || this.#discarding) this.#input?.close();
    return readable;
  }

  #openWritable(): DirectWritable {
    this.#onSent = () => this.#sent();
    this.#onRefused = (error) => this.#refused(error);
    const writable = new DirectWritable(
      this,
      {
        start: (controller) => void (this.#output = controller),
        write: (bytes) => (this.taking === undefined ? this.#write(bytes) : this.taking.then(() => this.#write(bytes))),
        close: () => (this.taking === undefined ? this.#finish() : this.taking.then(() => this.#finish())),
        abort: (reason) => this.abort(reason),
      },
      { highWaterMark: WRITABLE_BYTES, size: (bytes) => this.#enqueued(bytes) },
    );
    if (this.#over || this.#finishing) {
      this.#output?.error(this.error ?? new SpillwayError("aborted", "the connection is closed"));
    }
    return writable;
  }

  /** Stays pending while the driver delivers without being asked: so a read costs the stream no pull. */
  #pull(): Promise<void> {
    return new Promise((resolve) => {
      this.#endPull = resolve;
      this.#driver.pull();
    });
  }

  #answerWaiting(result: ReadableStreamReadResult<Bytes>): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(result);
  }

  #wake(): void {
    if (!this.#parked) return;
    this.#parked = false;
    this.owner?.onWake();
  }

  #enqueued(bytes: Uint8Array): number {
    this.#unsent += 1;
    if (bytes instanceof Uint8Array) return bytes.length;
    // That errors the stream, which drops what it has queued: `close` need not wait for it.
    this.#unsent = -Infinity;
    throw new TypeError("what is written to a connection must be a Uint8Array");
  }

  #write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#finishing) throw new SpillwayError("aborted", "the connection is closing");
    const taken = bytes.length === 0 ? undefined : this.#driver.write(bytes);
    this.#sending = taken !== undefined;
    if (taken !== undefined) return taken.then(this.#onSent, this.#onRefused);
    this.#sent();
    return undefined;
  }

  #sent(): void {
    this.#unsent -= 1;
    this.#sending = false;
    this.taking = undefined;
    if (this.#closing) this.#finishWhenSent();
  }

  /** A driver that cannot send need not report it in another way. */
  #refused(error: SpillwayError): never {
    this.taking = undefined;
    if (this.owner?.readsOn === true && error.code === "connection-reset") this.#endOutput(error);
    else this.fail(error);
    throw error;
  }

  /** The peer takes no more: what it sent before can still be read. */
  #endOutput(error: SpillwayError): void {
    this.#outputEnded = true;
    this.#output?.error(error);
    this.#releaseWhenEnded();
  }

  #finishWhenSent(): void {
    if (this.#unsent > 0 || this.#sending) return;
    // What becomes of it shows in `closed`.
    this.#finish()?.catch(() => undefined);
  }

  #finish(): Promise<void> | undefined {
    if (this.#finishing || this.#outputEnded) return undefined;
    this.#finishing = true;
    const finished = this.#driver.finish();
    if (finished === undefined) this.#finished();
    return finished?.then(
      () => this.#finished(),
      (error: SpillwayError) => this.#refused(error),
    );
  }

  #finished(): void {
    this.#outputEnded = true;
    this.#releaseWhenEnded();
  }

  #discard(): void {
    if (this.#inputEnded || this.#discarding) return;
    this.#discarding = true;
    this.#answerWaiting(END);
    if (this.#closing) this.#input?.close();
    this.#parked = false;
    this.#driver.pull();
  }

  #releaseWhenEnded(): void {
    if (!this.#inputEnded || !this.#outputEnded || this.#over) return;
    this.#over = true;
    this.#driver.release();
  }

  #break(error: SpillwayError): void {
    this.#over = true;
    this.error = error;
    if (!this.#inputEnded && !this.#discarding) this.#input?.error(error);
    this.waiting?.reject(error);
    this.waiting = undefined;
    this.#inputEnded = true;
    this.#output?.error(error);
    this.#outputEnded = true;
    this.#wake();
  }
}
