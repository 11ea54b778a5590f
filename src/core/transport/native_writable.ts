import { SpillwayError } from "../errors/errors.ts";
import type { ByteWriter } from "./transport.ts";

/** The number of bytes that the stream queues before its writer should wait. */
const QUEUED_BYTES = 65_536;

/** The connection of a {@link NativeWritable}. */
interface Owner {
  abort(reason: unknown): void;
  finishWhenSent(): void;
}

/** A native stream over the writer of a connection, created when somebody asks for it. */
export class NativeWritable {
  readonly stream: WritableStream<Uint8Array>;
  /** The number of chunks, including empty ones, that were written to the stream and are not sent. */
  unsent = 0;
  readonly #writer: ByteWriter & { readonly finishing: boolean };
  readonly #connection: Owner;
  #controller!: WritableStreamDefaultController;

  constructor(writer: ByteWriter & { readonly finishing: boolean }, connection: Owner) {
    this.#writer = writer;
    this.#connection = connection;
    this.stream = new WritableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        write: (bytes) => this.#write(bytes),
        close: () => new Promise<void>((resolve, reject) => writer.close().then(resolve, reject)),
        abort: (reason) => connection.abort(reason),
      },
      { highWaterMark: QUEUED_BYTES, size: (bytes) => this.#enqueued(bytes) },
    );
  }

  /** Errors the stream: nothing more can be written. */
  fail(error: SpillwayError): void {
    this.#controller.error(error);
  }

  #enqueued(bytes: Uint8Array): number {
    this.unsent += 1;
    if (bytes instanceof Uint8Array) return bytes.length;
    // The throw errors the stream, which drops its queue. A close need not wait for it.
    this.unsent = -Infinity;
    throw new TypeError("what is written to a connection must be a Uint8Array");
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#writer.finishing) throw new SpillwayError("aborted", "the connection is closing");
    await new Promise<void>((resolve, reject) => this.#writer.write(bytes).then(resolve, reject));
    this.unsent -= 1;
    this.#connection.finishWhenSent();
  }
}
