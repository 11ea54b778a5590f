import { OutputBuffer } from "./output_buffer.ts";

/** With fewer removed frames in front, the array is not compacted. */
const FEW_TAKEN = 1_024;

/**
 * Encoded frames that wait, in order. Each may be dropped, or must not be.
 *
 * A waiting frame costs its bytes and one number: see {@link OutputBuffer}.
 */
export class FrameQueue {
  /** The number of frames that may be dropped, and their bytes. */
  droppable = 0;
  droppableBytes = 0;
  readonly #bytes = new OutputBuffer();
  /** The length of each frame; negative if it must not be dropped. */
  #lengths: number[] = [];
  /** The number of removed frames. */
  #taken = 0;

  /** The number of bytes that wait. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The number of frames that wait. */
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

  /**
   * Moves whole frames to `buffer`: the first one if the buffer is empty, and others that fit into `room` bytes.
   * Returns their number.
   */
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

  /** Drops the oldest frame that may be dropped, and returns its length. Frames before it go to `buffer`. */
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
