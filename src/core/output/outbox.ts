import type { Encoder } from "../codecs/codec.ts";
import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import { encodeError, replyError } from "../errors/faults.ts";
import type { ConnectionLimits } from "../options/limits.ts";
import type { Clock } from "../time/clock.ts";
import type { EndOfTick, TickOwner } from "../time/end_of_tick.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { ByteWriter, Outcome } from "../transport/transport.ts";
import type { Budgets } from "./budgets.ts";
import { FlushWaiters } from "./flush_waiters.ts";
import { FrameQueue } from "./frame_queue.ts";
import { encodeFrame, OutputBuffer, WRITE_BYTES } from "./output_buffer.ts";
import { KERNEL_BYTES, Pace } from "./pace.ts";
import type { SendResult } from "./send_result.ts";
import type { SlowConsumerPolicy } from "./slow_consumer.ts";

/** A write that is not prompt has been tried when the runtime has had so many rounds of I/O. */
const ROUNDS_TO_WRITE = 2;
/** What a kernel may take at once, beside {@link KERNEL_BYTES}: so many frames of a few bytes. */
const KERNEL_FRAMES = 262_144;

const SOON = Promise.resolve();

/** The session that an {@link Outbox} writes for. */
export interface OutboxOwner {
  /** A write was taken, later than `flush` was called: there is room again. */
  onWritten(): void;
  /** The connection takes no more. */
  onBroken(error: unknown): void;
  /** The tick ends in which something was pushed: `flush`, as of `now`. */
  onPushed(now: number): void;
  /** There is no room for what is pushed: the first time since nothing waited. */
  onSlow(): void;
}

/** What all outboxes of a server share. */
export interface OutboxSettings {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly slowConsumer: SlowConsumerPolicy;
  readonly scheduler: Scheduler;
  readonly endOfTick: EndOfTick;
  readonly budgets?: Budgets;
}

/**
 * The output side of a session: encodes replies and pushes, and writes what has gathered in one write at a time.
 *
 * What gathers for the next write is in a buffer. A push that comes while something is being written waits behind it as a
 * frame, so that it can still be dropped; and what comes behind such a frame waits with it.
 *
 * - **Owns** the writer.
 * - **Pushes back** through `pending`: the session takes no frame while that is too much. Pushes do not wait.
 * - **On abort** the write in progress rejects and what waits is dropped.
 */
export class Outbox<Out> extends Pace implements TickOwner {
  framesOut = 0;
  /** Pushes that were dropped for want of room. */
  framesDropped = 0;
  /** What the budget knows to be pending here. */
  share = 0;
  /** A reply was added and not all of what came behind it is written: the peer is still being served. */
  answering = false;
  encoder: Encoder<Out>;
  readonly #settings: OutboxSettings;
  readonly #owner: OutboxOwner;
  /** What leaves next: mostly a push and nothing else, otherwise a buffer, which is made when there is something. */
  #lone: Uint8Array | undefined;
  #buffer: OutputBuffer | undefined;
  /** Frames behind that, of which some may be dropped; there while there are any. */
  #queue: FrameQueue | undefined;
  /** There once the session has begun. */
  writer!: ByteWriter;
  /** How much is being written, and how much of it is known to be taken. */
  #unwritten = 0;
  #taken = 0;
  /** A write was taken at once, and what follows from that is still to come. */
  #goingOn = false;
  /** Within `flush`: what was taken at once is noted, and nothing else. */
  #flushing = false;
  /** The round in which a push first found no room behind the write that is in progress. */
  #fullSince: number | undefined;
  /** A push found no room, and something waits since. */
  #slow = false;
  #flushes: FlushWaiters | undefined;
  /** It is told when this tick ends. */
  #pushed = false;
  #ended = false;

