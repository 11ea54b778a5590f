import type { Bytes, SpillwayError } from "../core/mod.ts";
import { DirectWire, type Wire, type WireEnd } from "./wire.ts";

/**
 * One direction of a connection: bytes that one end has written and the other has not read.
 *
 * - **Owns** copies: what was written may change afterwards, what is read is the reader's.
 * - **Pushes back**: holds at most `maxBytes`; a write that finds no room is parked until the reader has made some.
 * - **On abort** (`break`) what it holds is lost and a parked write rejects.
 */
export class Link implements WireEnd {
  /** Called when there is something to take, or the end has come. */
  onReadable: () => void = () => {};
  /** Called when a part of a parked write was taken, and not all of it. */
  onTaken: (bytes: number) => void = () => {};
  /** Called when the rest of a parked write was taken, or can not be taken any more. */
  onSent: () => void = () => {};
  onRefused: (error: SpillwayError) => void = () => {};
  readonly maxBytes: number;
  /** Bytes that were taken from the writer, and that the reader has taken, so far. */
  written = 0;
  read = 0;
  /** FIN was sent. */
  finished = false;
  #finArrived = false;
  readonly #wire: Wire;
  /** What has arrived. */
  #chunks: Bytes[] = [];
  /** Bytes under way, and those that have arrived and were not read. */
  #length = 0;
  /** What is left of a write that has not found room for all its bytes. */
  #parked: Uint8Array | undefined;
  #broken: SpillwayError | undefined;

  /** How the writing end is told that a write that waited is done: at once, or when its process comes to it. */
  readonly #tell: (run: () => void) => void;

  constructor(
    maxBytes: number,
    makeWire: (end: WireEnd) => Wire = (end) => new DirectWire(end),
    tell: (run: () => void) => void = (run) => run(),
  ) {
    this.maxBytes = maxBytes;
    this.#tell = tell;
    this.#wire = makeWire(this);
  }

  /** Whether all was taken and nothing more will come. */
  get ended(): boolean {
    return this.#finArrived && this.#chunks.length === 0;
  }

  /** Whether a write waits for room. */
  get blocked(): boolean {
    return this.#parked !== undefined;
  }

  /** Whether nothing passes any more. */
  get broken(): boolean {
    return this.#broken !== undefined;
  }

  /** Bytes that have arrived and that the reader has not taken. */
  get waiting(): number {
    return this.#chunks.reduce((bytes, { length }) => bytes + length, 0);
  }

  onBytes(bytes: Bytes): void {
    this.#chunks.push(bytes);
    this.onReadable();
  }

  onFin(): void {
    this.#finArrived = true;
    this.onReadable();
  }

  /**
   * True when there was room for everything; otherwise `onSent` is called when there was.
   *
   * @throws {TypeError} the last write is not done, or FIN was sent: whoever drives a connection must not do that
   */
  write(bytes: Uint8Array): boolean {
    this.#checkIdle("write");
    if (this.#broken !== undefined) return this.#refuse(this.#broken);
    const rest = this.#accept(bytes);
    if (rest.length === 0) return true;
    if (rest.length < bytes.length) this.onTaken(bytes.length - rest.length);
    this.#parked = rest;
    return false;
  }

  /** FIN, behind everything that was written. @throws as {@link write} */
  finish(): void {
    this.#checkIdle("finish");
    this.finished = true;
    this.#wire.fin();
  }

  /** The next chunk: as it came off the wire. */
  take(): Bytes | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#length -= chunk.length;
    this.read += chunk.length;
    this.#unpark();
    return chunk;
  }

  /** Nothing passes any more. */
  break(error: SpillwayError): void {
    this.#broken = error;
    this.#wire.cut();
    this.#chunks = [];
    this.#length = 0;
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked !== undefined) this.#tell(() => this.onRefused(error));
  }

  /** Tells the reader's end of a reset. */
  reset(arrive: () => void): void {
    this.#wire.rst(arrive);
  }

  #checkIdle(call: string): void {
    if (this.finished) throw new TypeError(`${call}() after finish()`);
    if (this.#parked !== undefined) throw new TypeError(`${call}() before the last write was done`);
  }

  /** Takes what there is room for; returns the rest. */
  #accept(bytes: Uint8Array): Uint8Array {
    const room = Math.min(bytes.length, this.maxBytes - this.#length);
    if (room === 0) return bytes;
    this.#length += room;
    this.written += room;
    this.#wire.send(new Uint8Array(bytes.subarray(0, room)));
    return bytes.subarray(room);
  }

  #unpark(): void {
    const parked = this.#parked;
    if (parked === undefined) return;
    const rest = this.#accept(parked);
    const taken = parked.length - rest.length;
    if (rest.length > 0) {
      this.#parked = rest;
      if (taken > 0) this.#tell(() => this.onTaken(taken));
      return;
    }
    this.#parked = undefined;
    this.#tell(() => this.onSent());
  }

  #refuse(error: SpillwayError): false {
    queueMicrotask(() => this.onRefused(error));
    return false;
  }
}
