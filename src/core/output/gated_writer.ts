import type { ByteWriter, Outcome } from "../transport/transport.ts";

/** A writer that holds the write of its owner until another writer takes over. The owner has one write at a time. */
export class GatedWriter implements ByteWriter, Outcome<void> {
  #write: (() => Outcome<void>) | undefined;
  #open!: ByteWriter;
  #onDone: (() => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;

  write(bytes: Uint8Array): this {
    this.#write = () => this.#open.write(bytes);
    return this;
  }

  close(): this {
    this.#write = () => this.#open.close();
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this is what makes a write an Outcome
  then(onDone: () => void, onError: (error: unknown) => void): void {
    this.#onDone = onDone;
    this.#onError = onError;
  }

  /** Passes the held write on. Later ones go to `writer` itself. */
  open(writer: ByteWriter): void {
    this.#open = writer;
    if (this.#onDone !== undefined && this.#onError !== undefined) this.#write?.().then(this.#onDone, this.#onError);
  }
}
