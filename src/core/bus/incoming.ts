import type { Scheduler, Task } from "../time/scheduler.ts";

interface Message {
  readonly topic: number;
  readonly bytes: Uint8Array;
}

/** Handles received messages, in slices. */
export interface IncomingOwner {
  readonly maxWaitingBytes: number;
  /**
   * Begins to handle a message. Returns a function that handles the next of its frames and returns false after the last one, or
   * `undefined` if there are none.
   */
  open(topic: number, bytes: Uint8Array): (() => boolean) | undefined;
}

/**
 * Received messages, which are handled in slices of the event loop.
 *
 * A broker pushes, and no driver can hold it back. So waiting messages are bounded: one that finds no room is dropped, and is a gap.
 */
export class Incoming implements Task {
  /** The number of messages that were dropped. */
  dropped = 0;
  readonly #scheduler: Scheduler;
  readonly #owner: IncomingOwner;
  #queue: Message[] = [];
  #head = 0;
  #bytes = 0;
  /** The message that is being handled, between two slices. */
  #frames: (() => boolean) | undefined;
  #waits = false;
  #working = false;

  constructor(scheduler: Scheduler, owner: IncomingOwner) {
    this.#scheduler = scheduler;
    this.#owner = owner;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Whether nothing waits. */
  get idle(): boolean {
    return this.#frames === undefined && this.#head === this.#queue.length;
  }

  push(topic: number, bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > this.#owner.maxWaitingBytes && this.#bytes > 0) {
      this.dropped += 1;
      return;
    }
    this.#queue.push({ topic, bytes });
    this.#bytes += bytes.length;
    // A frame may be handled by a session that sends to the bus, whose memory hands it on at once.
    if (!this.#waits && !this.#working) this.#work();
  }

  onSlice(): void {
    this.#waits = false;
    this.#work();
  }

  /** Drops everything. */
  end(): void {
    this.#queue = [];
    this.#head = this.#bytes = 0;
    this.#frames = undefined;
    this.#waits = false;
    this.#scheduler.forget(this);
  }

  #work(): void {
    const scheduler = this.#scheduler;
    let worked = false;
    this.#working = true;
    while (!this.idle) {
      if (scheduler.exhausted) {
        this.#waits = true;
        scheduler.wait(this, worked);
        break;
      }
      worked = true;
      this.#step();
      scheduler.spend();
    }
    this.#working = false;
  }

  /** Handles one frame, or a message without frames. */
  #step(): void {
    if (this.#frames === undefined) {
      const { topic, bytes } = this.#queue[this.#head] as Message;
      this.#head += 1;
      this.#bytes -= bytes.length;
      if (this.#head === this.#queue.length) {
        this.#queue = [];
        this.#head = 0;
      } else if (this.#head >= 1_024) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      this.#frames = this.#owner.open(topic, bytes);
      return;
    }
    if (!this.#frames()) this.#frames = undefined;
  }
}
