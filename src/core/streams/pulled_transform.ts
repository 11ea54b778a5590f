/** What is done between the streams of a {@link PulledTransform}. What is thrown here errors both of them. */
export interface PulledWork<In> {
  /** A chunk was written: `settle` when the next may come. */
  onWrite(chunk: In): void;
  /** Nothing more will be written: `finish` when all was given. */
  onClose(): void;
  /** The readable wants a chunk, and is `wanting` until it is given one. */
  onPull(): void;
}

/** Settles the write, or the close, that is under way. */
interface Pending {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A transform that is pulled. A native TransformStream is pushed: it cannot stop in the middle of a chunk while nobody
 * reads, and `abort` does not get past a write that waits for a reader.
 *
 * - **Pushes back**: the readable queues nothing; one write is under way at a time, until `settle`.
 * - **On abort**, of the writable or (as `cancel`) of the readable, both streams end at once, and so does a write that waits.
 */
export class PulledTransform<In, Out> {
  readonly readable: ReadableStream<Out>;
  readonly writable: WritableStream<In>;
  wanting = false;
  #input!: WritableStreamDefaultController;
  #output!: ReadableStreamDefaultController<Out>;
  #pending: Pending | undefined;

  constructor(work: PulledWork<In>) {
    this.readable = new ReadableStream<Out>(
      {
        start: (controller) => {
          this.#output = controller;
        },
        pull: () => {
          this.wanting = true;
          this.attempt(() => work.onPull());
        },
        cancel: (reason) => this.fail(reason),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<In>({
      start: (controller) => {
        this.#input = controller;
        // The sink's own `abort` is not called before a write that is under way has settled.
        controller.signal.addEventListener("abort", () => this.#drop(controller.signal.reason));
      },
      write: (chunk) => this.#begin(() => work.onWrite(chunk)),
      close: () => this.#begin(() => work.onClose()),
    });
  }

  /** Gives the reader a chunk. */
  give(chunk: Out): void {
    this.wanting = false;
    this.#output.enqueue(chunk);
  }

  /** Nothing more will be given. */
  finish(): void {
    this.wanting = false;
    this.#output.close();
    this.settle();
  }

  /** The write that is under way is done. */
  settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve();
  }

  /** Errors both streams. */
  fail(error: unknown): void {
    this.#input.error(error);
    this.#drop(error);
  }

  /** Errors all but the writable. */
  #drop(error: unknown): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.wanting = false;
    this.#output.error(error);
    pending?.reject(error);
  }

  #begin(act: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.attempt(act);
    });
  }

  /** Does it; what it throws errors both streams. */
  attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.fail(error);
    }
  }
}
