import type { Encoder } from "../codecs/codec.ts";
import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import { encodeError, replyError } from "../errors/faults.ts";
import type { ConnectionLimits } from "../options/limits.ts";
import type { Clock } from "../time/clock.ts";
import type { EndOfTick, TickOwner } from "../time/end_of_tick.ts";
import { RESOLVED } from "../time/resolved.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { ByteWriter, Outcome } from "../transport/transport.ts";
import type { Budgets } from "./budgets.ts";
import { FlushWaiters } from "./flush_waiters.ts";
import { FrameQueue } from "./frame_queue.ts";
import { encodeFrame, OutputBuffer, WRITE_BYTES } from "./output_buffer.ts";
import { KERNEL_BYTES, Pace } from "./pace.ts";
import type { SendResult } from "./send_result.ts";
import type { SlowConsumerPolicy } from "./slow_consumer.ts";

/** The number of rounds of I/O after which the runtime has tried a write that is not prompt. */
const ROUNDS_TO_WRITE = 2;
/** The number of small frames that a kernel may take at once, beside {@link KERNEL_BYTES}. */
const KERNEL_FRAMES = 262_144;

/** Empty buffers for all sessions. A session has one only while output waits. */
const spares: OutputBuffer[] = [];
const MAX_SPARES = 16;

/** The session that an {@link Outbox} writes for. */
export interface OutboxOwner {
  /** A write was taken after `flush` returned: there is room again. `now` saves a reading of the clock. */
  onWritten(now: number | undefined): void;
  /** The write failed. */
  onBroken(error: unknown): void;
  /** A tick with pushes ends: flush, as of `now`. */
  onPushed(now: number): void;
  /** A push found no room, for the first time since nothing waited. */
  onSlow(): void;
}

/** The settings that all outboxes of a server share. */
export interface OutboxSettings {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly slowConsumer: SlowConsumerPolicy;
  readonly scheduler: Scheduler;
  readonly endOfTick: EndOfTick;
  readonly budgets?: Budgets;
}

/**
 * The output of a session: encodes replies and pushes, and writes gathered output in one write at a time.
 *
 * Output for the next write gathers in a buffer. A push during a write waits as a frame, so that it can still be
 * dropped.
 *
 * - **Owns** the writer.
 * - **Backpressure:** the session takes no frame while too much is `pending`. Pushes do not wait.
 * - **On abort** the pending write rejects, and waiting output is dropped.
 */
export class Outbox<Out> extends Pace implements TickOwner {
  framesOut = 0;
  /** The number of pushes dropped for want of room. */
  framesDropped = 0;
  /** The number of pending bytes that was reported to the budget. */
  share = 0;
  /** Whether a reply was added, and it or output behind it is not written: the peer is still being served. */
  answering = false;
  encoder: Encoder<Out>;
  readonly #settings: OutboxSettings;
  readonly #owner: OutboxOwner;
  /** The output that leaves next: often a single push, otherwise a buffer, which is created for it. */
  #lone: Uint8Array | undefined;
  #buffer: OutputBuffer | undefined;
  /** The frames behind that output, some of which may be dropped. */
  #queue: FrameQueue | undefined;
  /** Present once the session has started. */
  writer!: ByteWriter;
  /** The number of bytes that are being written, and the number of them known to be taken. */
  #unwritten = 0;
  #taken = 0;
  /** Whether a write was taken at once, and the session is to be told. */
  #goingOn = false;
  /** Whether `flush` is running: a write that is taken at once is only noted. */
  #flushing = false;
  /** The round of I/O in which a push first found no room behind the pending write. */
  #fullSince: number | undefined;
  /** Whether a push found no room, and output has waited since. */
  #slow = false;
  #flushes: FlushWaiters | undefined;
  /** Whether it is called at the end of this tick. */
  #pushed = false;
  #ended = false;

  constructor(encoder: Encoder<Out>, settings: OutboxSettings, owner: OutboxOwner) {
    super();
    this.encoder = encoder;
    this.#settings = settings;
    this.#owner = owner;
  }

  /** The number of bytes that wait or are being written. */
  get pending(): number {
    return this.#gathered() + (this.#queue?.length ?? 0) + this.#unwritten;
  }

  /** Whether a reply may be added. */
  get roomy(): boolean {
    return this.pending < this.#settings.limits.maxOutboundBytes;
  }

  /** The number of pushes that wait. */
  get waitingPushes(): number {
    return this.#queue?.droppable ?? 0;
  }

  /** Whether a write is pending, which the write deadline watches. */
  get writing(): boolean {
    return this.#unwritten > 0;
  }

  /** Whether output waits only because the event loop was to be given back. */
  get pausing(): boolean {
    return !this.writing && this.#settings.scheduler.exhausted && this.pending > 0;
  }

  /** Encodes a reply. @throws {SpillwayError} `handler-failed`, `codec-failed`; nothing of the reply is kept */
  reply(frame: Out): void {
    try {
      this.#put(this.encoder, frame);
      this.framesOut += 1;
      this.answering = true;
    } catch (cause) {
      throw replyError(cause);
    }
  }

