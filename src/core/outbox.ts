import type { Clock } from "./clock.ts";
import type { Encoder, Output } from "./codec.ts";
import type { CloseReason } from "./errors.ts";
import { replyError } from "./faults.ts";
import { OutputBuffer } from "./output_buffer.ts";
import type { Connection } from "./transport.ts";

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
 * - **Owns** the writer's lock, from the first write to `release`.
 * - **Pushes back** through `pending`: the session takes no frame while that is too much.
 * - **On abort** the write in progress rejects and what waits is dropped.
 */
export class Outbox<Out> {
  bytesOut = 0;
  framesOut = 0;
  /** When output last began to wait or made progress. */
  progressAt = 0;
  readonly #connection: Connection;
  #encoder: Encoder<Out>;
  readonly #clock: Clock;
  readonly #events: OutboxEvents;
  /** What waits; made when there is something. */
  #buffer: OutputBuffer | undefined;
  /** From the first write on, until `release`: the writer, and what it calls back. */
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #onWritten: (() => void) | undefined;
  #onBroken: ((error: unknown) => void) | undefined;
  /** How much is being written. */
  #unwritten = 0;

  constructor(connection: Connection, encoder: Encoder<Out>, clock: Clock, events: OutboxEvents) {
    this.#connection = connection;
    this.#encoder = encoder;
    this.#clock = clock;
    this.#events = events;
  }

  /** Bytes that wait or are being written. */
  get pending(): number {
    return (this.#buffer?.length ?? 0) + this.#unwritten;
  }

  /** Whether a write is in progress: what the write deadline watches. */
  get writing(): boolean {
    return this.#unwritten > 0;
  }

  /** Encodes a reply; `flush` sends it. @throws {SpillwayError} `handler-failed`, `codec-failed`; nothing of the reply is kept */
  reply(frame: Out): void {
    this.#buffer ??= new OutputBuffer();
    try {
      this.#buffer.frame(this.#encoder, frame);
    } catch (cause) {
      throw replyError(cause);
    }
    this.framesOut += 1;
  }

  /** Encodes the fault frame, if the codec has one. @throws what the encoder throws */
  fault(reason: CloseReason): void {
    const encode = (_: undefined, output: Output) => this.#encoder.encodeFault?.(reason, output);
    this.#buffer ??= new OutputBuffer();
    this.#buffer.frame({ encode }, undefined);
  }

  /** What comes next is encoded by another encoder. */
  switchTo(encoder: Encoder<Out>): void {
    this.#encoder = encoder;
  }

  /** Sends what waits, now if nothing is being written, else right behind that. */
  flush(): void {
    if (this.writing || this.#buffer === undefined || this.#buffer.length === 0) return;
    const bytes = this.#buffer.take();
    this.#unwritten = bytes.length;
    this.progressAt = this.#clock.now();
    const writer = this.#writer ?? this.#acquire();
    void writer.write(bytes).then(this.#onWritten, this.#onBroken);
  }

  /** Gives the writer back. Call it while nothing is `pending`. */
  release(): void {
    this.#writer?.releaseLock();
    this.#writer = this.#onWritten = this.#onBroken = undefined;
    this.#buffer = undefined;
  }

  #acquire(): WritableStreamDefaultWriter<Uint8Array> {
    this.#writer = this.#connection.writable.getWriter();
    this.#onWritten = () => this.#written();
    this.#onBroken = (error) => this.#broken(error);
    return this.#writer;
  }

  #written(): void {
    this.bytesOut += this.#unwritten;
    this.#unwritten = 0;
    this.progressAt = this.#clock.now();
    this.flush();
    this.#events.onWritten();
  }

  #broken(error: unknown): void {
    this.#unwritten = 0;
    this.#buffer = undefined;
    this.#events.onBroken(error);
  }
}
