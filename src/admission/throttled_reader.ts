import type { ByteReader, Bytes, Clock, Outcome } from "../core/mod.ts";
import type { TokenRate } from "./token_rate.ts";

type Result = ReadableStreamReadResult<Bytes>;

/** The rate of a {@link ThrottledReader}. */
export interface Throttle {
  /** A token is a byte. */
  readonly rate: TokenRate;
  /** The bytes for which a longer chunk waits. At most what a bucket holds. */
  readonly stepBytes: number;
  readonly clock: Clock;
}

/**
 * A reader that gives no more bytes than its rate allows. It reads a chunk at once, so that it needs no timer while the
 * peer is silent, and gives it in pieces. One read at a time.
 */
export class ThrottledReader implements ByteReader, Outcome<Result> {
  #reader: ByteReader;
  readonly #throttle: Throttle;
  /** The bytes that were read and not given. */
  #held: Bytes | undefined;
  /** The chunks that were given and are a part of one that was read. */
  #pieces: WeakSet<Bytes> | undefined;
  /** The instant at which the bucket will be full. */
  #fullAt = 0;
  #timer: unknown;
  /** The callbacks of the pending read. */
  #onResult: ((result: Result) => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;

  constructor(reader: ByteReader, throttle: Throttle) {
    this.#reader = reader;
    this.#throttle = throttle;
  }

  /** The number of bytes that were read and not given. */
  get heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  /** Returns the outcome of the next read, which begins when `then` is called. */
  read(): this {
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this is what makes a read an Outcome
  then(onResult: (result: Result) => void, onError: (error: unknown) => void): void {
    this.#onResult = onResult;
    this.#onError = onError;
    if (this.#held === undefined) this.#reader.read().then(this.#onRead, this.#onReadFailed);
    else this.#give(this.#held);
  }

  recycle(chunk: Bytes): void {
    // Other pieces lie in the same memory.
    if (this.#pieces?.has(chunk) !== true) this.#reader.recycle?.(chunk);
  }

  /** Reads on from another reader of the same connection. */
  readFrom(reader: ByteReader): void {
    this.#reader = reader;
  }

  /** Forgets the pending read. The bytes that were not given wait for the next one. */
  forget(): void {
    this.#onResult = this.#onError = undefined;
    this.#throttle.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Drops the bytes that were not given, because the connection is over. The connection answers a pending read. */
  release(): void {
    const waits = this.#timer !== undefined;
    this.#throttle.clock.clearTimeout(this.#timer);
    this.#timer = this.#held = undefined;
    if (waits) this.#reader.read().then(this.#onRead, this.#onReadFailed);
  }

  readonly #onRead = (result: Result): void => {
    if (result.done) return this.#answer(result);
    this.#held = result.value;
    this.#give(result.value);
  };

  readonly #onReadFailed = (error: unknown): void => {
    const onError = this.#onError;
    this.#onResult = this.#onError = undefined;
    onError?.(error);
  };

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    if (this.#held !== undefined) this.#give(this.#held);
  };

  /** Answers the pending read with as much of a chunk as there are tokens, now or when there are enough. */
  #give(chunk: Bytes): void {
    const { rate, stepBytes, clock } = this.#throttle;
    const now = clock.now();
    const tokens = rate.tokens(this.#fullAt, now);
    const wanted = Math.min(chunk.length, stepBytes);
    if (tokens < wanted) {
      this.#timer = clock.setTimeout(this.#onTimer, Math.max(1, Math.ceil(rate.durationOf(wanted - tokens))));
      return;
    }
    const count = Math.min(chunk.length, Math.floor(tokens));
    this.#fullAt = rate.spend(count, this.#fullAt, now);
    this.#answer({ done: false, value: this.#take(chunk, count) });
  }

  /** Takes bytes from the beginning of the chunk that is held. */
  #take(chunk: Bytes, count: number): Bytes {
    const isLast = count === chunk.length;
    const piece = isLast ? chunk : chunk.subarray(0, count);
    this.#held = isLast ? undefined : chunk.subarray(count);
    if (isLast) return piece;
    // The last piece will be the rest itself.
    this.#pieces ??= new WeakSet();
    this.#pieces.add(piece).add(this.#held as Bytes);
    return piece;
  }

  #answer(result: Result): void {
    const onResult = this.#onResult;
    this.#onResult = this.#onError = undefined;
    onResult?.(result);
  }
}
