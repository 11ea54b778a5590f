import {
  type Address,
  type ByteReader,
  type Bytes,
  type ByteWriter,
  type Connection,
  type ConnectionOwner,
  type HeadLength,
  type Identity,
  identify,
  type ProxyInfo,
  readHead,
  type SpillwayError,
  type TlsInfo,
  type TransportConnection,
} from "../core/mod.ts";
import { type Throttle, ThrottledReader } from "./throttled_reader.ts";

/**
 * A connection whose input is read at a limited rate, but for its head. Everything else is that of the connection
 * underneath: addresses, output, the ends. Its socket cannot be detached, because that would be read without a limit.
 */
export class ThrottledConnection implements TransportConnection {
  readonly #connection: TransportConnection;
  readonly #throttle: Throttle;
  #reader: ThrottledReader | undefined;
  #readable: ReadableStream<Bytes> | undefined;
  #owner: ConnectionOwner | undefined;
  /** The owner of the connection underneath. */
  #relay: ConnectionOwner | undefined;

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

  get tls(): TlsInfo | undefined {
    return this.#connection.tls;
  }

  get proxy(): ProxyInfo | undefined {
    return this.#connection.proxy;
  }

  get closed(): Promise<SpillwayError | undefined> {
    return this.#connection.closed;
  }

  own(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter } {
    if (this.#readable !== undefined || this.#connection.own === undefined) return this.#lock(owner);
    const relay = this.#relayTo(owner);
    const { reader, writer } = this.#connection.own(relay);
    this.#owner = owner;
    this.#relay = relay;
    return { reader: this.#throttled(reader), writer };
  }

  disown(owner: ConnectionOwner): void {
    if (this.#owner !== owner || this.#relay === undefined) return;
    this.#connection.disown?.(this.#relay);
    this.#owner = this.#relay = undefined;
    this.#reader?.forget();
  }

  /** @throws {TypeError} bytes wait that came before the head */
  readHead(lengthOf: HeadLength, signal?: AbortSignal): Promise<Bytes> {
    if (this.#reader !== undefined && this.#reader.heldBytes > 0) {
      throw new TypeError("readHead() must come before anything else reads the connection");
    }
    return readHead(this.#connection, lengthOf, signal);
  }

  identify(identity: Identity): void {
    identify(this.#connection, identity);
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
  }

  /** Drops the bytes that were not given, as the connection drops those that it has not read. */
  #drop(): void {
    const dropped = this.#reader?.heldBytes ?? 0;
    this.#reader?.release();
    if (dropped > 0) this.#owner?.onDropped(dropped);
  }

  /** Returns the reader of all owners, one after the other: the bytes that one has not got are for the next. */
  #throttled(reader: ByteReader): ThrottledReader {
    this.#reader ??= new ThrottledReader(reader, this.#throttle);
    this.#reader.readFrom(reader);
    return this.#reader;
  }

  #relayTo(owner: ConnectionOwner): ConnectionOwner {
    return {
      get readsOn() {
        return owner.readsOn === true;
      },
      onClosed: (error) => {
        this.#onClosed(error);
        owner.onClosed(error);
      },
      onDropped: (bytes) => owner.onDropped(bytes),
      onTaken: (bytes) => owner.onTaken(bytes),
    };
  }

  #onClosed(error: SpillwayError | undefined): void {
    // After an orderly end, input that was read before can still be given.
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
    const reader = this.#throttled(native);
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
