/**
 * The seam between Spillway and a runtime: interfaces only.
 *
 * A {@link Transport} is all that the core knows of the outside. It moves bytes, names addresses and maps native
 * errors to {@link SpillwayError}; every limit, deadline and policy lives in the core.
 */
import type { SpillwayError } from "../errors/errors.ts";

/** Bytes as they arrive: never backed by shared memory, so they can be handed to any WHATWG stream. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** One end of a TCP connection. */
export interface TcpAddress {
  /**
   * A numeric address: `127.0.0.1`, `::1`, `fe80::1%eth0`. An IPv4 peer of a listener on `::` has its plain IPv4 address, never
   * `::ffff:127.0.0.1`. Of a listener on Bun: the name that was asked for. Empty when the connection was reset before it was
   * accepted: the kernel has forgotten it.
   */
  readonly hostname: string;
  /** 1 to 65535; 0 when the hostname is empty. */
  readonly port: number;
  readonly path?: undefined;
}

/** One end of a connection through a Unix domain socket. */
export interface UnixAddress {
  /** Of the socket. Begins with NUL for an abstract one; empty for one that has no name, as that of most clients. */
  readonly path: string;
  readonly hostname?: undefined;
  readonly port?: undefined;
}

/**
 * One end of a connection. `address.path === undefined` tells that it is a {@link TcpAddress}. No transport of this version gives a
 * {@link UnixAddress}.
 */
export type Address = TcpAddress | UnixAddress;

/** Where to listen. */
export interface ListenOptions {
  /** A name or numeric address. */
  readonly hostname: string;
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number;
  /**
   * How many connections may wait for `accept`. The kernel caps it (`net.core.somaxconn`, 4096 on Linux); a runtime
   * with a fixed backlog ignores it.
   */
  readonly backlog: number;
  /**
   * Probe accepted connections on which nothing has come for so long: whole seconds. Left out: do not. A runtime that cannot refuses with
   * `runtime-unsupported`.
   */
  readonly keepAliveMs?: number;
}

/** Where to connect to. */
export interface ConnectOptions {
  /** A name or numeric address. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
  /**
   * The numeric address of this machine to connect from. Default: the system chooses. A runtime that cannot choose it fails with
   * `runtime-unsupported`.
   */
  readonly localAddress?: string;
  /** Gives up the attempt; has no effect once connected. */
  readonly signal?: AbortSignal;
  /** As {@link ListenOptions.keepAliveMs}. */
  readonly keepAliveMs?: number;
}

/**
 * A byte stream in each direction.
 *
 * - **Owns**: whoever holds the connection must see it to its end, by reading to EOF and closing `writable`, by
 *   `close()`, or by `abort()`. A chunk that was read belongs to the reader, with its buffer.
 *   A chunk that was written belongs to the connection until its `write()` promise settles; it may be a part of a larger buffer,
 *   which must not be transferred.
 * - **Pushes back**: nothing is read ahead of demand beyond one chunk; `writable` signals through `ready` and
 *   `desiredSize` (bytes) while the kernel takes no more.
 * - **On abort**: both streams error with a {@link SpillwayError} and what was not sent is lost.
 */
export interface Connection {
  /** Incoming bytes; closes at the peer's FIN, errors when the connection breaks. */
  readonly readable: ReadableStream<Bytes>;
  /** Outgoing bytes; closing it is the half-close (FIN): `readable` stays open. */
  readonly writable: WritableStream<Uint8Array>;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  /** Fulfils (never rejects) when the descriptor is released; with the error that broke the connection, if one did. */
  readonly closed: Promise<SpillwayError | undefined>;
  /**
   * Ends in order: flushes what was written, sends FIN, reads and drops input until the peer's FIN, releases.
   * Waits for as long as the peer takes: bound it with `abort()`. Works on locked streams; calling it again, or
   * on a connection that is over, returns the same end.
   */
  close(): Promise<void>;
  /**
   * Ends now, with a reset (RST) where the runtime can send one. Unsent bytes are lost. Does nothing when over. Once `close()` has
   * sent FIN it sends no reset and only releases: the kernel goes on delivering what it took, until input meets the closed end.
   */
  abort(reason?: unknown): void;
}

/**
 * What a read or a write gives: it calls back as soon as the result is known, at once if it is known already. Promises are
 * outcomes too.
 */
