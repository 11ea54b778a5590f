import type { Driver } from "./driver.ts";
import type { ByteReader, Bytes, Outcome } from "./transport.ts";

type Result = ReadableStreamReadResult<Bytes>;

const END = { done: true, value: undefined } as unknown as Result;

/**
 * The input of a `DriverConnection`: a reader for its owner, or the source of a native stream for everybody else.
 *
 * A read gives the reader itself, which is not a promise: it calls back within the call that brings the chunk. A native stream
 * costs several promises for each chunk, and more than half of all that a short connection costs.
 */
export class DirectReader implements ByteReader, Outcome<Result> {
  readonly #driver: Driver;
  /** The read that is under way. */
  #onResult: ((result: Result) => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;
  /** A chunk is being handed over: whether another is wanted shows when that returns. */
  #pushing = false;
  /** `discarding`: input is read only to find its end. `ended`: FIN came, or the connection broke. */
  #state: "open" | "discarding" | "ended" = "open";
  #error: unknown;
  /** Chunks that came although no read waited for them. */
  #unread: Bytes[] | undefined;
  #stream: NativeInput | undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** FIN came, or the connection broke. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  get discarding(): boolean {
    return this.#state === "discarding";
  }

  /** One at a time; it begins when the result is waited for. */
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

  recycle(chunk: Bytes): void {
    this.#driver.recycle?.(chunk);
  }

  /** The driver has input. False: hold further input until the next `pull`. */
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

  /** FIN came. */
  end(): void {
    if (this.#state === "open") this.#stream?.controller.close();
    this.#state = "ended";
    this.#answerEnd();
  }

  /** Nothing further is of interest but the end. */
  discard(): void {
    this.#state = "discarding";
    this.#unread = undefined;
    this.#answerEnd();
    if (!this.#pushing) this.#driver.pull();
  }

  /** Nothing further comes. */
  break(error: unknown): void {
    const onError = this.#onError;
    const waiting = this.#onResult !== undefined;
    if (this.#state === "open") this.#stream?.controller.error(error);
    if (this.#state !== "ended") this.#error = error;
    this.#state = "ended";
    this.#unread = this.#onResult = this.#onError = undefined;
    if (waiting) onError?.(error);
  }

  /** Ends the native stream of a connection that is closed. */
  closeStream(): void {
    this.#stream?.controller.close();
  }

  /** A native stream over what comes. Call it once, and only while nobody reads. */
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

/** The native stream, once there is one. */
class NativeInput {
  readonly controller: ReadableStreamDefaultController<Bytes>;
  readonly #driver: Driver;
  /** Settles the pull that the driver is answering. */
  #endPull: (() => void) | undefined;

  constructor(controller: ReadableStreamDefaultController<Bytes>, driver: Driver) {
    this.controller = controller;
    this.#driver = driver;
  }

  /** Stays pending while the driver delivers without being asked: so a read costs the stream no pull. */
  pull(): Promise<void> {
    return new Promise((resolve) => {
      this.#endPull = resolve;
      this.#driver.pull();
    });
  }

  /** False: hold further input until the next pull. */
  enqueue(bytes: Bytes): boolean {
    this.controller.enqueue(bytes);
    if ((this.controller.desiredSize as number) >= 0) return true;
    this.#endPull?.();
    this.#endPull = undefined;
    return false;
  }
}
