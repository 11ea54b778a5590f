import type { Driver } from "./driver.ts";
import type { ByteWriter, Outcome, TextWriter } from "./transport.ts";

/** The connection of a {@link DirectWriter}, which is told when FIN is sent. */
interface Owner {
  outputEnded(): void;
}

/**
 * The output of a `DriverConnection`: a writer for its owner, and the sink of a native stream for others.
 *
 * `write` returns the writer itself, which is not a promise: it calls back at once when the kernel took everything at
 * once.
 *
 * States: `free` ⇄ `writing`. From `free`, `close` leads through `finishing` to `ended`. A break leads to `ended` from
 * every state.
 */
export class DirectWriter implements ByteWriter, TextWriter, Outcome<void> {
  readonly #driver: Driver;
  readonly #connection: Owner;
  #state: "free" | "writing" | "finishing" | "ended" = "free";
  #onDone: (() => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;
  /** The error because of which nothing can be sent. */
  #error: unknown;

  constructor(driver: Driver, connection: Owner) {
    this.#driver = driver;
    this.#connection = connection;
  }

  get prompt(): boolean {
    return this.#driver.promptWrites === true;
  }

  get sending(): boolean {
    return this.#state === "writing";
  }

  /** Whether FIN was asked for, or nothing can be sent any more. */
  get finishing(): boolean {
    return this.#state === "finishing" || this.#state === "ended";
  }

  /** Whether FIN was sent, or nothing can be sent any more. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  get textWriter(): TextWriter | undefined {
    return this.#driver.writeText === undefined ? undefined : this;
  }

  write(bytes: Uint8Array): this {
    if (this.#state === "free" && bytes.length > 0 && !this.#driver.write(bytes)) this.#state = "writing";
    return this;
  }

  writeText(text: string): this {
    if (this.#state === "free" && this.#driver.writeText?.(text) === false) this.#state = "writing";
    return this;
  }

  byteLength(text: string): number {
    return this.#driver.byteLength?.(text) ?? 0;
  }

  /** Sends FIN. */
  close(): this {
    if (this.finishing) return this;
    this.#state = "finishing";
    if (this.#driver.finish()) this.#end();
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this is what makes a write an Outcome
  then(onDone: () => void, onError: (error: unknown) => void): void {
    if (this.#error !== undefined) return onError(this.#error);
    if (this.#state === "free" || this.#state === "ended") return onDone();
    this.#onDone = onDone;
    this.#onError = onError;
  }

  offerAgain(): void {
    if (this.#state === "writing") this.#driver.retry?.();
  }

  /** Notes that the kernel took the rest of the write, or FIN. */
  done(): void {
    const onDone = this.#onDone;
    this.#onDone = this.#onError = undefined;
    if (this.#state === "finishing") this.#end();
    else this.#state = "free";
    onDone?.();
  }

  /** Ends with an error. */
  break(error: unknown): void {
    const onError = this.#onError;
    this.#error = error;
    this.#state = "ended";
    this.#onDone = this.#onError = undefined;
    onError?.(error);
  }

  #end(): void {
    this.#state = "ended";
    this.#connection.outputEnded();
  }
}
