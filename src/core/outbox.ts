import type { Clock } from "./clock.ts";
import type { Encoder } from "./codec.ts";
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
  #writing = false;
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

  /** Whether a write is in progress: what the write deadline watches. */
  get writing(): boolean {
    return this.#writing;
  }

  /** Encodes a reply; `flush` sends it. @throws what the encoder throws, with nothing of the reply kept */
  reply(frame: Out): void {
    this.#buffer.frame(this.#encoder, frame);
    this.framesOut += 1;
  }

  /** Encodes the fault frame, if the codec has one. */
  fault(reason: CloseReason): void {
    this.#encoder.encodeFault?.(reason, this.#buffer);
  }

  /** Sends what waits, now if nothing is being written, else right behind that. */
  flush(): void {
    if (!this.#writing && this.#buffer.length > 0) void this.#write();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    this.progressAt = this.#clock.now();
    try {
      while (this.#buffer.length > 0) {
        const bytes = this.#buffer.take();
        this.#unwritten = bytes.length;
        await this.#writer.write(bytes);
        this.#unwritten = 0;
        this.bytesOut += bytes.length;
        this.progressAt = this.#clock.now();
        this.#writing = this.#buffer.length > 0;
        this.#events.onWritten();
      }
    } catch (error) {
      this.#buffer.clear();
      this.#events.onBroken(error);
    }
    this.#writing = false;
  }
}