  /** Encodes a frame that is never dropped, for the end of the tick. Ask `roomy` first. @throws as `session.send` */
  ask(frame: Out): void {
    try {
      this.#put(this.encoder, frame);
      this.framesOut += 1;
    } catch (cause) {
      throw encodeError(cause);
    }
    this.#leaveWithTick();
  }

  /** Encodes the fault frame, if the codec has one. @throws what the encoder throws */
  fault(error: SpillwayError): void {
    const reason = error.code as CloseReason;
    this.#put({ encode: (_, output) => this.encoder.encodeFault?.(reason, output, error) }, undefined);
  }

  /** Takes an encoded frame, if there is or can be room. It leaves at the end of the tick, or behind what waits. */
  push(bytes: Uint8Array): SendResult {
    const result = this.#take(bytes);
    if (result === "sent") {
      if (this.#gathered() === 0 && bytes.length <= WRITE_BYTES) this.#lone = bytes;
      else this.#open().bytes(bytes);
      this.#leaveWithTick();
    } else if (result === "queued") {
      this.#queue ??= new FrameQueue();
      this.#queue.add(bytes, true);
      this.#account();
    } else {
      this.framesDropped += 1;
      return result;
    }
    this.framesOut += 1;
    return result;
  }

  onTickEnd(now: number): void {
    this.#pushed = false;
    if (!this.#ended) this.#owner.onPushed(now);
  }

  /** Sends waiting output: now, or right behind the pending write. `now` saves a reading of the clock. */
  flush(now?: number): void {
    if (this.writing) return this.#account();
    if (this.#queue !== undefined) this.#fillBuffer(this.#queue);
    if (this.#gathered() === 0) {
      this.answering = false;
      return;
    }
    const { roomy } = this;
    this.noteBegun(now ?? this.#settings.clock.now());
    this.#flushing = true;
    this.#write().then(this.#onWritten, this.#onBroken);
    this.#flushing = false;
    if (this.writing) return this.#account();
    // Otherwise neither the session nor further output waits.
    if (!roomy || this.pending > 0) this.#goOnSoon();
  }

  /** Fulfils with true when everything that waits now is written, and with false when the connection ended first. */
  flushed(): Promise<boolean> {
    if (this.pending === 0) return Promise.resolve(!this.#ended);
    this.#buffer?.encodeText();
    this.#flushes ??= new FlushWaiters();
    return this.#flushes.at(this.bytesOut + this.pending);
  }

  /** Notes that the kernel took `bytes` of the pending write. */
  noteTaken(bytes: number): void {
    if (this.#unwritten <= this.#taken) return;
    const { clock, limits } = this.#settings;
    this.#taken += bytes;
    this.noteProgress(bytes, clock.now(), limits.minWriteBytesPerSecond);
  }

  /** Sends FIN. Call this while nothing is `pending`. */
  close(): void {
    // If this fails, the connection fails too, and reports it.
    this.writer.close().then(
      () => undefined,
      () => undefined,
    );
  }

  /** Drops all output: the connection is over. */
  end(): void {
    this.#ended = true;
    this.#lone = this.#buffer = this.#queue = undefined;
    this.#unwritten = 0;
    this.#account();
    this.#flushes?.end();
  }

  /** Reports a change of the pending bytes to the budget. */
  #account(): void {
    const { pending } = this;
    if (pending === this.share) return;
    this.#settings.budgets?.outbound.add(pending - this.share);
    this.share = pending;
  }

  #put<Frame>(encoder: Encoder<Frame>, frame: Frame): void {
    if (this.#queue === undefined) return this.#open().frame(encoder, frame);
    const bytes = encodeFrame(encoder, frame);
    if (bytes.length > 0) this.#queue.add(bytes, false);
  }

  #leaveWithTick(): void {
    if (!this.#pushed) this.#settings.endOfTick.add(this);
    this.#pushed = true;
  }

  #gathered(): number {
    return (this.#lone ?? this.#buffer)?.length ?? 0;
  }

  #open(): OutputBuffer {
    this.#buffer ??= spares.pop() ?? new OutputBuffer();
    if (this.#lone !== undefined) this.#buffer.shared(this.#lone);
    this.#lone = undefined;
    return this.#buffer;
  }

  /** Returns whether a push leaves in the next write. With nothing before it, it may be of any size, like a reply. */
  #leavesNext({ length }: Uint8Array): boolean {
    if (this.writing || this.#queue !== undefined) return false;
    const waiting = this.#gathered();
    return waiting === 0 || waiting + length <= Math.min(this.#settings.limits.maxOutboundBytes, WRITE_BYTES);
  }

  #fits({ length }: Uint8Array): boolean {
    const { maxOutboundBytes, maxOutboundFrames } = this.#settings.limits;
    return this.pending + length <= maxOutboundBytes && this.waitingPushes < maxOutboundFrames;
  }

  /** Decides what happens to a push. */
  #take(bytes: Uint8Array): SendResult {
    this.#buffer?.encodeText();
    if (this.#leavesNext(bytes)) return "sent";
    if (this.#fits(bytes)) return "queued";
    this.#offer(bytes);
    if (this.#leavesNext(bytes)) return "sent";
    if (this.#fits(bytes) || this.#excused(bytes)) return "queued";
    this.#noteSlow();
    switch (this.#settings.slowConsumer) {
      case "drop":
        return "dropped";
      case "drop-oldest":
        return this.#makeRoom(bytes) ? "queued" : "dropped";
      case "reset":
        return "closed";
    }
  }

  /** Offers gathered output to the kernel: a peer is not slow before that. */
  #offer(bytes: Uint8Array): void {
    while (!this.writing && this.pending > 0 && !this.#fits(bytes)) this.flush();
  }

  /** Returns whether the kernel may not have been asked for room yet. The sender gives the event loop back first. */
  #excused({ length }: Uint8Array): boolean {
    const { limits, scheduler } = this.#settings;
    if (this.writer.prompt === true || !this.writing) return false;
    this.#fullSince ??= scheduler.rounds;
    if (scheduler.rounds - this.#fullSince >= ROUNDS_TO_WRITE) return false;
    scheduler.yield();
    const most = limits.maxOutboundBytes + KERNEL_BYTES;
    return this.pending + length <= most && this.waitingPushes < limits.maxOutboundFrames + KERNEL_FRAMES;
  }

  #makeRoom(bytes: Uint8Array): boolean {
    const queue = this.#queue;
    const { maxOutboundBytes } = this.#settings.limits;
    // No frame is dropped if that would not make enough room.
    if (queue === undefined || this.pending - queue.droppableBytes + bytes.length > maxOutboundBytes) return false;
    while (queue.droppable > 0 && !this.#fits(bytes)) {
      const buffer = this.#open();
      const dropped = queue.dropOldest(buffer);
      this.framesOut -= 1;
      this.framesDropped += 1;
      this.#flushes?.shorten(this.bytesOut + this.#unwritten + buffer.length, dropped);
    }
    return this.#fits(bytes);
  }

  #noteSlow(): void {
    if (this.#slow) return;
    this.#slow = true;
    this.#owner.onSlow();
  }

  #write(): Outcome<void> {
    const { textWriter } = this.writer;
    const text = textWriter && this.#buffer?.takeText();
    if (textWriter && text) {
      this.#unwritten = textWriter.byteLength(text);
      return textWriter.writeText(text);
    }
    const bytes = this.#lone ?? this.#open().take();
    this.#lone = undefined;
    this.#unwritten = bytes.length;
    return this.writer.write(bytes);
  }

  /** Gives an empty buffer back, after its bytes are sent. */
  #giveBack(buffer: OutputBuffer): void {
    this.#buffer = undefined;
    buffer.rewind();
    if (spares.length < MAX_SPARES) spares.push(buffer);
  }

  #fillBuffer(queue: FrameQueue): void {
    const buffer = this.#open();
    while (queue.frames > 0 && buffer.length < WRITE_BYTES) {
      if (queue.moveTo(buffer, WRITE_BYTES - buffer.length) === 0) break;
    }
    if (queue.frames > 0) return;
    this.#queue = undefined;
    this.#slow = false;
  }

  #noteWritten(): void {
    this.count(this.#unwritten);
    this.#unwritten = this.#taken = 0;
    if (this.#buffer?.length === 0) this.#giveBack(this.#buffer);
    if (this.answering && this.pending === 0) this.answering = false;
    this.#fullSince = undefined;
    this.#flushes?.reach(this.bytesOut);
  }

  readonly #onWritten = (): void => {
    if (this.#flushing) return this.#noteWritten();
    const { clock, limits } = this.#settings;
    const now = clock.now();
    // A deadline in the past was found late: this side did not look, and offered nothing more meanwhile.
    const late = now - this.behindSince >= limits.writeTimeoutMs;
    if (late || this.pending === this.#unwritten) this.noteAllTaken(now);
    else this.noteProgress(this.#unwritten - this.#taken, now, limits.minWriteBytesPerSecond);
    this.#noteWritten();
    this.#goOn(now);
  };

  #goOnSoon(): void {
    if (this.#goingOn) return;
    this.#goingOn = true;
    void RESOLVED.then(() => {
      this.#goingOn = false;
      if (!this.#ended) this.#goOn();
    });
  }

  #goOn(now?: number): void {
    const { scheduler } = this.#settings;
    scheduler.spend();
    if (!scheduler.exhausted) this.flush(now);
    this.#account();
    if (this.pending === 0) this.#slow = false;
    this.#owner.onWritten(now);
  }

  readonly #onBroken = (error: unknown): void => {
    this.end();
    this.#owner.onBroken(error);
  };
}
