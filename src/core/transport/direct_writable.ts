/** Where a {@link DirectWritable} sends without its queue. */
export interface DirectSink {
  /** Whether a chunk may go straight to the sink: it is open, and nothing is on its way to it. */
  readonly free: boolean;
  /** The direct write that is under way, and the bytes of the last one. */
  readonly taking: Promise<void> | undefined;
  readonly takingBytes: number;
  /** Only while `free`. `undefined` when the chunk was taken whole, at once. */
  take(bytes: Uint8Array): Promise<void> | undefined;
}

type Ready = WritableStreamDefaultWriter["ready"];

/** What a direct write gives that was taken whole at once: who knows it need not wait a microtask to see it fulfilled. */
export const TAKEN: Promise<void> = Promise.resolve();

/**
 * A WritableStream whose writer hands a chunk to the sink past the stream's queue while that is empty: the queue costs a
 * write several promises, which on Node is a tenth of all that answering a line costs. Everything else (locks, order
 * behind a chunk that waits, closing, aborting, errors, `pipeTo`) is the stream's own.
 */
export class DirectWritable extends WritableStream<Uint8Array> {
  /** `close` or `abort` was called, although the sink may not know yet. */
  ending = false;
  readonly #sink: DirectSink;

  constructor(sink: DirectSink, underlying: UnderlyingSink<Uint8Array>, strategy: QueuingStrategy<Uint8Array>) {
    super(underlying, strategy);
    this.#sink = sink;
  }

  override getWriter(): WritableStreamDefaultWriter<Uint8Array> {
    return new DirectWriter(this, super.getWriter(), this.#sink);
  }

  override abort(reason?: unknown): Promise<void> {
    this.ending ||= !this.locked;
    return super.abort(reason);
  }

  override close(): Promise<void> {
    this.ending ||= !this.locked;
    return super.close();
  }
}

class DirectWriter implements WritableStreamDefaultWriter<Uint8Array> {
  readonly #stream: DirectWritable;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #sink: DirectSink;
  /** Closing, aborted, errored or released: from then on the stream knows what to answer. */
  #done: boolean;
  #released = false;
  /** Writes that went the stream's way and are not settled: what is written later must settle after them. */
  #queued = 0;
  /** What `ready` gives while the direct write that is under way fills the stream, and what settles it. */
  #room: Ready | undefined;
  #onRoom: (() => void) | undefined;

  constructor(stream: DirectWritable, writer: WritableStreamDefaultWriter<Uint8Array>, sink: DirectSink) {
    this.#stream = stream;
    this.#writer = writer;
    this.#sink = sink;
    this.#done = stream.ending || writer.desiredSize === null;
  }

  get closed(): WritableStreamDefaultWriter["closed"] {
    return this.#writer.closed;
  }

  get ready(): Ready {
    const { taking } = this.#sink;
    if (this.#done || taking === undefined || (this.desiredSize ?? 1) > 0) return this.#writer.ready;
    this.#room ??= this.#roomAfter(taking);
    return this.#room;
  }

  get desiredSize(): number | null {
    const { desiredSize } = this.#writer;
    if (desiredSize === null || this.#sink.taking === undefined) return desiredSize;
    return desiredSize - this.#sink.takingBytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    const queued = this.#done || this.#queued > 0 || !this.#sink.free;
    if (queued || !(bytes instanceof Uint8Array)) return this.#writeQueued(bytes);
    return this.#sink.take(bytes) ?? TAKEN;
  }

  abort(reason?: unknown): Promise<void> {
    const aborted = this.#writer.abort(reason);
    this.#end();
    return aborted;
  }

  close(): Promise<void> {
    const closed = this.#writer.close();
    this.#end();
    return closed;
  }

  releaseLock(): void {
    this.#writer.releaseLock();
    this.#released = true;
    this.#leave();
  }

  async #writeQueued(bytes: Uint8Array): Promise<void> {
    // As the stream would, but behind a close that has reached the sink Node 20 throws, and Deno errors the stream.
    if (this.#stream.ending && this.#writer.desiredSize !== null) throw new TypeError("the stream is closing");
    // Anything else errors the stream.
    if (!(bytes instanceof Uint8Array)) this.#done = true;
    this.#queued += 1;
    try {
      await this.#writer.write(bytes);
    } finally {
      this.#queued -= 1;
    }
  }

  #roomAfter(taking: Promise<void>): Ready {
    const room = new Promise<Awaited<Ready>>((resolve) => {
      this.#onRoom = () => {
        this.#room = undefined;
        resolve(this.#writer.ready);
      };
      taking.then(this.#onRoom, this.#onRoom);
    });
    // Like the stream's own, it may be left alone.
    room.catch(() => undefined);
    return room;
  }

  #end(): void {
    // A writer that was released has no say.
    if (!this.#released) this.#stream.ending = true;
    this.#leave();
  }

  #leave(): void {
    this.#done = true;
    this.#onRoom?.();
  }
}
