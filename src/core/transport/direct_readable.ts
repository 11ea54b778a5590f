import type { Bytes } from "./transport.ts";

/** From where a {@link DirectReadable} reads without its queue. */
export interface DirectSource {
  /** Whether the next chunk may go straight to whoever waits: the source is open, and nothing is queued. */
  readonly open: boolean;
  /** Who waits for the next chunk, or for the end. */
  waiting: Waiting | undefined;
  /** Somebody waits now. */
  want(): void;
}

/** A read that is under way. */
export interface Waiting {
  resolve(result: ReadableStreamReadResult<Bytes>): void;
  reject(error: unknown): void;
}

/**
 * A ReadableStream whose reader gets a chunk past the stream's queue while that is empty: the twin of DirectWritable, for
 * the same reason. Everything else is the stream's own.
 */
export class DirectReadable extends ReadableStream<Bytes> {
  readonly #source: DirectSource;

  constructor(source: DirectSource, underlying: UnderlyingDefaultSource<Bytes>, strategy: QueuingStrategy<Bytes>) {
    super(underlying, strategy);
    this.#source = source;
  }

  override getReader(options: { mode: "byob" }): ReadableStreamBYOBReader;
  override getReader(): ReadableStreamDefaultReader<Bytes>;
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes>;
  override getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<Bytes> {
    // Without a byte source that throws, as it should.
    if (options?.mode !== undefined) return super.getReader(options);
    return new DirectReader(super.getReader(), this.#source);
  }
}

class DirectReader implements ReadableStreamDefaultReader<Bytes> {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #source: DirectSource;
  /** Reads that went the stream's way and are not settled: what is read later must come after them. */
  #queued = 0;
  #released = false;

  constructor(reader: ReadableStreamDefaultReader<Bytes>, source: DirectSource) {
    this.#reader = reader;
    this.#source = source;
  }

  get closed(): ReadableStreamDefaultReader["closed"] {
    return this.#reader.closed;
  }

  read(): Promise<ReadableStreamReadResult<Bytes>> {
    const source = this.#source;
    if (this.#released || this.#queued > 0 || !source.open || source.waiting !== undefined) return this.#readQueued();
    return new Promise((resolve, reject) => {
      source.waiting = { resolve, reject };
      source.want();
    });
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }

  releaseLock(): void {
    const { waiting } = this.#source;
    if (!this.#released && waiting !== undefined) {
      this.#source.waiting = undefined;
      waiting.reject(new TypeError("the reader was released"));
    }
    this.#released = true;
    this.#reader.releaseLock();
  }

  async #readQueued(): Promise<ReadableStreamReadResult<Bytes>> {
    this.#queued += 1;
    try {
      return await this.#reader.read();
    } finally {
      this.#queued -= 1;
    }
  }
}
