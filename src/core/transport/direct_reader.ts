import type { Driver } from "./driver.ts";
import type { ByteReader, Bytes, Outcome } from "./transport.ts";

type Result = ReadableStreamReadResult<Bytes>;

const END = { done: true, value: undefined } as unknown as Result;

/**
 * The input of a `DriverConnection`: a reader for its owner, or the source of a native stream for others.
 *
 * `read` returns the reader itself, which is not a promise: it calls back within the call that brings the chunk. A
 * native stream costs several promises for each chunk, and more than half of everything that a short connection costs.
 */
export class DirectReader implements ByteReader, Outcome<Result> {
  readonly #driver: Driver;
  /** The callbacks of the pending read. */
  #onResult: ((result: Result) => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;
  /** Whether a chunk is being delivered: only when that returns is it known whether another is wanted. */
  #pushing = false;
  /** `discarding`: input is read only to find its end. `ended`: FIN came, or the connection broke. */
  #state: "open" | "discarding" | "ended" = "open";
  #error: unknown;
  /** Chunks that came without a pending read. */
  #unread: Bytes[] | undefined;
  #stream: NativeInput | undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Whether FIN came, or the connection broke. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Whether a read is pending. */
  get reading(): boolean {
    return this.#onResult !== undefined;
  }

  get discarding(): boolean {
    return this.#state === "discarding";
  }

  /** Returns the outcome of the next read, which begins when `then` is called. One read at a time. */
  read(): this {
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this is what makes a read an Outcome
  then(onResult: (result: Result) => void, onError: (error: unknown) => void): void {
    const chunk = this.#unread?.shift();
    if (chunk !== undefined) return onResult({ done: false, value: chunk });
    if (this.#error !== undefined) return onError(this.#error);
    if (this.#state !== "open") return onResult(END);
    this.#onResult = onResult;
    this.#onError = onError;
    if (!this.#pushing) this.#driver.pull();
  }

  /** Gives back bytes that were read: the next read returns them first. */
  unread(bytes: Bytes): void {
    this.#unread ??= [];
    this.#unread.unshift(bytes);
  }

  /** Returns the chunks that came without a pending read, and keeps none. */
  takeUnread(): Bytes[] {
    const chunks = this.#unread ?? [];
    this.#unread = undefined;
    return chunks;
  }

  /** Forgets the pending read: a chunk that comes waits for the next one. */
  forget(): void {
    this.#onResult = this.#onError = undefined;
  }

  recycle(chunk: Bytes): void {
    this.#driver.recycle?.(chunk);
  }

  /** Takes input of the driver. Returns false to hold further input until the next `pull`. */
  push(bytes: Bytes): boolean {
    if (this.#state !== "open") return this.discarding;
    if (this.#stream !== undefined) return this.#stream.enqueue(bytes);
    const onResult = this.#onResult;
    if (onResult === undefined) {
      this.#unread ??= [];
      this.#unread.push(bytes);
      return false;
    }
    this.#onResult = undefined;
    this.#pushing = true;
    onResult({ done: false, value: bytes });
    this.#pushing = false;
    return this.#onResult !== undefined || this.discarding;
  }

  /** Notes FIN. */
  end(): void {
    if (this.#state === "open") this.#stream?.controller.close();
    this.#state = "ended";
    this.#answerEnd();
  }

  /** Notes an end that is an error: input that came before it can still be read. */
  cutOff(error: unknown): void {
    if (this.#state !== "open") return this.end();
    const onError = this.#onError;
    this.#stream?.controller.error(error);
    this.#error = error;
    this.#state = "ended";
    this.#onResult = this.#onError = undefined;
    onError?.(error);
  }

  /** Drops further input, and reads on to its end. */
  discard(): void {
    this.#state = "discarding";
    this.#unread = undefined;
    this.#answerEnd();
    if (!this.#pushing) this.#driver.pull();
  }

  /** Ends with an error. */
  break(error: unknown): void {
    const onError = this.#onError;
    const waiting = this.#onResult !== undefined;
    if (this.#state === "open") this.#stream?.controller.error(error);
    if (this.#state !== "ended") this.#error = error;
    this.#state = "ended";
    this.#unread = this.#onResult = this.#onError = undefined;
    if (waiting) onError?.(error);
  }

  /** Ends the native stream, because the connection is closed. */
  closeStream(): void {
    this.#stream?.controller.close();
  }

  /** Creates a native stream over the input. Call this once, and only without a pending read. */
  stream(onCancel: () => void): ReadableStream<Bytes> {
    return new ReadableStream<Bytes>(
      {
        start: (controller) => this.#startStream(controller),
        pull: () => this.#stream?.pull(),
        cancel: onCancel,
      },
      { highWaterMark: 0 },
    );
  }

  #startStream(controller: ReadableStreamDefaultController<Bytes>): void {
    this.#stream = new NativeInput(controller, this.#driver);
    for (const chunk of this.#unread ?? []) controller.enqueue(chunk);
    this.#unread = undefined;
    if (this.#error !== undefined) controller.error(this.#error);
    else if (this.#state !== "open") controller.close();
  }

  #answerEnd(): void {
    const onResult = this.#onResult;
    this.#onResult = this.#onError = undefined;
    onResult?.(END);
  }
}

/** The native stream, once it is created. */
class NativeInput {
  readonly controller: ReadableStreamDefaultController<Bytes>;
  readonly #driver: Driver;
  /** Settles the pull that the driver answers. */
  #endPull: (() => void) | undefined;

  constructor(controller: ReadableStreamDefaultController<Bytes>, driver: Driver) {
    this.controller = controller;
    this.#driver = driver;
  }

  /**
   * Returns a promise that stays pending while the driver delivers on its own, so that a read needs no pull of the
   * stream.
   */
  pull(): Promise<void> {
    return new Promise((resolve) => {
      this.#endPull = resolve;
      this.#driver.pull();
    });
  }

  /** Returns false to hold further input until the next pull. */
  enqueue(bytes: Bytes): boolean {
    this.controller.enqueue(bytes);
    if ((this.controller.desiredSize as number) >= 0) return true;
    this.#endPull?.();
    this.#endPull = undefined;
    return false;
  }
}
