import type { Decoder } from "../codecs/codec.ts";
import type { Clock } from "../time/clock.ts";
import type { ByteReader, Bytes } from "../transport/transport.ts";

/** The session that an {@link Inbox} reads for. */
export interface InboxOwner {
  /** Bytes came, whether they are looked at or not. */
  onHeard(): void;
  /** There is a chunk to take frames from, or the input has ended: at `now`. */
  onInput(now: number): void;
  /** So many more bytes wait here than before; fewer, if negative. */
  onWaiting(bytes: number): void;
  /** The connection gives no more. */
  onBroken(error: unknown): void;
}

/**
 * The input side of a session: reads chunks and gives frames, one at a time, when asked.
 *
 * - **Owns** the decoder and the reader.
 * - **Pushes back**: reads one chunk ahead of the one whose frames are being taken, and then waits.
 * - **On abort** the read in progress rejects; frames that were not taken are dropped.
 */
export class Inbox<In> {
  bytesIn = 0;
  /** Of these, those that never reached the decoder. */
  bytesDiscarded = 0;
  framesIn = 0;
  /** When the last bytes came. */
  heardAt: number;
  /**
   * When the frame that is not whole yet was begun, or when we went on with it after having let it wait; `Infinity` when
   * there is none.
   */
  frameBegunAt: number = Infinity;
  eof = false;
  /** What the budget knows to wait here. */
  share = 0;
  #reader: ByteReader | undefined;
  #decoder: Decoder<In>;
  readonly #clock: Clock;
  readonly #owner: InboxOwner;
  /** A chunk that is not decoded. While there is one, nothing further is read. */
  #held: Bytes | undefined;
  #waited = false;
  /** What the decoder took last, while that may hold frames. */
  #decoding: Bytes | undefined;
  /** A frame that was looked at and not taken. */
  #ahead: In | undefined;
  /** What an earlier decoder left to this one. */
  #left: Bytes | undefined;
  /** The decoder gave all frames of what it has. */
  #dry = true;
  /** The frame deadline starts anew: a frame came, or the wait was ours. */
  #renewed = false;
  #ended = false;
  #stopped = false;
  #over = false;
  /** What the decoder keeps of a frame that is not whole, at most: it tells only whether it keeps anything. */
  #kept = 0;
  /** The decoder refused a frame, and drops the rest of it. */
  #dropping = false;

  constructor(decoder: Decoder<In>, clock: Clock, owner: InboxOwner) {
    this.#decoder = decoder;
    this.#clock = clock;
    this.#owner = owner;
    this.heardAt = clock.now();
  }

  /** Whether every frame of what was read has been taken. */
  get starved(): boolean {
    return this.#dry && this.#held === undefined;
  }

