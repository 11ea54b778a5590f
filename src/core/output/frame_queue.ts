import { OutputBuffer } from "./output_buffer.ts";

/** Fewer frames that were taken off are not worth closing up the places that they leave free. */
const FEW_TAKEN = 1_024;

/**
 * Frames that wait, encoded, one behind the other; each may be dropped or must not be.
 *
 * What waits costs its bytes and one number a frame: see {@link OutputBuffer}.
 */
export class FrameQueue {
  /** How many wait that may be dropped, and their bytes. */
  droppable = 0;
  droppableBytes = 0;
  readonly #bytes = new OutputBuffer();
  /** The length of each frame; below 0 when it must not be dropped. */
  #lengths: number[] = [];
  /** How many of them were taken off. */
  #taken = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#bytes.length;
  }

  /** How many wait. */
  get frames(): number {
    return this.#lengths.length - this.#taken;
  }

  add(frame: Uint8Array, droppable: boolean): void {
    this.#bytes.bytes(frame);
    this.#lengths.push(droppable ? frame.length : -frame.length);
    if (!droppable) return;
    this.droppable += 1;
    this.droppableBytes += frame.length;
  }

  /** Moves whole frames to `buffer`: the first, if that is empty, and what else fits into `room` bytes. Returns how many. */
  moveTo(buffer: OutputBuffer, room: number): number {
    let bytes = 0;
    let count = 0;
    while (this.frames > 0) {
      const length = Math.abs(this.#first());
      if (bytes + length > room && (count > 0 || buffer.length > 0)) break;
      bytes += length;
      count += 1;
      this.#takeOff();
    }
    if (bytes > 0) buffer.shared(this.#bytes.take(bytes));
    return count;
  }

  /** Drops the oldest frame that may be dropped; returns its length. What is before it goes to `buffer`. */
  dropOldest(buffer: OutputBuffer): number {
    let kept = 0;
    while (this.#first() < 0) {
      kept -= this.#first();
      this.#takeOff();
    }
    if (kept > 0) buffer.bytes(this.#bytes.take(kept));
    const length = this.#first();
    this.#takeOff();
    if (length > 0) this.#bytes.take(length);
    return length;
  }

  #first(): number {
    return this.#lengths[this.#taken] as number;
  }

  #takeOff(): void {
    if (this.#first() >= 0) {
      this.droppable -= 1;
      this.droppableBytes -= this.#first();
    }
    this.#taken += 1;
    if (this.#taken < FEW_TAKEN || 2 * this.#taken < this.#lengths.length) return;
    this.#lengths = this.#lengths.slice(this.#taken);
    this.#taken = 0;
  }
}
