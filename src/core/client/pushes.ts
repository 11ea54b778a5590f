import type { SpillwayError } from "../errors/errors.ts";
import type { Scheduler, Task } from "../time/scheduler.ts";
import { type Linked, LinkedQueue } from "./linked_queue.ts";

/** A frame that waits, or a {@link Taker}. */
class Entry<Value> implements Linked<Entry<Value>> {
  previous: Entry<Value> | undefined = undefined;
  next: Entry<Value> | undefined = undefined;
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** An iteration that waits for a frame. */
interface Taker<In> {
  resolve(result: IteratorResult<In, undefined>): void;
  reject(error: SpillwayError): void;
}

const DONE = { done: true, value: undefined } as const;

/**
 * The pushes of a client, for the iterations over it. An iteration that finds every frame ready yields to the event
 * loop after each slice of work.
 *
 * - **Owns** the frames that were not taken.
 * - **Backpressure**: `max` frames wait in the queue, and one more in `add`, during which reading waits.
 * - **On abort** (`drop`, then `end`), waiting frames are dropped.
 */
export class Pushes<In> implements Task {
  /** The number of frames dropped by `drop`, or without room while reading could not wait. */
  dropped = 0;
  readonly #max: number;
  readonly #scheduler: Scheduler;
  readonly #frames = new LinkedQueue<Entry<In>>();
  readonly #takers = new LinkedQueue<Entry<Taker<In>>>();
  /** The frame without room, and the function that lets reading continue. */
  #held: { readonly frame: In; readonly release: () => void } | undefined;
  #waits = true;
  #ended = false;
  #error: SpillwayError | undefined;

  constructor(max: number, scheduler: Scheduler) {
    this.#max = max;
    this.#scheduler = scheduler;
  }

  /** The number of waiting frames. */
  get length(): number {
    return this.#frames.length;
  }

  /** Whether reading waits until a frame is taken. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** Adds a frame. Without room for it, returns a promise that fulfils when there was room, or when the frame was dropped. */
  add(frame: In): Promise<undefined> | undefined {
    // While frames wait, takers wait for their slice.
    const taker = this.#frames.length === 0 ? this.#takers.shift() : undefined;
    if (taker !== undefined) taker.value.resolve({ done: false, value: frame });
    else if (this.#frames.length < this.#max) this.#frames.add(new Entry(frame));
    else if (this.#waits) return this.#hold(frame);
    else this.dropped += 1;
    return undefined;
  }

  /** Returns the next frame. Calls are served in order. */
  next(): Promise<IteratorResult<In, undefined>> {
    if (this.#frames.length > 0) {
      if (this.#takers.length === 0 && !this.#scheduler.exhausted) return Promise.resolve(this.#take());
      this.#scheduler.wait(this, true);
    } else if (this.#error !== undefined) return Promise.reject(this.#error);
    else if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#takers.add(new Entry({ resolve, reject })));
  }

  onSlice(): void {
    while (this.#frames.length > 0 && !this.#scheduler.exhausted) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      taker.value.resolve(this.#take());
    }
    if (this.#takers.length === 0) return;
    if (this.#frames.length > 0) this.#scheduler.wait(this, true);
    else if (this.#ended) this.#settleTakers();
  }

  /** From now on, drops frames without room: nothing may delay the end of a connection. */
  stopWaiting(): void {
    this.#waits = false;
    this.dropHeld();
  }

  /** Drops the frame without room. */
  dropHeld(): void {
    if (this.#held === undefined) return;
    this.dropped += 1;
    this.#release(this.#held);
  }

  /** Drops all frames. */
  drop(): void {
    this.dropped += this.#frames.length;
    while (this.#frames.shift() !== undefined);
    this.dropHeld();
    if (this.#ended) this.#settleTakers();
  }

  /** Ends the iterations when the waiting frames were taken; with `error`, if given. */
  end(error: SpillwayError | undefined): void {
    this.#ended = true;
    this.#error = error;
    // A taker that waits for a slice first receives the earlier frames.
    if (this.#frames.length === 0) this.#settleTakers();
  }

  #settleTakers(): void {
    const error = this.#error;
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      if (error === undefined) taker.value.resolve(DONE);
      else taker.value.reject(error);
    }
  }

  #take(): IteratorResult<In, undefined> {
    const { value } = this.#frames.shift() as Entry<In>;
    this.#scheduler.spend();
    this.#admitHeld();
    return { done: false, value };
  }

  #hold(frame: In): Promise<undefined> {
    return new Promise((resolve) => {
      this.#held = { frame, release: () => resolve(undefined) };
    });
  }

  #admitHeld(): void {
    if (this.#held === undefined) return;
    this.#frames.add(new Entry(this.#held.frame));
    this.#release(this.#held);
  }

  #release({ release }: { readonly release: () => void }): void {
    this.#held = undefined;
    release();
  }
}