  /** Whether there will be no more frames. */
  get exhausted(): boolean {
    return this.starved && (this.#ended || (this.#stopped && !this.eof));
  }

  /** Whether nothing was begun that is not done. */
  get idle(): boolean {
    return this.starved && this.frameBegunAt === Infinity && !this.eof && !this.#stopped;
  }

  /** Whether the decoder knows no more where a frame begins. */
  get lost(): boolean {
    return this.#decoder.lost === true;
  }

  /** Whether the frame that was taken last is only the beginning of a longer one. */
  get truncated(): boolean {
    return this.#decoder.truncated === true;
  }

  /** Reads until the end. */
  run(reader: ByteReader): void {
    this.#reader = reader;
    this.#read();
  }

  /**
   * Whether there is a frame to take. It is decoded for that: call it only where nobody can `switchTo` before it is taken.
   *
   * @throws what the decoder throws
   */
  peek(): boolean {
    const frame = this.take();
    this.#ahead = frame;
    return frame !== undefined;
  }

  /** The next frame of what was read; `undefined` when there is none yet. @throws what the decoder throws */
  take(): In | undefined {
    if (this.#ahead === undefined) return this.#decodeNext();
    const frame = this.#ahead;
    this.#ahead = undefined;
    return frame;
  }

  /** Goes on with another decoder behind the last frame that was taken. @throws {TypeError} the present one cannot hand over */
  switchTo(decoder: Decoder<In>): void {
    if (this.#decoder.unread === undefined) throw new TypeError("upgrade() needs a decoder with unread(), to leave it");
    // The other decoder would take the rest of somebody's payload for frames.
    if (this.truncated && this.#decoder.midFrame)
      throw new TypeError("upgrade() cannot leave a frame that is truncated");
    this.#left ??= this.#decoder.unread();
    this.#decoder = decoder;
    this.#decoding = undefined;
    this.#kept = 0;
    this.#ended = false;
    this.#dry = false;
    this.#renewed = true;
  }

  /** Takes no further chunk. Frames of what was read before can still be taken. */
  stop(): void {
    this.#stopped = true;
  }

  /** The connection has dropped so many bytes that came. */
  noteDropped(bytes: number): void {
    if (this.#over) return;
    this.bytesIn += bytes;
    this.bytesDiscarded += bytes;
  }

  /** The connection is over: what is still read counts for nobody. */
  end(): void {
    if (!this.#over) this.bytesDiscarded += this.#held?.length ?? 0;
    this.#over = this.#stopped = true;
    this.#account();
  }

  #decodeNext(): In | undefined {
    for (;;) {
      this.#dry = false;
      const frame = this.#next();
      if (frame !== undefined) return frame;
      this.#useUp();
      if (this.#left !== undefined) this.#decodeLeft(this.#left);
      else if (this.#held !== undefined) this.#decode(this.#held);
      else if (this.eof && !this.#ended) this.#end();
      else break;
    }
    this.#dry = true;
    this.#noteFrameBegun();
    this.#account();
    return undefined;
  }

  #next(): In | undefined {
    try {
      const frame = this.#decoder.next();
      if (frame === undefined) return undefined;
      this.framesIn += 1;
      this.#renewed = true;
      this.#dropping = false;
      return frame;
    } catch (error) {
      this.#renewed = true;
      this.#dropping = true;
      throw error;
    }
  }

  #decodeLeft(bytes: Bytes): void {
    this.#left = undefined;
    if (bytes.length > 0) this.#decoder.push(bytes);
  }

  #decode(chunk: Bytes): void {
    this.#held = undefined;
    this.#decoding = chunk;
    this.#decoder.push(chunk);
    if (!this.#waited) return;
    this.#renewed = true;
    this.#waited = false;
    this.#read();
  }

  /** Tells the budget of what has changed. */
  #account(): void {
    const waiting = this.#over ? 0 : this.#kept + (this.#decoding?.length ?? 0) + (this.#held?.length ?? 0);
    if (waiting === this.share) return;
    this.#owner.onWaiting(waiting - this.share);
    this.share = waiting;
  }

  #useUp(): void {
    const chunk = this.#decoding;
    this.#decoding = undefined;
    if (chunk !== undefined) this.#noteKept(chunk.length);
    if (chunk !== undefined && this.#decoder.leavesChunks === true) this.#reader?.recycle?.(chunk);
  }

  /** The decoder ran dry behind a chunk. A frame that began in the chunk counts as all of it. */
  #noteKept(chunkBytes: number): void {
    if (!this.#decoder.midFrame || this.#dropping || this.truncated) this.#kept = 0;
    else if (this.#renewed) this.#kept = chunkBytes;
    else this.#kept += chunkBytes;
  }

  #end(): void {
    this.#ended = true;
    this.#decoder.end();
  }

  #noteFrameBegun(): void {
    if (!this.#decoder.midFrame) this.frameBegunAt = Infinity;
    else if (this.frameBegunAt === Infinity || this.#renewed) this.frameBegunAt = this.#clock.now();
    this.#renewed = false;
  }

  #read(): void {
    this.#reader?.read().then(this.#onResult, this.#onError);
  }

  readonly #onResult = ({ done, value }: ReadableStreamReadResult<Bytes>): void => {
    if (this.#over) return;
    if (done) return this.#onEof();
    this.bytesIn += value.length;
    const now = this.#clock.now();
    this.heardAt = now;
    this.#owner.onHeard();
    if (this.#stopped) {
      this.bytesDiscarded += value.length;
      return this.#read();
    }
    this.#held = value;
    this.#owner.onInput(now);
    this.#account();
    if (this.#held === undefined) this.#read();
    else this.#waited = true;
  };

  #onEof(): void {
    // Once stopped, what comes and how it ends is nobody's business.
    if (this.#stopped) return;
    this.eof = true;
    this.#owner.onInput(this.#clock.now());
  }

  readonly #onError = (error: unknown): void => {
    this.#stopped = true;
    this.#owner.onBroken(error);
  };
}
