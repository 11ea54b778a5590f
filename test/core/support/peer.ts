import type { Connection, SpillwayError } from "../../../src/core/mod.ts";
import type { ManualClock } from "../../../src/testing/mod.ts";
import { bounded, MOST_BYTES } from "../../support/bounded.ts";

/** How the {@link Peer} behaves. */
export interface PeerOptions {
  /** Whether it reads from the beginning. Default true. */
  readonly reads?: boolean;
  /** Whether it answers the server's FIN with its own. Default true. */
  readonly finishes?: boolean;
  /** Told of each chunk. */
  readonly onData?: (chunk: Uint8Array) => void;
}

/** The other end of a served connection, as a test plays it. Each step lets all that follows from it settle. */
export class Peer {
  /** The received chunks, write by write. */
  readonly chunks: Uint8Array[] = [];
  /** The server's FIN came. */
  ended = false;
  /** The error that broke the connection. */
  error: SpillwayError | undefined;
  readonly connection: Connection;
  readonly #clock: ManualClock;
  readonly #finishes: boolean;
  readonly #onData: (chunk: Uint8Array) => void;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #step = bounded(MOST_BYTES);
  #running = false;
  #stalled = false;
  #wake: () => void = () => {};

  constructor(connection: Connection, clock: ManualClock, options: PeerOptions = {}) {
    this.connection = connection;
    this.#clock = clock;
    this.#finishes = options.finishes ?? true;
    this.#onData = options.onData ?? (() => {});
    this.#writer = connection.writable.getWriter();
    if (options.reads ?? true) void this.#run();
  }

  /** Everything that arrived, as UTF-8. */
  get received(): string {
    const decoder = new TextDecoder();
    return this.chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  }

  get receivedBytes(): number {
    return this.chunks.reduce((total, chunk) => total + chunk.length, 0);
  }

  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    void this.#attempt(() => this.#writer.write(bytes));
    await this.#clock.advance(0);
  }

  /** FIN. */
  async finish(): Promise<void> {
    void this.#attempt(() => this.#writer.close());
    await this.#clock.advance(0);
  }

  /** RST. */
  async reset(): Promise<void> {
    this.connection.abort();
    await this.#clock.advance(0);
  }

  /** Reads from now on. */
  async read(): Promise<void> {
    this.#stalled = false;
    this.#wake();
    if (!this.#running) void this.#run();
    await this.#clock.advance(0);
  }

  /** Reads nothing more until `read`, but for the chunk that it waits for. */
  stall(): void {
    this.#stalled = true;
  }

  /** Ignores failure: a chunk that is sent too late fails, and Node 20 even throws when it is written behind a `close`. */
  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch {
      // The test looks at what arrives instead.
    }
  }

  async #run(): Promise<void> {
    this.#running = true;
    const reader = this.connection.readable.getReader();
    try {
      for (;;) {
        if (this.#stalled) await this.#resumed();
        const { done, value } = await reader.read();
        if (done) break;
        this.#step(value.length);
        this.chunks.push(value);
        this.#onData(value);
      }
      this.ended = true;
      if (this.#finishes) await this.#writer.close();
    } catch (error) {
      this.error ??= error as SpillwayError;
    }
  }

  #resumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
