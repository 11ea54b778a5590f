import type { Bytes, SpillwayError } from "../core/mod.ts";
import { DirectWire, type Wire, type WireEnd } from "./wire.ts";

/**
 * One direction of a connection: bytes that one end has written and the other has not read yet.
 *
 * - **Owns** copies: the writer may change its bytes after a write, and the reader owns the bytes that it reads.
 * - **Pushes back**: holds at most `maxBytes`; a write that finds no room is parked until the reader has made room.
 * - **On abort** (`break`), the bytes that it holds are lost and a parked write is refused.
 */
export class Link implements WireEnd {
  /** Called when there are bytes to take, or when the end has come. */
  onReadable: () => void = () => {};
  /** Called when a part of a parked write was taken, but not all of it. */
  onTaken: (bytes: number) => void = () => {};
  /** Called when the rest of a parked write was taken; `onRefused`, when it can no longer be taken. */
  onSent: () => void = () => {};
  onRefused: (error: SpillwayError) => void = () => {};
  readonly maxBytes: number;
  /** The bytes taken from the writer so far, and those taken by the reader. */
  written = 0;
  read = 0;
  /** Whether FIN was sent. */
  finished = false;
  #finArrived = false;
  readonly #wire: Wire;
  /** The bytes that have arrived and were not read yet. */
  #chunks: Bytes[] = [];
  /** The number of bytes under way, or arrived and not read. */
  #length = 0;
  /** The rest of a write that found no room for all its bytes. */
  #parked: Uint8Array | undefined;
  #broken: SpillwayError | undefined;

  /** Tells the writing end about a parked write: at once, or when its process gets to it. */
  tell: (run: () => void) => void;

  constructor(
    maxBytes: number,
    makeWire: (end: WireEnd) => Wire = (end) => new DirectWire(end),
    tell: (run: () => void) => void = (run) => run(),
  ) {
    this.maxBytes = maxBytes;
    this.tell = tell;
    this.#wire = makeWire(this);
  }

  /** Whether everything was read and FIN has arrived. */
  get ended(): boolean {
    return this.#finArrived && this.#chunks.length === 0;
  }

  /** Whether a write waits for room. */
  get blocked(): boolean {
    return this.#parked !== undefined;
  }

  /** Whether the link is broken: nothing passes any more. */
  get broken(): boolean {
    return this.#broken !== undefined;
  }

  /** The number of bytes that have arrived and were not read. */
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
   * Writes bytes. Returns true if the link had room for all of them; otherwise `onSent` is called once it has taken the rest.
   *
   * @throws {TypeError} the last write is not done, or FIN was sent: the user of a driver must not do that
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

  /** Sends FIN, behind all written bytes. @throws as {@link write} */
  finish(): void {
    this.#checkIdle("finish");
    this.finished = true;
    this.#wire.fin();
  }

  /** Returns the next chunk, as it came off the wire. */
  take(): Bytes | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#length -= chunk.length;
    this.read += chunk.length;
    this.#unpark();
    return chunk;
  }

  /** Breaks the link: the bytes that it holds are lost, and nothing passes any more. */
  break(error: SpillwayError): void {
    this.#broken = error;
    this.#wire.cut();
    this.#chunks = [];
    this.#length = 0;
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked !== undefined) this.tell(() => this.onRefused(error));
  }

  /** Signals a reset to the reading end. */
  reset(arrive: () => void): void {
    this.#wire.rst(arrive);
  }

  #checkIdle(call: string): void {
    if (this.finished) throw new TypeError(`${call}() after finish()`);
    if (this.#parked !== undefined) throw new TypeError(`${call}() before the last write was done`);
  }

  /** Takes as many bytes as there is room for; returns the rest. */
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
      if (taken > 0) this.tell(() => this.onTaken(taken));
      return;
    }
    this.#parked = undefined;
    this.tell(() => this.onSent());
  }

  #refuse(error: SpillwayError): false {
    queueMicrotask(() => this.onRefused(error));
    return false;
  }
}
