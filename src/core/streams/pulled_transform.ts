/** The work between the streams of a {@link PulledTransform}. An exception of a method errors both streams. */
export interface PulledWork<In> {
  /** Called with a written chunk. Call `settle` when the next one may come. */
  onWrite(chunk: In): void;
  /** Called when nothing more will be written. Call `finish` when everything was given. */
  onClose(): void;
  /** Called when the readable wants a chunk. It is `wanting` until a chunk is given. */
  onPull(): void;
}

/** The pending write or close. */
interface Pending {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A transform stream that is driven by its readable. A native TransformStream is driven by writes: it cannot stop in
 * the middle of a chunk while its readable is not read, and `abort` does not overtake a write that waits for a reader.
 *
 * - **Backpressure**: the readable queues nothing. One write is pending at a time, until `settle`.
 * - **On abort** of the writable, or `cancel` of the readable, both streams end at once, and so does a pending write.
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
        // The `abort` method of the sink is not called before a pending write has settled.
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

  /** Closes the readable, and settles the pending write or close. */
  finish(): void {
    this.wanting = false;
    this.#output.close();
    this.settle();
  }

  /** Settles the pending write or close. */
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

  /** Calls `act`. An exception errors both streams. */
  attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.fail(error);
    }
  }
}
