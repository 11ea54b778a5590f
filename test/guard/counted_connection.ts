import { type Bytes, type Driver, DriverConnection } from "../../src/core/mod.ts";
import type { Counts } from "./counts.ts";

const NEAR = { hostname: "127.0.0.1", port: 1 };
const FAR = { hostname: "127.0.0.1", port: 2 };

/** A driver that a case drives by hand: it counts what the connection asks of it, and keeps nothing. */
export class CountedDriver implements Driver {
  readonly localAddress = NEAR;
  readonly remoteAddress = FAR;
  readonly connection: CountedConnection;
  readonly #counts: Counts;
  /** Whether writes are taken at once, as Node and Bun do, or later, as Deno does. */
  readonly #takesAtOnce: boolean;
  #writing = false;

  constructor(counts: Counts, takesAtOnce: boolean) {
    this.#counts = counts;
    this.#takesAtOnce = takesAtOnce;
    this.connection = new CountedConnection(this, counts);
  }

  pull(): void {
    this.#counts.reads += 1;
  }

  write(): boolean {
    this.#counts.writes += 1;
    this.#writing = !this.#takesAtOnce;
    return this.#takesAtOnce;
  }

  /** Takes what is being written. */
  take(): void {
    if (!this.#writing) return;
    this.#writing = false;
    this.connection.sent();
  }

  recycle(_chunk: Bytes): void {
    this.#counts.recycled += 1;
  }

  finish(): true {
    return true;
  }

  release(): void {
    queueMicrotask(() => this.connection.released());
  }

  reset(): void {
    this.release();
  }
}

/** Counts the streams that are made of it. */
export class CountedConnection extends DriverConnection {
  readonly #counts: Counts;
  #readable: ReadableStream<Bytes> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(driver: Driver, counts: Counts) {
    super(driver);
    this.#counts = counts;
  }

  override get readable(): ReadableStream<Bytes> {
    const readable = super.readable;
    if (readable !== this.#readable) this.#counts.streams += 1;
    this.#readable = readable;
    return readable;
  }

  override get writable(): WritableStream<Uint8Array> {
    const writable = super.writable;
    if (writable !== this.#writable) this.#counts.streams += 1;
    this.#writable = writable;
    return writable;
  }
}
