/**
 * The seam between Spillway and a runtime: interfaces only.
 *
 * A {@link Transport} is all that the core knows of a runtime. It moves bytes, names addresses, and maps native errors
 * to {@link SpillwayError}. Every limit, deadline and policy lies in the core.
 */
import type { SpillwayError } from "../errors/errors.ts";
import type { AcceptTurns } from "./accept_turns.ts";
import type { Address } from "./address.ts";
import type { Bytes } from "./bytes.ts";
import type { ConnectionFacts } from "./connection_info.ts";
import type { HeldSocket, SentSocket } from "./held_socket.ts";

export type { AcceptTurns } from "./accept_turns.ts";
export type { Address, TcpAddress, UnixAddress } from "./address.ts";
export type { Bytes } from "./bytes.ts";
export type { HeldSocket, SentSocket } from "./held_socket.ts";

/** Options of a listener of any kind. */
export interface AnyListenOptions {
  /**
   * The number of connections that may wait to be accepted. The kernel limits it (`net.core.somaxconn`, 4096 on Linux).
   * A runtime with a fixed backlog ignores it: Bun, and Deno at a path.
   */
  readonly backlog: number;
  /**
   * Whether a step will take the sockets of the runtime out of the connections (`detach`). A wish: a runtime that can
   * listen in several ways chooses the one whose connections have sockets. Default: false.
   */
  readonly detachable?: boolean;
}

/** Options of accepted TCP connections. */
export interface AcceptedTcpOptions {
  /**
   * The time without input after which accepted connections are probed, in whole seconds. Default: no probes. A runtime
   * that cannot probe refuses with `runtime-unsupported`.
   */
  readonly keepAliveMs?: number;
  /**
   * Whether small writes of accepted connections are sent at once (TCP_NODELAY). With `false` they wait for the
   * acknowledgement of earlier ones, as Nagle's algorithm has it. Default: true.
   */
  readonly noDelay?: boolean;
}

/** {@link Transport.listen} on a TCP port. */
export interface TcpListenOptions extends AnyListenOptions, AcceptedTcpOptions {
  /** A name or numeric address. */
  readonly hostname: string;
  /** 0 to 65535. With 0, the system chooses a port. */
  readonly port: number;
  /**
   * Whether a listener on `::` leaves IPv4 to another listener. Default: false, it takes both. Deno cannot and refuses
   * `true` with `runtime-unsupported`.
   */
  readonly ipv6Only?: boolean;
  /**
   * Whether other processes of this user may listen on the same port, if they ask for it too (SO_REUSEPORT): the kernel
   * distributes connections among them. Default: false. Refused with `runtime-unsupported` by Node before 22.12, by Deno
   * without `--unstable-net`, and where the system cannot.
   */
  readonly reusePort?: boolean;
  readonly path?: undefined;
  readonly mode?: undefined;
  readonly fd?: undefined;
  readonly turns?: undefined;
}

/** {@link Transport.listen} at a path: a Unix domain socket. */
export interface UnixListenOptions extends AnyListenOptions {
  /**
   * The path of the socket. Its directory must exist. A socket at this path that nobody listens on is replaced; a live
   * one, or a file of another kind, is `address-in-use`. The listener removes the socket when it closes, if it is still
   * its own.
   *
   * At most 99 bytes in UTF-8 on Linux, 95 elsewhere: the kernel takes 8 more, which the listener needs while it puts
   * the socket in place. With NUL as the first character it is an abstract socket, which is no file: Linux only, at most
   * 107 bytes, refused by Node before 21, which would give it another name than other programs do.
   */
  readonly path: string;
  /**
   * The permissions of the socket, which hold before anybody can connect. To connect is to write. Default: `0o600`, only
   * this user may connect. An abstract socket has none: there everybody on this machine may connect.
   */
  readonly mode?: number;
  readonly hostname?: undefined;
  readonly port?: undefined;
  readonly ipv6Only?: undefined;
  readonly reusePort?: undefined;
  readonly keepAliveMs?: undefined;
  readonly noDelay?: undefined;
  readonly fd?: undefined;
  readonly turns?: undefined;
}

