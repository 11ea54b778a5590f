/** Where a {@link DirectWritable} sends without its queue. */
export interface DirectSink {
  /** Whether a chunk may go straight to the sink: it is open, and nothing is on its way to it. */
  readonly free: boolean;
  /** The direct write that is under way, and its bytes. */
  readonly taking: Promise<void> | undefined;
  readonly takingBytes: number;
  /** Only while `free`. `undefined` when the chunk was taken whole, at once. */
  take(bytes: Uint8Array): Promise<void> | undefined;
}

const TAKEN = Promise.resolve();

/**
 * A WritableStream whose writer hands a chunk to the sink past the stream's queue while that is empty: the queue costs a
 * write several promises, which on Node is a tenth of all that answering a line costs. Everything else (locks, order
 * behind a chunk that waits, closing, aborting, errors, `pipeTo`) is the stream's own.
 */
export class DirectWritable extends WritableStream<Uint8Array> {
  readonly #sink: DirectSink;

  constructor(sink: DirectSink, underlying: UnderlyingSink<Uint8Array>, strategy: QueuingStrategy<Uint8Array>) {
    super(underlying, strategy);
    this.#sink = sink;
  }

  override getWriter(): WritableStreamDefaultWriter<Uint8Array> {
    return new DirectWriter(super.getWriter(), this.#sink);
  }
}

class DirectWriter implements WritableStreamDefaultWriter<Uint8Array> {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #sink: DirectSink;
  /** Closing, aborted or released: from then on the stream knows what to answer. */
  #done = false;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>, sink: DirectSink) {
    this.#writer = writer;
    this.#sink = sink;
  }

  get closed(): WritableStreamDefaultWriter["closed"] {
    return this.#writer.closed;
  }

  get ready(): WritableStreamDefaultWriter["ready"] {
    const { taking } = this.#sink;
    const { desiredSize } = this;
    const full = taking !== undefined && desiredSize !== null && desiredSize <= 0;
    return full ? taking.then(() => this.#writer.ready) : this.#writer.ready;
  }

  get desiredSize(): number | null {
    const { desiredSize } = this.#writer;
    return desiredSize === null ? null : desiredSize - this.#sink.takingBytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#done || !this.#sink.free || !(bytes instanceof Uint8Array)) return this.#writer.write(bytes);
    return this.#sink.take(bytes) ?? TAKEN;
  }

  abort(reason?: unknown): Promise<void> {
    this.#done = true;
    return this.#writer.abort(reason);
  }

  close(): Promise<void> {
    this.#done = true;
    return this.#writer.close();
  }

  releaseLock(): void {
    this.#done = true;
    this.#writer.releaseLock();
  }
}
