import type { Clock } from "./clock.ts";
import type { Encoder, Output } from "./codec.ts";
import type { CloseReason } from "./errors.ts";
import { OutputBuffer } from "./output_buffer.ts";

/** What an {@link Outbox} tells its session. */
export interface OutboxEvents {
  /** A write was taken: there is room again. */
  onWritten(): void;
  /** The connection takes no more. */
  onBroken(error: unknown): void;
}

/**
 * The output side of a session: encodes replies, and writes what has gathered in one write at a time.
 *
 * - **Owns** the writer's lock.
 * - **Pushes back** through `pending`: the session takes no frame while that is too much.
 * - **On abort** the write in progress rejects and what waits is dropped.
 */
export class Outbox<Out> {
  bytesOut = 0;
  framesOut = 0;
  /** When output last began to wait or made progress. */
  progressAt = 0;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder: Encoder<Out>;
  readonly #clock: Clock;
  readonly #events: OutboxEvents;
  readonly #buffer = new OutputBuffer();
  /** The writing loop is under way. */
  #flushing = false;
  #unwritten = 0;

  constructor(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    encoder: Encoder<Out>,
    clock: Clock,
    events: OutboxEvents,
  ) {
    this.#writer = writer;
    this.#encoder = encoder;
    this.#clock = clock;
    this.#events = events;
  }

  /** Bytes that wait or are being written. */
  get pending(): number {
    return this.#buffer.length + this.#unwritten;
  }

  /** Whether a write is in progress, or due at once: what the write deadline watches. */
  get writing(): boolean {
    return this.#flushing && this.pending > 0;
  }

  /** Encodes a reply; `flush` sends it. @throws what the encoder throws, with nothing of the reply kept */
  reply(frame: Out): void {
    this.#buffer.frame(this.#encoder, frame);
    this.framesOut += 1;
  }

  /** Encodes the fault frame, if the codec has one. @throws as `reply` */
  fault(reason: CloseReason): void {
    const encode = (_: undefined, output: Output) => this.#encoder.encodeFault?.(reason, output);
    this.#buffer.frame({ encode }, undefined);
  }

  /** Sends what waits, now if nothing is being written, else right behind that. */
  flush(): void {
    if (!this.#flushing && this.#buffer.length > 0) void this.#write();
  }

  /** One loop at a time: what `onWritten` brings is written by its next round. */
  async #write(): Promise<void> {
    this.#flushing = true;
    this.progressAt = this.#clock.now();
    try {
      while (this.#buffer.length > 0) {
        const bytes = this.#buffer.take();
        this.#unwritten = bytes.length;
        await this.#writer.write(bytes);
        this.#unwritten = 0;
        this.bytesOut += bytes.length;
        this.progressAt = this.#clock.now();
        this.#events.onWritten();
      }
    } catch (error) {
      this.#buffer.clear();
      this.#events.onBroken(error);
    }
    this.#flushing = false;
  }
}
