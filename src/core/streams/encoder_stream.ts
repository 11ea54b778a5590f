import type { Codec, Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { encodeError } from "../errors/faults.ts";
import { OutputBuffer } from "../output/output_buffer.ts";
import { systemClock } from "../time/clock.ts";
import { QuietMicrotasks } from "../time/quiet_microtasks.ts";
import { type Scheduler, schedulerOf, type Task } from "../time/scheduler.ts";
import { plainBytes } from "../transport/plain_bytes.ts";
import type { Bytes } from "../transport/transport.ts";
import { PulledTransform, type PulledWork } from "./pulled_transform.ts";

/** So much waits to be read before writes wait. */
const FULL_BYTES = 65_536;

/** Microtasks without a frame after which a tick counts as over: more than a pipe needs from one frame to the next. */
const QUIET_MICROTASKS = 16;

/**
 * A stream of frames becomes a stream of bytes: `frames.pipeThrough(encoderStream(codec)).pipeTo(connection.writable)`.
 *
 * The frames of one tick leave in one chunk, of 64 KiB at most, once somebody asks for it. A frame that the encoder
 * refuses errors both streams, behind the bytes of the frames before it.
 *
 * Whoever writes frames as quickly as they are taken waits after a slice of them until the event loop has had a round of I/O.
 *
 * - **Owns** an encoder, and what was written, whose bytes must not change: a chunk may be a view of them. A chunk may be a
 *   part of a larger buffer, which must not be transferred.
 * - **Pushes back** above 64 KiB that nobody has read: a write settles when there is less, and `close` when all was read.
 * - **On abort** of the writable the readable errors with the reason; on `cancel` of the readable the writable does. What
 *   was not read is dropped.
 *
 * Both streams error with a {@link SpillwayError}: `reply-invalid` for what is not a frame of the codec, `codec-failed` for
 * anything else that its encoder throws.
 *
 * @throws {TypeError} `codec` has no `encoder()`
 *
 * @example
 * ```ts
 * import { encoderStream, lines } from "spillway/codecs";
 *
 * const { readable, writable } = encoderStream(lines());
 * const text = new Response(readable).text();
 * const writer = writable.getWriter();
 * void writer.write("one");
 * void writer.write("two");
 * await writer.close();
 * console.log(await text); // one, two: a line each
 * ```
 */
export function encoderStream<Frame>(
  codec: Pick<Codec<unknown, Frame>, "encoder">,
): ReadableWritablePair<Bytes, Frame> {
  return encoderStreamIn(schedulerOf(systemClock), codec);
}

/** The same, in the slices of that scheduler. @throws as {@link encoderStream} */
export function encoderStreamIn<Frame>(
  scheduler: Scheduler,
  codec: Pick<Codec<unknown, Frame>, "encoder">,
): ReadableWritablePair<Bytes, Frame> {
  if (typeof codec?.encoder !== "function") throw new TypeError("codec must have encoder(), such as lines()");
  const { readable, writable } = new Encoding(codec.encoder(), scheduler).streams;
  return { readable, writable };
}

/** From written frames to bytes that are asked for. */
class Encoding<Frame> extends QuietMicrotasks implements PulledWork<Frame>, Task {
  readonly streams: PulledTransform<Frame, Bytes> = new PulledTransform(this);
  readonly #encoder: Encoder<Frame>;
  readonly #scheduler: Scheduler;
  readonly #buffer = new OutputBuffer();
  #closed = false;
  /** What the encoder threw at the last frame: due when the bytes of those before it are taken. */
  #fault: SpillwayError | undefined;
  #gathering = false;
  /** The write that is under way settles when there is a slice of the event loop for the next one, which is of the same tick. */
  #paused = false;

  constructor(encoder: Encoder<Frame>, scheduler: Scheduler) {
    super();
    this.#encoder = encoder;
    this.#scheduler = scheduler;
  }

  onWrite(frame: Frame): void {
    if (this.#gathering) this.stir();
    try {
      this.#buffer.frame(this.#encoder, frame);
    } catch (cause) {
      this.#fault = encodeError(cause);
    }
    this.#scheduler.spend();
    this.#advance();
  }

  onSlice(): void {
    this.#paused = false;
    this.#advance();
  }

  onClose(): void {
    this.#closed = true;
    this.#advance();
  }

  onPull(): void {
    this.#advance();
  }

  /** Whether what was written leaves without waiting for more, and what is written next waits for that. */
  get #pressed(): boolean {
    return this.#closed || this.#fault !== undefined || this.#buffer.length >= FULL_BYTES;
  }

  #advance(): void {
    if (this.#buffer.length === 0) return this.#runDry();
    if (this.streams.wanting) {
      if (this.#pressed) this.#give();
      else if (!this.#gathering) this.#gather();
    }
    if (!this.#pressed) this.#settle();
  }

  /** The next frame may come, if the event loop need not be given back first. */
  #settle(): void {
    if (!this.#scheduler.exhausted) return this.streams.settle();
    this.#paused = true;
    this.#scheduler.wait(this, true);
  }

  #runDry(): void {
    if (this.#fault !== undefined) this.streams.fail(this.#fault);
    else if (this.#closed) this.streams.finish();
    else this.#settle();
  }

  #gather(): void {
    this.#gathering = true;
    this.stir();
  }

  protected override onQuiet(): boolean {
    if (this.quiet < QUIET_MICROTASKS) return true;
    this.#gathering = false;
    if (!this.#paused && this.streams.wanting && this.#buffer.length > 0) this.#give();
    return false;
  }

  #give(): void {
    this.streams.give(plainBytes(this.#buffer.take()));
  }
}
