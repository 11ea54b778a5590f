import type { Decoder } from "../codecs/codec.ts";
import { type DecoderInput, nextFrame } from "../codecs/next_frame.ts";
import type { Clock } from "../time/clock.ts";
import type { ByteReader, Bytes } from "../transport/transport.ts";

/** The session that an {@link Inbox} reads for. */
export interface InboxOwner {
  /** Bytes came, whether or not they are used. */
  onHeard(): void;
  /** There is a chunk to take frames from, or the input has ended. */
  onInput(): void;
  /** The number of waiting bytes has changed by `bytes`. */
  onWaiting(bytes: number): void;
  /** The read failed. */
  onBroken(error: unknown): void;
}

/**
 * The input of a session: reads chunks, and gives one frame at a time on demand.
 *
 * - **Owns** the decoder and the reader.
 * - **Backpressure:** reads one chunk beside the one that is being decoded, and then waits.
 * - **On abort** the pending read rejects, and frames that were not taken are dropped.
 */
export class Inbox<In> implements DecoderInput {
  bytesIn = 0;
  /** The number of bytes in `bytesIn` that never reached the decoder. */
  bytesDiscarded = 0;
  framesIn = 0;
  /** The instant at which the last bytes came. */
  heardAt: number;
  /**
   * The instant at which the unfinished frame began, or at which decoding went on after it had to wait for the session;
   * `Infinity` without such a frame.
   */
  frameBegunAt: number = Infinity;
  eof = false;
  /** The number of waiting bytes that was reported to the budget. */
  share = 0;
  #reader: ByteReader | undefined;
  #decoder: Decoder<In>;
  readonly #clock: Clock;
  readonly #owner: InboxOwner;
  /** A chunk that is not decoded. While there is one, nothing is read. */
  #held: Bytes | undefined;
  #waited = false;
  /** The chunk that the decoder took last, while it may hold frames. */
  #decoding: Bytes | undefined;
  /** A frame that `peek` has decoded and `take` has not taken. */
  #ahead: In | undefined;
  /** The bytes that the decoder before the upgrade did not use. */
  #left: Bytes | undefined;
  /** Whether the decoder has given every frame of its input. */
  #dry = true;
  /** Whether the frame deadline starts anew: a frame came, or the session made the input wait. */
  #renewed = false;
  #ended = false;
  #stopped = false;
  #over = false;
  /**
   * An upper bound of the bytes that the decoder keeps of an unfinished frame. A decoder tells only whether it keeps
   * any.
   */
  #kept = 0;
  /** Whether the decoder has refused a frame, and drops the rest of it. */
  #dropping = false;

  constructor(decoder: Decoder<In>, clock: Clock, owner: InboxOwner) {
    this.#decoder = decoder;
    this.#clock = clock;
    this.#owner = owner;
    this.heardAt = clock.now();
  }

  /** Whether every frame of the received bytes has been taken. */
  get starved(): boolean {
    return this.#dry && this.#held === undefined;
  }

  /** Whether no further frame will come. */
  get exhausted(): boolean {
    return this.starved && (this.#ended || (this.#stopped && !this.eof));
  }

  /** Whether there is no unfinished frame and no end of input. */
  get idle(): boolean {
    return this.starved && this.frameBegunAt === Infinity && !this.eof && !this.#stopped;
  }

  /** Whether the decoder cannot tell where the next frame begins. */
  get lost(): boolean {
    return this.#decoder.lost === true;
  }

  /** Whether the frame taken last is the beginning of a longer one. */
  get truncated(): boolean {
    return this.#decoder.truncated === true;
  }

  /** Gives the reader up, until `run` is called with another. */
  release(): void {
    this.#reader = undefined;
  }

  /** Reads until the end of the input. */
  run(reader: ByteReader): void {
    this.#reader = reader;
    this.#read();
  }

  /**
   * Returns whether there is a frame to take. This decodes the frame: call it only where `switchTo` cannot be called
   * before `take`.
   *
   * @throws what the decoder throws
   */
  peek(): boolean {
    const frame = this.take();
    this.#ahead = frame;
    return frame !== undefined;
  }

  /** Returns the next frame, or `undefined` when there is none yet. @throws what the decoder throws */
  take(): In | undefined {
    if (this.#ahead === undefined) return this.#decodeNext();
    const frame = this.#ahead;
    this.#ahead = undefined;
    return frame;
  }

  /** Continues with another decoder behind the last frame taken. @throws {TypeError} the present one has no `unread` */
  switchTo(decoder: Decoder<In>): void {
    if (this.#decoder.unread === undefined) throw new TypeError("upgrade() needs a decoder with unread(), to leave it");
    // The other decoder would take the rest of the payload for frames.
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

  /** Takes no further chunk. Frames of earlier chunks can still be taken. */
  stop(): void {
    this.#stopped = true;
  }

  /** Counts bytes that the connection has dropped. */
  noteDropped(bytes: number): void {
    if (this.#over) return;
    this.bytesIn += bytes;
    this.bytesDiscarded += bytes;
  }

  /** Ends the counts: the connection is over. */
  end(): void {
    if (!this.#over) this.bytesDiscarded += this.#held?.length ?? 0;
    this.#over = this.#stopped = true;
    this.#account();
  }

  #decodeNext(): In | undefined {
    this.#dry = false;
    try {
      const frame = nextFrame(this.#decoder, this);
      if (frame === undefined) {
        this.#runDry();
        return undefined;
      }
      this.framesIn += 1;
      this.#dropping = false;
      this.#renewed = true;
      return frame;
    } catch (error) {
      this.#dropping = this.#renewed = true;
      throw error;
    }
  }

  feed(): boolean {
    this.#useUp();
    if (this.#left !== undefined) this.#decodeLeft(this.#left);
    else if (this.#held !== undefined) this.#decode(this.#held);
    else if (this.eof && !this.#ended) this.#end();
    else return false;
    return true;
  }

  #runDry(): void {
    this.#dry = true;
    this.#noteFrameBegun();
    this.#account();
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

  /** Reports a change of the waiting bytes to the budget. */
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

  /**
   * Updates `#kept` when the decoder ran dry behind a chunk. A frame that began in the chunk counts as the whole chunk.
   */
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
    this.heardAt = this.#clock.now();
    this.#owner.onHeard();
    if (this.#stopped) {
      this.bytesDiscarded += value.length;
      return this.#read();
    }
    this.#held = value;
    this.#owner.onInput();
    this.#account();
    if (this.#held === undefined) this.#read();
    else this.#waited = true;
  };

  #onEof(): void {
    // After `stop`, neither further input nor its end matters.
    if (this.#stopped) return;
    this.eof = true;
    this.#owner.onInput();
  }

  readonly #onError = (error: unknown): void => {
    this.#stopped = true;
    this.#owner.onBroken(error);
  };
}