/** {@link Transport.listen} on a socket that another process has bound, such as systemd. */
export interface DescriptorListenOptions extends AnyListenOptions, AcceptedTcpOptions {
  /**
   * The descriptor of a bound stream socket, TCP or Unix. The listener owns it, and closes it. A Unix socket stays in its
   * directory: the process that has made it removes it. `keepAliveMs` and `noDelay` are for TCP.
   *
   * Deno's own listener cannot take a descriptor, so the transport of `spillway/deno` refuses with
   * `runtime-unsupported`. Those of `spillway` and `spillway/node` listen through `node:net` there, which also takes a
   * socket that was sent.
   */
  readonly fd: number | SentSocket;
  /**
   * The turns in which it accepts. Default: one without end. Only for TCP. Bun refuses with `runtime-unsupported`, because it cannot
   * listen on a socket again.
   */
  readonly turns?: AcceptTurns;
  readonly hostname?: undefined;
  readonly port?: undefined;
  readonly ipv6Only?: undefined;
  readonly reusePort?: undefined;
  readonly path?: undefined;
  readonly mode?: undefined;
}

/** Options of {@link Transport.listen}: a TCP port, a path, or a socket that another process has bound. */
export type ListenOptions = TcpListenOptions | UnixListenOptions | DescriptorListenOptions;

/** {@link Transport.connect} to a TCP port. */
export interface TcpConnectOptions {
  /** A name or numeric address. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
  /**
   * The numeric address of this machine to connect from. Default: the system chooses. A runtime that cannot choose
   * fails with `runtime-unsupported`.
   */
  readonly localAddress?: string;
  /** Aborts the attempt. Has no effect after it. Default: none. */
  readonly signal?: AbortSignal;
  /** As {@link TcpListenOptions.keepAliveMs}. Default: no probes. */
  readonly keepAliveMs?: number;
  /** As {@link TcpListenOptions.noDelay}. Default: true. */
  readonly noDelay?: boolean;
  readonly path?: undefined;
}

/** {@link Transport.connect} to a Unix domain socket. */
export interface UnixConnectOptions {
  /**
   * The path of the socket: at most 107 bytes in UTF-8 on Linux, 103 elsewhere. With NUL as the first character it is
   * that of an abstract socket. A path where nobody listens is `connection-refused`, whether or not there is a file.
   */
  readonly path: string;
  /** Aborts the attempt. Has no effect after it. Default: none. */
  readonly signal?: AbortSignal;
  readonly hostname?: undefined;
  readonly port?: undefined;
  readonly localAddress?: undefined;
  readonly keepAliveMs?: undefined;
  readonly noDelay?: undefined;
}

/** Options of {@link Transport.connect}: a TCP port or a path. */
export type ConnectOptions = TcpConnectOptions | UnixConnectOptions;

/**
 * A byte stream in each direction.
 *
 * - **Owns**: the holder of the connection must see it to its end: by reading to the end and closing `writable`, with
 *   `close()`, or with `abort()`. A chunk that was read belongs to the reader, with its buffer. A chunk that was
 *   written belongs to the connection until the promise of `write()` settles. It may be part of a larger buffer, which
 *   must not be transferred.
 * - **Backpressure:** at most one chunk is read ahead of demand. While the kernel takes no more, `writable` signals
 *   with `ready` and `desiredSize`, in bytes.
 * - **On abort** both streams error with a {@link SpillwayError}, and unsent bytes are lost.
 */
