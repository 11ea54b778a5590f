import type { SpillwayError } from "../errors/errors.ts";
import type { Scheduler, Task } from "../time/scheduler.ts";
import { type Linked, LinkedQueue } from "./linked_queue.ts";

/** A frame that waits. */
class Push<In> implements Linked<Push<In>> {
  previous: Push<In> | undefined = undefined;
  next: Push<In> | undefined = undefined;
  readonly frame: In;

  constructor(frame: In) {
    this.frame = frame;
  }
}

/** Somebody who waits for a frame. */
class Taker<In> implements Linked<Taker<In>> {
  previous: Taker<In> | undefined = undefined;
  next: Taker<In> | undefined = undefined;
  readonly resolve: (result: IteratorResult<In, undefined>) => void;
  readonly reject: (error: SpillwayError) => void;

  constructor(resolve: (result: IteratorResult<In, undefined>) => void, reject: (error: SpillwayError) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

const DONE = { done: true, value: undefined } as const;

/**
 * Frames that answer nothing, for whoever iterates.
 *
 * - **Owns** the frames that nobody has taken.
 * Whoever takes frames that wait, and never waits for anything else, gives the event loop back after each slice of work.
 *
 * - **Pushes back**: `max` frames wait here, and one more in `add`, which the reading waits for.
 * - **On abort** (`end` with `drop`) what waits is dropped.
 */
export class Pushes<In> implements Task {
  /** How many found no room while there was nothing to wait for. */
  dropped = 0;
  readonly #max: number;
  readonly #scheduler: Scheduler;
  readonly #frames = new LinkedQueue<Push<In>>();
  readonly #takers = new LinkedQueue<Taker<In>>();
  /** The frame that found no room, and what tells its bringer that it is gone. */
  #held: { readonly frame: In; readonly release: () => void } | undefined;
  #waits = true;
  #ended = false;
  #error: SpillwayError | undefined;

  constructor(max: number, scheduler: Scheduler) {
    this.#max = max;
    this.#scheduler = scheduler;
  }

  /** How many wait. */
  get length(): number {
    return this.#frames.length;
  }

  /** Whether reading waits until one is taken. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** Takes a frame. While there is no room for it: a promise, which fulfils when there was, or when it is not wanted any more. */
  add(frame: In): Promise<undefined> | undefined {
    // While frames wait, takers wait for their slice.
    const taker = this.#frames.length === 0 ? this.#takers.shift() : undefined;
    if (taker !== undefined) taker.resolve({ done: false, value: frame });
    else if (this.#frames.length < this.#max) this.#frames.add(new Push(frame));
    else if (this.#waits) return this.#hold(frame);
    else this.dropped += 1;
    return undefined;
  }

  /** The next frame, for who comes first. */
  next(): Promise<IteratorResult<In, undefined>> {
    if (this.#frames.length > 0) {
      if (this.#takers.length === 0 && !this.#scheduler.exhausted) return Promise.resolve(this.#take());
      this.#scheduler.wait(this, true);
    } else if (this.#error !== undefined) return Promise.reject(this.#error);
    else if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#takers.add(new Taker(resolve, reject)));
  }

  onSlice(): void {
    while (this.#frames.length > 0 && !this.#scheduler.exhausted) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      taker.resolve(this.#take());
    }
    if (this.#takers.length === 0) return;
    if (this.#frames.length > 0) this.#scheduler.wait(this, true);
    else if (this.#ended) this.#settleTakers();
  }

  /** Does not keep a connection from its end any more: what has no room is dropped. */
  stopWaiting(): void {
    this.#waits = false;
    this.dropHeld();
  }

  /** The connection that brought the frame that has no room is over. */
  dropHeld(): void {
    if (this.#held === undefined) return;
    this.dropped += 1;
    this.#release(this.#held);
  }

  /** Drops what waits. */
  drop(): void {
    this.dropped += this.#frames.length;
    while (this.#frames.shift() !== undefined);
    this.dropHeld();
    if (this.#ended) this.#settleTakers();
  }

  /** No more come; with the error of why, unless that is in order. */
  end(error: SpillwayError | undefined): void {
    this.#ended = true;
    this.#error = error;
    // Who waits for a slice is first given what came before.
    if (this.#frames.length === 0) this.#settleTakers();
  }

  #settleTakers(): void {
    const error = this.#error;
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      if (error === undefined) taker.resolve(DONE);
      else taker.reject(error);
    }
  }

  /** The next of the frames that wait. */
  #take(): IteratorResult<In, undefined> {
    const { frame } = this.#frames.shift() as Push<In>;
    this.#scheduler.spend();
    this.#admitHeld();
    return { done: false, value: frame };
  }

  #hold(frame: In): Promise<undefined> {
    return new Promise((resolve) => {
      this.#held = { frame, release: () => resolve(undefined) };
    });
  }

  #admitHeld(): void {
    if (this.#held === undefined) return;
    this.#frames.add(new Push(this.#held.frame));
    this.#release(this.#held);
  }

  #release({ release }: { readonly release: () => void }): void {
    this.#held = undefined;
    release();
  }
}
