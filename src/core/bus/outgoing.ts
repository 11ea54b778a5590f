import type { Clock } from "../time/clock.ts";
import { type BusConnection, type BusStats, CONTROL_TOPIC, NAME_TOPICS } from "./bus.ts";
import { BATCH_HEADER_BYTES, writeBatch } from "./wire.ts";

/** The bytes at which a batch does not wait for the end of its turn. */
const BATCH_BYTES = 65_536;
/** The bytes that may be with the driver and not confirmed by the broker; one message may be larger. */
const WINDOW_BYTES = 1_048_576;
/** The unconfirmed bytes at which the broker is asked to confirm them. */
const ASK_BYTES = WINDOW_BYTES / 4;

/** The frames of one topic that are not yet a message. */
interface OpenBatch {
  readonly sequence: number;
  readonly frames: Uint8Array[];
  length: number;
  readonly at: number;
}

interface Message {
  readonly topic: number;
  readonly bytes: Uint8Array;
  /** The number of its frames. */
  readonly frames: number;
  /** The instant from which it waits. */
  readonly at: number;
}

/** The settings of {@link Outgoing}, and its reports. */
export interface OutgoingOwner {
  readonly origin: number;
  readonly epoch: number;
  readonly maxWaitingBytes: number;
  readonly maxWaitMs: number;
  /** The connection no longer answers, or its driver threw. */
  onBroken(cause: unknown): void;
}

/**
 * Frames on their way to the broker: gathered in one batch for each topic and turn, then waiting, then in flight.
 *
 * A window that the broker's confirmations open bounds the bytes in flight, whatever the driver would take. Waiting frames are bounded
 * in bytes and in time. A frame has its sequence when it is accepted, so those that are dropped are gaps elsewhere.
 */
export class Outgoing {
  /** The sequence of the next frame of each topic. */
  readonly sequences: Float64Array = new Float64Array(NAME_TOPICS);
  framesSent = 0;
  framesDropped = 0;
  messagesSent = 0;
  bytesSent = 0;
  /** The instant since which the broker is to confirm; `undefined` when it is not asked. */
  askedAt: number | undefined;
  readonly #clock: Clock;
  readonly #owner: OutgoingOwner;
  readonly #open = new Map<number, OpenBatch>();
  #openBytes = 0;
  #queue: Message[] = [];
  #head = 0;
  #queuedBytes = 0;
  #inFlight = 0;
  #connection: BusConnection | undefined;
  /** Whether frames wait although there is a connection: the others are not back. */
  held = false;
  /** The bytes of frames at which a batch is full. */
  #batchBytes = BATCH_BYTES;
  #onEmpty: (() => void)[] = [];