export interface Outcome<Value> {
  then(onDone: (value: Value) => void, onError: (error: unknown) => void): unknown;
}

/** Reads a connection: a `ReadableStreamDefaultReader`, or what is like one and costs less. */
export interface ByteReader {
  /** The next chunk, or the end. One read at a time. */
  read(): Outcome<ReadableStreamReadResult<Bytes>>;
  /**
   * Takes back a chunk that was read, and to which nothing refers any more: a later read, of this connection or another, may
   * use its memory. Left out where a runtime brings its own.
   */
  recycle?(chunk: Bytes): void;
}

/** Writes text to a connection, as UTF-8. */
export interface TextWriter {
  /** As {@link ByteWriter.write}. */
  writeText(text: string): Outcome<void>;
  /** How many bytes it is. */
  byteLength(text: string): number;
}

/** Writes to a connection: a `WritableStreamDefaultWriter`, or what is like one and costs less. */
export interface ByteWriter {
  /** Sends a chunk, which must not change until it is sent. One write at a time. */
  write(bytes: Uint8Array): Outcome<void>;
  /** Sends text. Left out where that costs no less than to send its bytes. */
  readonly textWriter?: TextWriter | undefined;
  /** Sends FIN. */
  close(): Outcome<void>;
  /**
   * Whether a write that is not done at once was refused by the kernel, for want of room. Left out: it may just not have been
   * tried yet.
   */
  readonly prompt?: boolean;
  /**
   * Offers the kernel again what it refused, although it did not say that there is room: on some runtimes that shows more than
   * is reported.
   */
  offerAgain?(): void;
}

/** The owner of a {@link TransportConnection}: told by a call of what would cost a promise and its callbacks for as long as it lasts. */
export interface ConnectionOwner {
  /**
   * Whether a write that met a reset ends the writing only: what the system has received goes on being read, to its end. The owner aborts the
   * connection then. Where the runtime closes the whole at once, it is over all the same.
   */
  readonly readsOn?: boolean;
  /** What `closed` tells. */
  onClosed(error: SpillwayError | undefined): void;
  /** So many bytes came after `close()`, and were dropped: the peer is still there. */
  onDropped(bytes: number): void;
  /** The kernel took so many bytes of the write that is in progress, and not all of it. */
  onTaken(bytes: number): void;
}

/** A {@link Connection} that may be used without native streams: a transport may leave `own` out. */
export interface TransportConnection extends Connection {
  /**
   * Locks both streams for `owner`, which reads and writes without them: native streams are made only when somebody asks for
   * them. Tells it of the end in a microtask of its own, as `closed` would.
   *
   * @throws {TypeError} it has an owner, or one of its streams is locked
   */
  own?(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter };
}

/**
 * Accepts connections.
 *
 * Iterating yields each new connection. A rejected `next()` does not end the iteration: the error's `code` says
 * whether to call it again (`connection-aborted`, `out-of-descriptors`), that the listener is gone (`listener-closed`), or
 * that accepting failed for good (anything else). After `close()` the iteration is done.
 *
 * **Pushes back**: while nobody calls `next()`, new connections wait in the kernel's backlog or, on a runtime that
 * accepts on its own (Node, Bun), unread in a queue of at most `backlog` connections.
 */
export interface Listener extends AsyncIterable<Connection> {
  readonly address: TcpAddress;
  [Symbol.asyncIterator](): AsyncIterator<Connection>;
  /**
   * Stops accepting at once; connections that nobody took can still be taken, and then the iteration is done. A listener that has none, as
   * nothing is accepted before it is asked for, leaves it out.
   */
  finish?(): void;
  /** Stops accepting at once and aborts connections that nobody took. Connections that were taken live on. */
  close(): void;
}

/** What a runtime must provide to carry Spillway. */
export interface Transport {
  /** Name and version of what carries the bytes, such as `node 20.20.2`. */
  readonly name: string;
  /** @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported` */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`,
   * `runtime-unsupported`
   */
  connect(options: ConnectOptions): Promise<Connection>;
  /**
   * Calls back once, as soon as the runtime has polled for input: long work goes on then, and starves nobody. A transport may leave
   * it out: the core then has a way that serves every runtime, if not as well.
   */
  afterIo?(callback: () => void): void;
}