  constructor(encoder: Encoder<Out>, settings: OutboxSettings, owner: OutboxOwner) {
    super();
    this.encoder = encoder;
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Bytes that wait or are being written. */
  get pending(): number {
    return this.#gathered() + (this.#queue?.length ?? 0) + this.#unwritten;
  }

  /** Whether a reply may be added. */
  get roomy(): boolean {
    return this.pending < this.#settings.limits.maxOutboundBytes;
  }

  /** Pushes that wait. */
  get waitingPushes(): number {
    return this.#queue?.droppable ?? 0;
  }

  /** Whether a write is in progress: what the write deadline watches. */
  get writing(): boolean {
    return this.#unwritten > 0;
  }

  /** Whether something waits only because the event loop was to be given back. */
  get pausing(): boolean {
    return !this.writing && this.#settings.scheduler.exhausted && this.pending > 0;
  }

  /** Encodes a reply; `flush` sends it. @throws {SpillwayError} `handler-failed`, `codec-failed`; nothing of the reply is kept */
  reply(frame: Out): void {
    try {
      this.#put(this.encoder, frame);
      this.framesOut += 1;
      this.answering = true;
    } catch (cause) {
      throw replyError(cause);
    }
  }

  /** Encodes a frame that is never dropped, so ask `roomy` first. It leaves when the tick ends. @throws as `session.send` */
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

  /** Takes an encoded frame, if there is room, or room can be made. It leaves when the tick ends, or when its time has come. */
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

  /** Sends what waits, now if nothing is being written, else right behind that. Who has just read the clock gives `now`. */
  flush(now?: number): void {
    if (this.writing) return this.#account();
    if (this.#queue !== undefined) this.#fillBuffer(this.#queue);
    if (this.#gathered() === 0) return;
    const { roomy } = this;
    this.noteBegun(now ?? this.#settings.clock.now());
    this.#flushing = true;
    this.#write().then(this.#onWritten, this.#onBroken);
    this.#flushing = false;
    if (this.writing) return this.#account();
    // Otherwise nothing waits for room, nor for what comes next.
    if (!roomy || this.pending > 0) this.#goOnSoon();
  }

  /** Fulfils with true when all that waits now is written, with false when the connection is over before. */
  flushed(): Promise<boolean> {
    if (this.pending === 0) return Promise.resolve(!this.#ended);
    this.#buffer?.encodeText();
    this.#flushes ??= new FlushWaiters();
    return this.#flushes.at(this.bytesOut + this.pending);
  }

  /** The kernel took so much of what is being written. */
  noteTaken(bytes: number): void {
    if (this.#unwritten <= this.#taken) return;
    const { clock, limits } = this.#settings;
    this.#taken += bytes;
    this.noteProgress(bytes, clock.now(), limits.minWriteBytesPerSecond);
  }

  /** Sends FIN, with nothing behind it. Call it while nothing is `pending`. */
  close(): void {
    // If that fails, so does the connection, which tells it.
    this.writer.close().then(
      () => undefined,
      () => undefined,
    );
  }

  /** The connection is over. */
  end(): void {
    this.#ended = true;
    this.#lone = this.#buffer = this.#queue = undefined;
    this.#unwritten = 0;
    this.#account();
    this.#flushes?.end();
  }

  /** Tells the budget of what has changed. */
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
    this.#buffer ??= new OutputBuffer();
    if (this.#lone !== undefined) this.#buffer.shared(this.#lone);
    this.#lone = undefined;
    return this.#buffer;
  }

  /** Whether nothing is before it but what leaves in the same write. What has nothing before it may be of any size, as a reply. */
  #leavesNext({ length }: Uint8Array): boolean {
    if (this.writing || this.#queue !== undefined) return false;
    const waiting = this.#gathered();
    return waiting === 0 || waiting + length <= Math.min(this.#settings.limits.maxOutboundBytes, WRITE_BYTES);
  }

  #fits({ length }: Uint8Array): boolean {
    const { maxOutboundBytes, maxOutboundFrames } = this.#settings.limits;
    return this.pending + length <= maxOutboundBytes && this.waitingPushes < maxOutboundFrames;
  }

  /** What becomes of a frame. */
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

  /** What has gathered was never offered to the kernel: that makes nobody slow. */
  #offer(bytes: Uint8Array): void {
    while (!this.writing && this.pending > 0 && !this.#fits(bytes)) this.flush();
  }

  /**
   * Whether the kernel may not have been asked yet for room for the write in progress. Whoever pushes so much gives the event
   * loop back first; until then, as much may wait as the kernel might take.
   */
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
    // Nothing is dropped in vain.
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
    const text = textWriter === undefined ? undefined : this.#buffer?.takeText();
    if (textWriter !== undefined && text !== undefined) {
      this.#unwritten = textWriter.byteLength(text);
      return textWriter.writeText(text);
    }
    const bytes = this.#lone ?? this.#open().take();
    this.#lone = undefined;
    this.#unwritten = bytes.length;
    return this.writer.write(bytes);
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
    if (this.answering && this.pending === 0) this.answering = false;
    this.#fullSince = undefined;
    this.#flushes?.reach(this.bytesOut);
  }

  readonly #onWritten = (): void => {
    if (this.#flushing) return this.#noteWritten();
    const { clock, limits } = this.#settings;
    const now = clock.now();
    // A deadline that is past and has not passed was found late: this side did not look, and offered nothing more meanwhile.
    const late = now - this.behindSince >= limits.writeTimeoutMs;
    if (late || this.pending === this.#unwritten) this.noteAllTaken(now);
    else this.noteProgress(this.#unwritten - this.#taken, now, limits.minWriteBytesPerSecond);
    this.#noteWritten();
    this.#goOn();
  };

  #goOnSoon(): void {
    if (this.#goingOn) return;
    this.#goingOn = true;
    void SOON.then(() => {
      this.#goingOn = false;
      if (!this.#ended) this.#goOn();
    });
  }

  #goOn(): void {
    const { scheduler } = this.#settings;
    scheduler.spend();
    if (!scheduler.exhausted) this.flush();
    this.#account();
    if (this.pending === 0) this.#slow = false;
    this.#owner.onWritten();
  }

  readonly #onBroken = (error: unknown): void => {
    this.end();
    this.#owner.onBroken(error);
  };
}