  constructor(clock: Clock, owner: OutgoingOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  counts(): Pick<BusStats, "framesSent" | "framesDropped" | "messagesSent" | "bytesSent" | "waitingBytes"> {
    const { framesSent, framesDropped, messagesSent, bytesSent, waitingBytes } = this;
    return { framesSent, framesDropped, messagesSent, bytesSent, waitingBytes };
  }

  /** The number of bytes that wait or are in flight. */
  get waitingBytes(): number {
    return this.#openBytes + this.#queuedBytes + this.#inFlight;
  }

  /** Whether a frame of so many bytes would not be dropped. */
  fits(length: number): boolean {
    return this.waitingBytes + length + BATCH_HEADER_BYTES <= this.#owner.maxWaitingBytes;
  }

  /** Takes a frame for other servers, or drops it. */
  add(topic: number, frame: Uint8Array): void {
    const sequence = this.sequences[topic] ?? 0;
    this.sequences[topic] = sequence + 1;
    this.framesSent += 1;
    if (!this.fits(frame.length)) {
      this.framesDropped += 1;
      // The frames behind it have a sequence that does not follow.
      this.#sealOne(topic);
      return;
    }
    let batch = this.#open.get(topic);
    if (batch !== undefined && batch.length + frame.length > this.#batchBytes) {
      this.#sealOne(topic);
      batch = undefined;
      this.pump();
    }
    if (batch === undefined) {
      batch = { sequence, frames: [], length: 0, at: this.#clock.now() };
      this.#open.set(topic, batch);
      this.#openBytes += BATCH_HEADER_BYTES;
    }
    batch.frames.push(frame);
    batch.length += frame.length;
    this.#openBytes += frame.length;
  }

  /** Sends a message to all servers, behind everything before it. */
  control(bytes: Uint8Array): void {
    this.seal();
    this.#enqueue({ topic: CONTROL_TOPIC, bytes, frames: 0, at: this.#clock.now() });
    this.pump();
  }

  /** The turn is over: its frames leave. While the broker is down they go on gathering. */
  endTurn(): void {
    if (this.#connection === undefined || this.held) return;
    this.seal();
    this.pump();
  }

  /** Makes messages of all batches. */
  seal(): void {
    for (const topic of this.#open.keys()) this.#sealOne(topic);
  }

  attach(connection: BusConnection): void {
    this.#connection = connection;
    this.held = true;
    this.#batchBytes = Math.min(BATCH_BYTES, connection.maxPayloadBytes - BATCH_HEADER_BYTES);
  }

  /** Sends the frames that have waited. */
  release(): void {
    this.held = false;
    this.#dropStale();
    this.seal();
    this.pump();
  }

  /** Sends a message to all servers at once, ahead of waiting frames. */
  urgent(bytes: Uint8Array): void {
    try {
      this.#connection?.publish(CONTROL_TOPIC, bytes);
    } catch (cause) {
      this.#owner.onBroken(cause);
    }
  }

  /** The connection is lost, and with it the messages that the broker has not confirmed. */
  detach(): void {
    this.#connection = undefined;
    this.#inFlight = 0;
    this.askedAt = undefined;
    this.#tellEmpty();
  }

  /** Fulfils when nothing waits in front of the driver, or the connection is lost. */
  empty(): Promise<void> {
    if (this.#connection === undefined || this.#head === this.#queue.length) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Asks the broker to confirm the messages up to here, unless it is asked already. */
  confirm(): void {
    const connection = this.#connection;
    if (connection === undefined || this.askedAt !== undefined) return;
    const bytes = this.#inFlight;
    this.askedAt = this.#clock.now();
    const onConfirmed = () => {
      if (connection !== this.#connection) return;
      this.askedAt = undefined;
      this.#inFlight -= bytes;
      this.pump();
    };
    const onFailed = (cause: unknown) => {
      if (connection === this.#connection) this.#owner.onBroken(cause);
    };
    connection.flush().then(onConfirmed, onFailed);
  }

  /** Gives the driver as many messages as the window has room for. */
  pump(): void {
    const connection = this.#connection;
    if (connection === undefined || this.held) return;
    const stale = this.#clock.now() - this.#owner.maxWaitMs;
    while (this.#head < this.#queue.length) {
      const message = this.#queue[this.#head] as Message;
      const { bytes, topic, frames } = message;
      if (message.at < stale || bytes.length > connection.maxPayloadBytes) {
        this.framesDropped += frames;
      } else {
        if (this.#inFlight > 0 && this.#inFlight + bytes.length > WINDOW_BYTES) break;
        try {
          connection.publish(topic, bytes);
        } catch (cause) {
          return this.#owner.onBroken(cause);
        }
        this.#inFlight += bytes.length;
        this.messagesSent += 1;
        this.bytesSent += bytes.length;
      }
      this.#head += 1;
      this.#queuedBytes -= bytes.length;
    }
    this.#compact();
    if (this.#inFlight >= ASK_BYTES || this.#head < this.#queue.length) this.confirm();
  }

  #compact(): void {
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
      this.#tellEmpty();
    } else if (this.#head >= 1_024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  #tellEmpty(): void {
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #sealOne(topic: number): void {
    const batch = this.#open.get(topic);
    if (batch === undefined) return;
    this.#open.delete(topic);
    this.#openBytes -= batch.length + BATCH_HEADER_BYTES;
    const bytes = writeBatch(this.#owner, batch.sequence, batch.frames, batch.length);
    this.#enqueue({ topic, bytes, frames: batch.frames.length, at: batch.at });
  }

  #enqueue(message: Message): void {
    this.#queue.push(message);
    this.#queuedBytes += message.bytes.length;
  }

  /** Drops batches that began too long ago. Messages are dropped when their turn comes. */
  #dropStale(): void {
    const stale = this.#clock.now() - this.#owner.maxWaitMs;
    for (const [topic, { at, frames, length }] of this.#open) {
      if (at >= stale) continue;
      this.#open.delete(topic);
      this.#openBytes -= length + BATCH_HEADER_BYTES;
      this.framesDropped += frames.length;
    }
  }
}
