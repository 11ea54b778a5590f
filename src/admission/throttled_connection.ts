import type {
  Address,
  ByteReader,
  Bytes,
  ByteWriter,
  Connection,
  ConnectionOwner,
  SpillwayError,
  TransportConnection,
} from "../core/mod.ts";
import { type Throttle, ThrottledReader } from "./throttled_reader.ts";

/**
 * A connection whose input is read at a limited rate. Everything else is that of the connection underneath: addresses,
 * output, the ends.
 */
export class ThrottledConnection implements TransportConnection {
  readonly #connection: TransportConnection;
  readonly #throttle: Throttle;
  #reader: ThrottledReader | undefined;
  #readable: ReadableStream<Bytes> | undefined;
  #owner: ConnectionOwner | undefined;

  constructor(connection: Connection, throttle: Throttle) {
    this.#connection = connection;
    this.#throttle = throttle;
  }

  get readable(): ReadableStream<Bytes> {
    if (this.#owner !== undefined) return this.#readable ?? this.#connection.readable;
    this.#readable ??= this.#stream();
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#connection.writable;
  }

  get remoteAddress(): Address {
    return this.#connection.remoteAddress;
  }

  get localAddress(): Address {
    return this.#connection.localAddress;
  }

  get closed(): Promise<SpillwayError | undefined> {
    return this.#connection.closed;
  }

  own(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter } {
    if (this.#readable !== undefined || this.#connection.own === undefined) return this.#lock(owner);
    const { reader, writer } = this.#connection.own({
      get readsOn() {
        return owner.readsOn === true;
      },
      onClosed: (error) => {
        this.#onClosed(error);
        owner.onClosed(error);
      },
      onDropped: (bytes) => owner.onDropped(bytes),
      onTaken: (bytes) => owner.onTaken(bytes),
    });
    this.#owner = owner;
    this.#reader = new ThrottledReader(reader, this.#throttle);
    return { reader: this.#reader, writer };
  }

  async close(): Promise<void> {
    const closed = this.#connection.close();
    this.#drop();
    await closed;
  }

  finish(): void {
    if (this.#connection.finish === undefined) void this.#connection.close();
    else this.#connection.finish();
    this.#drop();
  }

  abort(reason?: unknown): void {
    this.#connection.abort(reason);
    this.#reader?.release();
  }

  /** Drops the bytes that were not given, as the connection drops those that it has not read. */
  #drop(): void {
    const dropped = this.#reader?.heldBytes ?? 0;
    this.#reader?.release();
    if (dropped > 0) this.#owner?.onDropped(dropped);
  }

  #onClosed(error: SpillwayError | undefined): void {
    // After an orderly end, what was read before can still be given.
    if (error !== undefined) this.#reader?.release();
  }

  #lock(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter } {
    const reader = this.readable.getReader();
    const writer = this.#connection.writable.getWriter();
    this.#owner = owner;
    void this.closed.then((error) => owner.onClosed(error));
    return { reader, writer };
  }

  #stream(): ReadableStream<Bytes> {
    const native = this.#connection.readable.getReader();
    const reader = new ThrottledReader(native, this.#throttle);
    this.#reader = reader;
    void this.closed.then((error) => this.#onClosed(error));
    const pull = async (controller: ReadableStreamDefaultController<Bytes>): Promise<void> => {
      const { done, value } = await new Promise<ReadableStreamReadResult<Bytes>>((resolve, reject) =>
        reader.read().then(resolve, reject),
      );
      if (done) controller.close();
      else controller.enqueue(value);
    };
    const cancel = (reason: unknown): Promise<void> => {
      reader.release();
      return native.cancel(reason);
    };
    return new ReadableStream<Bytes>({ pull, cancel }, { highWaterMark: 0 });
  }
}
