import type { Codec, Decoder } from "../codecs/codec.ts";
import { type DecoderInput, nextFrame } from "../codecs/next_frame.ts";
import { frameError } from "../errors/faults.ts";
import { systemClock } from "../time/clock.ts";
import { type Scheduler, schedulerOf, type Task } from "../time/scheduler.ts";
import { plainBytes } from "../transport/plain_bytes.ts";
import type { Bytes } from "../transport/transport.ts";
import { PulledTransform, type PulledWork } from "./pulled_transform.ts";

/**
 * Decodes a stream of bytes, such as `Connection.readable`, into a stream of frames:
 * `readable.pipeThrough(decoderStream(codec))`.
 *
 * An invalid frame errors both streams in its place, behind the frames before it, and so does an input that ends in the
 * middle of a frame. No frame is skipped and no deadline applies: use {@link serve} for those.
 *
 * A reader that takes frames as quickly as they are decoded gets them in slices: between two slices, the event loop has
 * a round of I/O.
 *
 * - **Owns** a decoder, and every written chunk: frames may be views of it. A chunk over shared memory is copied.
 * - **Backpressure** applies per frame: a frame is decoded when the readable is asked for it, and none ahead. A write
 *   settles when a frame is requested that its chunk does not contain, so one chunk is held at a time; `close` settles
 *   when the end was read.
 * - **On abort** of the writable, the readable errors with the reason; on `cancel` of the readable, the writable does.
 *   Frames that were not taken are dropped.
 *
 * Both streams error with the {@link SpillwayError} of the decoder (`frame-too-large`, `frame-invalid`,
 * `unexpected-eof`; `codec-failed` for any other value that it throws), or with a TypeError if a written chunk is not a
 * `Uint8Array`.
 *
 * @throws {TypeError} `codec` has no `decoder()`
 *
 * @example
 * ```ts
 * import { decoderStream, lines } from "spillway/codecs";
 *
 * const bytes = new Blob(["one\r\ntwo\n"]).stream();
 * for await (const line of bytes.pipeThrough(decoderStream(lines()))) console.log(line); // one, two
 * ```
 */
export function decoderStream<Frame>(
  codec: Pick<Codec<Frame, never>, "decoder">,
): ReadableWritablePair<Frame, Uint8Array> {
  return decoderStreamIn(schedulerOf(systemClock), codec);
}

/**
 * Does the same in the slices of `scheduler`.
 *
 * @throws as {@link decoderStream}
 */
export function decoderStreamIn<Frame>(
  scheduler: Scheduler,
  codec: Pick<Codec<Frame, never>, "decoder">,
): ReadableWritablePair<Frame, Uint8Array> {
  if (typeof codec?.decoder !== "function") throw new TypeError("codec must have decoder(), such as lines()");
  const { readable, writable } = new Decoding(codec.decoder(), scheduler).streams;
  return { readable, writable };
}

/** Decodes written chunks into the frames that the readable is asked for. */
class Decoding<Frame> implements PulledWork<Uint8Array>, DecoderInput, Task {
  readonly streams: PulledTransform<Uint8Array, Frame> = new PulledTransform(this);
  readonly #decoder: Decoder<Frame>;
  readonly #scheduler: Scheduler;
  /** The chunk that was written and not decoded yet. */
  #held: Bytes | undefined;
  #input: "open" | "closed" | "ended" = "open";

  constructor(decoder: Decoder<Frame>, scheduler: Scheduler) {
    this.#decoder = decoder;
    this.#scheduler = scheduler;
  }

  onWrite(chunk: Uint8Array): void {
    this.#held = plainBytes(chunk);
    if (this.streams.wanting) this.onPull();
  }

  onClose(): void {
    this.#input = "closed";
    if (this.streams.wanting) this.onPull();
  }

  onSlice(): void {
    if (this.streams.wanting) this.streams.attempt(() => this.onPull());
  }

  onPull(): void {
    if (this.#scheduler.exhausted) return this.#scheduler.wait(this, true);
    this.#scheduler.spend();
    const frame = this.#take();
    if (frame !== undefined) this.streams.give(frame);
    else if (this.#input === "ended") this.streams.finish();
    else this.streams.settle();
  }

  feed(): boolean {
    if (this.#held !== undefined) this.#decode(this.#held);
    else if (this.#input === "closed") this.#end();
    else return false;
    return true;
  }

  /** Returns the next frame of the written input, or `undefined` when there is none yet. */
  #take(): Frame | undefined {
    try {
      return nextFrame(this.#decoder, this);
    } catch (cause) {
      throw frameError(cause);
    }
  }

  #decode(chunk: Bytes): void {
    this.#held = undefined;
    this.#decoder.push(chunk);
  }

  #end(): void {
    this.#input = "ended";
    this.#decoder.end();
  }
}