export interface Connection extends ConnectionFacts {
  /** The incoming bytes. Closes at the peer's FIN, and errors when the connection breaks. */
  readonly readable: ReadableStream<Bytes>;
  /** The outgoing bytes. Closing it is the half-close (FIN): `readable` stays open. */
  readonly writable: WritableStream<Uint8Array>;
  /** The address of the peer. */
  readonly remoteAddress: Address;
  /** The address of this side, which the peer connected to. */
  readonly localAddress: Address;
  /** Fulfils when the descriptor is released, with the error that broke the connection, if any. Never rejects. */
  readonly closed: Promise<SpillwayError | undefined>;
  /**
   * Ends in order: flushes written bytes, sends FIN, reads and drops input until the peer's FIN, and releases the
   * descriptor. It waits as long as the peer takes: bound it with `abort()`. It works on locked streams. A further
   * call, or one on a connection that is over, fulfils at the same end.
   */
  close(): Promise<void>;
  /**
   * Ends at once, with a reset (RST) where the runtime can send one. Unsent bytes are lost. Has no effect when the
   * connection is over. After `close()` has sent FIN it sends no reset and only releases the descriptor: the kernel
   * goes on delivering what it took, until input meets the closed end.
   */
  abort(reason?: unknown): void;
}

/**
 * The outcome of a read or a write. It calls back when the result is known, at once if it is known already. A promise
 * is an outcome, too.
 */
export interface Outcome<Value> {
  /** Calls one of the two functions, once. */
  then(onDone: (value: Value) => void, onError: (error: unknown) => void): unknown;
}

/** Reads a connection: a `ReadableStreamDefaultReader`, or a similar object that costs less. */
export interface ByteReader {
  /** Reads the next chunk, or the end. One read at a time. */
  read(): Outcome<ReadableStreamReadResult<Bytes>>;
  /**
   * Takes back a chunk to which nothing refers any more. A later read, of this connection or another, may use its
   * memory. Absent where a runtime brings its own memory.
   */
  recycle?(chunk: Bytes): void;
}

/** Writes text to a connection, as UTF-8. */
export interface TextWriter {
  /** Sends text, as {@link ByteWriter.write} sends bytes. */
  writeText(text: string): Outcome<void>;
  /** Returns the number of bytes of a text. */
  byteLength(text: string): number;
}

/** Writes to a connection: a `WritableStreamDefaultWriter`, or a similar object that costs less. */
export interface ByteWriter {
  /** Sends a chunk, which must not change until it is sent. One write at a time. */
  write(bytes: Uint8Array): Outcome<void>;
  /** Sends text. Absent where this costs no less than sending bytes. */
  readonly textWriter?: TextWriter | undefined;
  /** Sends FIN. */
  close(): Outcome<void>;
  /**
   * Whether a write that does not finish at once was refused by the kernel for want of room. Default: false, it may not
   * have been tried yet.
   */
  readonly prompt?: boolean;
  /**
   * Offers the kernel again what it refused, although it has not reported room. On some runtimes this finds room
   * earlier.
   */
  offerAgain?(): void;
}

/**
 * The owner of a {@link TransportConnection}. Its calls replace promises and callbacks that would last as long as the
 * connection.
 */
export interface ConnectionOwner {
  /**
   * Whether a write that meets a reset ends only the output: input that the system has received is read to its end.
   * Then the owner aborts the connection. Where the runtime closes both directions at once, the connection is over
   * anyway.
   */
  readonly readsOn?: boolean;
  /** The descriptor is released, as `closed` reports. */
  onClosed(error: SpillwayError | undefined): void;
  /** The connection dropped `bytes` that came after `close()`: the peer is still there. */
  onDropped(bytes: number): void;
  /** The kernel took `bytes` of the pending write, and not all of it. */
  onTaken(bytes: number): void;
}

/**
 * Returns the number of bytes of the head at the beginning of `bytes`, or `undefined` when it needs more bytes. An
 * error that it throws refuses the head.
 */
export type HeadLength = (bytes: Bytes) => number | undefined;

/** The new addresses and facts of a connection, for {@link TransportConnection.identify}. */
export interface Identity extends ConnectionFacts {
  /** The new address of the peer. Absent: it stays. */
  readonly remoteAddress?: Address;
  /** The new address of this side. Absent: it stays. */
  readonly localAddress?: Address;
}

