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

/** The number of unread bytes at which writes wait. */
const FULL_BYTES = 65_536;

/**
 * The number of microtasks without a frame after which a tick counts as over: more than a pipe needs between two
 * frames.
 */
const QUIET_MICROTASKS = 16;

/**
 * Encodes a stream of frames into a stream of bytes:
 * `frames.pipeThrough(encoderStream(codec)).pipeTo(connection.writable)`.
 *
 * The frames of one tick leave in one chunk of at most 64 KiB, once the readable is asked for it. A frame that
 * the encoder refuses errors both streams, behind the bytes of the frames before it.
 *
 * A writer whose frames are taken as quickly as they are written waits after each slice, until the event loop has had a
 * round of I/O.
 *
 * - **Owns** an encoder and the written frames, whose bytes must not change: a chunk may be a view of them. A chunk may
 *   be part of a larger buffer, which must not be transferred.
 * - **Backpressure** applies at 64 KiB of unread bytes: a write settles when there are fewer, and `close` when all were
 *   read.
 * - **On abort** of the writable, the readable errors with the reason; on `cancel` of the readable, the writable does.
 *   Unread bytes are dropped.
 *
 * Both streams error with a {@link SpillwayError}: `reply-invalid` for a value that is not a frame of the codec,
 * `codec-failed` for any other value that the encoder throws.
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

/**
 * Does the same in the slices of `scheduler`.
 *
 * @throws as {@link encoderStream}
 */
export function encoderStreamIn<Frame>(
  scheduler: Scheduler,
  codec: Pick<Codec<unknown, Frame>, "encoder">,
): ReadableWritablePair<Bytes, Frame> {
  if (typeof codec?.encoder !== "function") throw new TypeError("codec must have encoder(), such as lines()");
  const { readable, writable } = new Encoding(codec.encoder(), scheduler).streams;
  return { readable, writable };
}

/** Encodes written frames into the bytes that the readable is asked for. */
class Encoding<Frame> extends QuietMicrotasks implements PulledWork<Frame>, Task {
  readonly streams: PulledTransform<Frame, Bytes> = new PulledTransform(this);
  readonly #encoder: Encoder<Frame>;
  readonly #scheduler: Scheduler;
  readonly #buffer = new OutputBuffer();
  #closed = false;
  /** The error of the last frame. It is reported when the bytes of the frames before it were taken. */
  #fault: SpillwayError | undefined;
  #gathering = false;
  /** Whether the pending write waits for a slice of the event loop. The next write belongs to the same tick. */
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

  /**
   * Whether the buffered bytes leave without waiting for more frames, and the next write waits until they have left.
   */
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

  /** Lets the next frame come, after a round of I/O if the slice is used up. */
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
