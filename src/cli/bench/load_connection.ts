import { clearTimeout, setTimeout } from "node:timers";
import type { Decoder } from "../../core/codecs/mod.ts";
import { type Bytes, type Connection, SpillwayError } from "../../mod.ts";
import type { LoadPlan } from "./load_plan.ts";

/** A write has at most this many bytes, or one frame. */
const WRITE_BYTES = 65_536;
/** The time that the peer has for its FIN when the load is over. */
const CLOSE_MS = 1_000;

/** The owner of a {@link LoadConnection}. */
export interface LoadOwner {
  /** The reply to the frame of `sentAt` has come. `right`: it is the expected one, or none is expected. */
  onReply(sentAt: number, now: number, right: boolean): void;
  /** A frame has come while no reply was due. */
  onUnexpected(): void;
  /** The replies of a chunk have all been told. */
  onRoom(connection: LoadConnection): void;
  /** The connection has sent as many frames as it may, and every one is answered. */
  onDone(connection: LoadConnection): void;
  /** The connection is over: `error` is the reason, or `undefined` after the peer's FIN. */
  onEnd(connection: LoadConnection, error: SpillwayError | undefined): void;
}

/** The encoded frame, many times over: what connections send, without a copy for each. */
export function repeatedFrame({ encodedFrame, inFlight }: LoadPlan): Bytes {
  const count = Math.max(1, Math.min(inFlight, Math.floor(WRITE_BYTES / encodedFrame.length)));
  const repeated = new Uint8Array(count * encodedFrame.length);
  for (let index = 0; index < count; index++) repeated.set(encodedFrame, index * encodedFrame.length);
  return repeated;
}

/** One connection of a load: sends frames, and matches replies to them by their order. */
export class LoadConnection {
  /** Whether the connection waits in a queue of the load. */
  queued = false;
  over = false;
  receivedBytes = 0;
  /** The number of replies. */
  answered = 0;
  readonly #connection: Connection;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder: Decoder<Bytes>;
  readonly #plan: LoadPlan;
  readonly #frames: Bytes;
  readonly #owner: LoadOwner;
  /** The instants of unanswered frames: a ring. */
  readonly #times: Float64Array;
  #head = 0;
  #unanswered = 0;
  /** The frames that it may still send. */
  #left: number;
  /** Frames that were not written yet. */
  #owed = 0;
  #writing = false;

  constructor(connection: Connection, plan: LoadPlan, frames: Bytes, owner: LoadOwner) {
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
    this.#decoder = plan.codec.decoder();
    this.#plan = plan;
    this.#frames = frames;
    this.#owner = owner;
    this.#times = new Float64Array(plan.inFlight);
    this.#left = plan.framesPerConnection;
    void this.#read();
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  get hasRoom(): boolean {
    return !this.over && this.#left > 0 && this.#unanswered < this.#times.length;
  }

  /** Returns the instants of the frames that are unanswered, the oldest first. */
  unansweredTimes(): number[] {
    const { length } = this.#times;
    return Array.from({ length: this.#unanswered }, (_, index) => this.#times[(this.#head + index) % length] as number);
  }

  /** Adds a frame, whose time counts from `sentAt`. Call this only while there is room, and `flush` afterwards. */
  send(sentAt: number): void {
    this.#times[(this.#head + this.#unanswered) % this.#times.length] = sentAt;
    this.#unanswered += 1;
    this.#left -= 1;
    this.#owed += 1;
  }

  /** Writes the added frames. */
  flush(): void {
    if (this.#writing || this.#owed === 0 || this.over) return;
    const { length } = this.#plan.encodedFrame;
    const count = Math.min(this.#owed, this.#frames.length / length);
    this.#owed -= count;
    this.#writing = true;
    this.#writer.write(this.#frames.subarray(0, count * length)).then(
      () => {
        this.#writing = false;
        this.flush();
      },
      // The reading tells why the connection broke.
      () => undefined,
    );
  }

  /** Ends the connection in order, in a bounded time. */
  async close(): Promise<void> {
    this.over = true;
    const timer = setTimeout(() => this.#connection.abort(), CLOSE_MS);
    await this.#connection.close().catch(() => undefined);
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    const reader = this.#connection.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) this.#decoder.end();
        else this.#decoder.push(value);
        if (value !== undefined) this.receivedBytes += value.length;
        this.#takeReplies();
        if (done) break;
      }
    } catch (error) {
      const reason = error instanceof SpillwayError ? error : new SpillwayError("codec-failed", String(error));
      this.#connection.abort(reason);
      return this.#end(reason);
    }
    this.#end(undefined);
    void this.close();
  }

  #end(error: SpillwayError | undefined): void {
    if (this.over) return;
    this.over = true;
    this.#owner.onEnd(this, error);
  }

  /** @throws {SpillwayError} an invalid frame */
  #takeReplies(): void {
    const { expected } = this.#plan;
    const now = performance.now();
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      if (this.#unanswered === 0) {
        this.#owner.onUnexpected();
        continue;
      }
      const sentAt = this.#times[this.#head] as number;
      this.#head = (this.#head + 1) % this.#times.length;
      this.#unanswered -= 1;
      this.answered += 1;
      this.#owner.onReply(sentAt, now, expected === undefined || areEqual(frame, expected));
    }
    if (this.over) return;
    if (this.#left === 0 && this.#unanswered === 0) this.#owner.onDone(this);
    else this.#owner.onRoom(this);
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
