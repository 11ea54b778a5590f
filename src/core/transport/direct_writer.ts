import type { Driver } from "./driver.ts";
import type { ByteWriter, Outcome, TextWriter } from "./transport.ts";

/** Told when nothing is written any more. */
interface Owner {
  outputEnded(): void;
}

/**
 * The output of a `DriverConnection`: a writer for its owner, and the sink of a native stream for everybody else.
 *
 * A write gives the writer itself, which is not a promise: it calls back at once when the kernel took everything at once.
 */
export class DirectWriter implements ByteWriter, TextWriter, Outcome<void> {
  readonly #driver: Driver;
  readonly #connection: Owner;
  /** The last chunk, or FIN, is on its way. */
  #sending = false;
  #finishing = false;
  #ended = false;
  /** Why nothing is sent any more. */
  #error: unknown;
  #onDone: (() => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;

  constructor(driver: Driver, connection: Owner) {
    this.#driver = driver;
    this.#connection = connection;
  }

  get prompt(): boolean {
    return this.#driver.promptWrites === true;
  }

  get sending(): boolean {
    return this.#sending;
  }

  /** FIN was asked for. */
  get finishing(): boolean {
    return this.#finishing;
  }

  /** FIN was sent, or nothing can be sent any more. */
  get ended(): boolean {
    return this.#ended;
  }

  get textWriter(): TextWriter | undefined {
    return this.#driver.writeText === undefined ? undefined : this;
  }

  write(bytes: Uint8Array): this {
    if (this.#error === undefined && bytes.length > 0) this.#sending = !this.#driver.write(bytes);
    return this;
  }

  writeText(text: string): this {
    if (this.#error === undefined) this.#sending = this.#driver.writeText?.(text) === false;
    return this;
  }

  byteLength(text: string): number {
    return this.#driver.byteLength?.(text) ?? 0;
  }

  /** Sends FIN. */
  close(): this {
    if (this.#finishing || this.#ended) return this;
    this.#finishing = true;
    if (this.#driver.finish()) this.#end();
    else this.#sending = true;
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this is what makes a write an Outcome
  then(onDone: () => void, onError: (error: unknown) => void): void {
    if (this.#error !== undefined) return onError(this.#error);
    if (!this.#sending) return onDone();
    this.#onDone = onDone;
    this.#onError = onError;
  }

  offerAgain(): void {
    if (this.#sending && !this.#finishing) this.#driver.retry?.();
  }

  /** The kernel took the rest of the write, or FIN. */
  done(): void {
    this.#sending = false;
    if (this.#finishing) this.#end();
    const onDone = this.#onDone;
    this.#onDone = this.#onError = undefined;
    onDone?.();
  }

  /** Nothing is sent any more. */
  break(error: unknown): void {
    const onError = this.#onError;
    this.#error = error;
    this.#ended = true;
    this.#sending = false;
    this.#onDone = this.#onError = undefined;
    onError?.(error);
  }

  #end(): void {
    this.#ended = true;
    this.#connection.outputEnded();
  }
}
