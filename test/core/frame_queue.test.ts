import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameQueue } from "../../src/core/output/frame_queue.ts";
import { OutputBuffer } from "../../src/core/output/output_buffer.ts";
import { bounded } from "../support/bounded.ts";

const LARGE_PART = 4_096;

interface Frame {
  readonly bytes: readonly number[];
  readonly droppable: boolean;
}

type Step = { add: Frame } | { moveTo: number } | "drop oldest" | "write";

/** Frames that differ, so that one in another's place shows. */
function frameOf(length: number, droppable: boolean, seed: number): Frame {
  return { bytes: Array.from({ length }, (_, at) => (seed + at * 7) % 256), droppable };
}

/** The same as a queue and a buffer do, in arrays. */
class Model {
  waiting: Frame[] = [];
  /** The bytes that left the queue for the buffer. */
  moved: number[] = [];
  buffered = 0;

  moveTo(room: number): number {
    let count = 0;
    let bytes = 0;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (bytes + first.bytes.length > room && (count > 0 || this.buffered > 0)) break;
      bytes += first.bytes.length;
      count += 1;
      this.#move();
    }
    this.buffered += bytes;
    return count;
  }

  dropOldest(): number {
    while (this.waiting[0]?.droppable === false) this.buffered += this.#move();
    return (this.waiting.shift() as Frame).bytes.length;
  }

  #move(): number {
    const { bytes } = this.waiting.shift() as Frame;
    this.moved.push(...bytes);
    return bytes.length;
  }
}

/** A queue beside its model: every step is taken by both, and compared. */
class Pair {
  readonly queue = new FrameQueue();
  readonly model = new Model();
  readonly #buffer = new OutputBuffer();
  readonly #written: number[] = [];

  dropOldest(): void {
    if (this.queue.droppable > 0) expect(this.queue.dropOldest(this.#buffer)).toBe(this.model.dropOldest());
  }

  take(step: Step): void {
    const { queue, model } = this;
    if (step === "write") this.#write();
    else if (step === "drop oldest") this.dropOldest();
    else if ("add" in step) {
      queue.add(new Uint8Array(step.add.bytes), step.add.droppable);
      model.waiting.push(step.add);
    } else expect(queue.moveTo(this.#buffer, step.moveTo)).toBe(model.moveTo(step.moveTo));
    this.#compare();
  }

  /** Empties the queue, and returns all bytes that left it. */
  drain(): number[] {
    for (const step = bounded(); this.queue.frames > 0 && step(); ) this.take({ moveTo: Infinity });
    this.#write();
    return this.#written;
  }

  #write(): void {
    for (const step = bounded(); this.#buffer.length > 0 && step(); ) this.#written.push(...this.#buffer.take());
    this.model.buffered = 0;
  }

  #compare(): void {
    const { waiting, buffered } = this.model;
    const droppable = waiting.filter((frame) => frame.droppable);
    expect({
      frames: this.queue.frames,
      length: this.queue.length,
      droppable: this.queue.droppable,
      droppableBytes: this.queue.droppableBytes,
      buffered: this.#buffer.length,
    }).toEqual({
      frames: waiting.length,
      length: sum(waiting),
      droppable: droppable.length,
      droppableBytes: sum(droppable),
      buffered,
    });
  }
}

function sum(frames: readonly Frame[]): number {
  return frames.reduce((total, { bytes }) => total + bytes.length, 0);
}

describe("FrameQueue", () => {
  it("does what arrays would", () => {
    const length = fc.oneof(
      { weight: 9, arbitrary: fc.nat({ max: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom(LARGE_PART - 1, LARGE_PART, 9_000) },
    );
    // A frame without bytes may be dropped: nothing else is put into the queue without bytes.
    const frame = fc
      .tuple(length, fc.boolean(), fc.nat({ max: 255 }))
      .map(([bytes, droppable, seed]) => frameOf(bytes, droppable || bytes === 0, seed));
    const step = fc.oneof(
      { weight: 5, arbitrary: frame.map((add): Step => ({ add })) },
      { weight: 2, arbitrary: fc.nat({ max: 100 }).map((moveTo): Step => ({ moveTo })) },
      { weight: 2, arbitrary: fc.constant<Step>("drop oldest") },
      { weight: 1, arbitrary: fc.constant<Step>("write") },
    );
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const one of steps) pair.take(one);
      const written = pair.drain();
      expect(written).toEqual(pair.model.moved);
    });
    fc.assert(property, { seed: 20_261_124, numRuns: 100 });
  });

  it("keeps its order over thousands that come, are dropped and leave", () => {
    const pair = new Pair();
    for (let count = 0; count < 3_000; count++) {
      pair.queue.add(new Uint8Array([count % 251]), count % 3 !== 0);
      pair.model.waiting.push({ bytes: [count % 251], droppable: count % 3 !== 0 });
    }
    for (let count = 0; count < 1_500; count++) pair.dropOldest();
    expect(pair.drain()).toEqual(pair.model.moved);
    expect(pair.queue.frames).toBe(0);
  });

  it("moves the first frame whole, however little room there is, and no second one", () => {
    const [queue, buffer] = [new FrameQueue(), new OutputBuffer()];
    for (const size of [10, 1]) queue.add(new Uint8Array(size), true);
    expect(queue.moveTo(buffer, 3)).toBe(1);
    expect([buffer.length, queue.frames]).toEqual([10, 1]);
    expect(queue.moveTo(buffer, 0)).toBe(0);
  });

  it("keeps what is long as it came", () => {
    const [queue, buffer] = [new FrameQueue(), new OutputBuffer()];
    const long = new Uint8Array(LARGE_PART);
    queue.add(long, true);
    queue.moveTo(buffer, Infinity);
    expect(buffer.take()).toBe(long);
  });
});