/** A socket of the runtime that was taken out of its connection. */
export interface Detached {
  /** The socket, paused. */
  readonly socket: unknown;
  /** The bytes that were read from the socket, and that nobody has taken. */
  readonly unread: readonly Bytes[];
  /** Call this when the socket is closed: `closed` of the connection fulfils. */
  released(): void;
}

/** A {@link Connection} that may be used without native streams. A transport may leave the rest out. */
export interface TransportConnection extends Connection {
  /**
   * Locks both streams for `owner`, which reads and writes without them. Native streams are created only when somebody
   * asks for them. The owner is told of the end in a microtask, as with `closed`.
   *
   * @throws {TypeError} the connection has an owner, or one of its streams is locked
   */
  own?(owner: ConnectionOwner): { readonly reader: ByteReader; readonly writer: ByteWriter };
  /** Whether it has an owner. Present with `own`. */
  readonly owned?: boolean;
  /**
   * Ends the ownership of `owner`, which reads and writes no more. Nothing must be being written. Bytes that come wait
   * for the next owner. Present with `own`.
   */
  disown?(owner: ConnectionOwner): void;
  /** Begins what `close` does, without a promise: the owner is told of the end. Present with `own`. */
  finish?(): void;
  /** Whether FIN came in a place where the protocol below, such as TLS, has not ended. */
  readonly truncated?: boolean;
  /** Implements {@link readHead}. */
  readHead?(lengthOf: HeadLength, signal?: AbortSignal): Promise<Bytes>;
  /** Replaces addresses, and adds facts. */
  identify?(identity: Identity): void;
  /**
   * Takes out the socket of the runtime, for somebody who speaks another protocol over it. Returns `undefined` where
   * there is none, or when it is in use: then the streams have to do.
   */
  detach?(): Detached | undefined;
}

/**
 * Accepts connections.
 *
 * The iteration yields new connections. A rejected `next()` does not end it. The `code` of the error says whether to
 * call `next()` again (`connection-aborted`, `out-of-descriptors`), that the listener is closed (`listener-closed`), or
 * that accepting failed permanently (any other code). After `close()` the iteration ends.
 *
 * **Backpressure:** while nobody calls `next()`, new connections wait in the kernel's backlog or, on a runtime that
 * accepts on its own (Node, Bun), unread in a queue of at most `backlog` connections.
 */
export interface Listener extends AsyncIterable<Connection> {
  /**
   * The address that the listener is bound to. The path of an inherited Unix socket is known on Linux only, and on Deno
   * with all permissions; elsewhere it is empty.
   */
  readonly address: Address;
  /** Yields connections as they come, until the listener is closed. */
  [Symbol.asyncIterator](): AsyncIterator<Connection>;
  /**
   * Stops accepting at once. Connections that wait can still be taken, and then the iteration ends. Absent if no
   * connection can wait, because none is accepted before it is asked for.
   */
  finish?(): void;
  /** Stops accepting at once, and aborts waiting connections. Connections that were taken stay open. */
  close(): void;
}

/** The part of a runtime that carries Spillway. */
export interface Transport {
  /** The name and version of the runtime, such as `node 20.20.2`. */
  readonly name: string;
  /**
   * Listens, from the moment it fulfils.
   *
   * @throws {TypeError | RangeError} options of different kinds together; an invalid path, mode or descriptor
   * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`
   */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * Binds a socket as `listen` does, and accepts nothing. Absent where that cannot be done.
   *
   * @throws as `listen`
   */
  hold?(options: ListenOptions): Promise<HeldSocket>;
  /**
   * Connects, and fulfils with the connection.
   *
   * @throws {TypeError | RangeError} options of different kinds together; an invalid path
   * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `permission-denied`, `connect-aborted`, `connect-failed`,
   * `runtime-unsupported`
   */
  connect(options: ConnectOptions): Promise<Connection>;
  /**
   * Calls back once, as soon as the runtime has polled for input, so that long work can continue without delaying
   * others. Default: a way that works on every runtime, but less well.
   */
  afterIo?(callback: () => void): void;
}
