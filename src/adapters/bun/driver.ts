import {
  type Address,
  type Bytes,
  type Driver,
  DriverConnection,
  internAddress,
  SpillwayError,
} from "../../core/mod.ts";
import { connectionError } from "./errors.ts";
import type { TcpHandlers, TcpSocket } from "./native.ts";

/** The address of most clients at a path. */
export const UNNAMED: Address = Object.freeze({ path: "" });

/** Options of a connection, and its addresses if it is at a path: Bun has none of those. */
export interface SocketSettings {
  readonly keepAliveMs?: number | undefined;
  readonly noDelay?: boolean | undefined;
  readonly unix?: { readonly localAddress: Address; readonly remoteAddress: Address } | undefined;
}

/**
 * One connection on a Bun socket with `allowHalfOpen`. Bun does not buffer bytes that the kernel refuses, and its `end()`
 * drops unsent bytes: so the driver keeps the rest of a write, and sends FIN with `shutdown()`.
 */
export class BunDriver implements Driver {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #socket: TcpSocket<BunDriver>;
  #paused = true;
  #finished = false;
  #closed = false;
  /** The rest of the write: the bytes that the kernel has not accepted yet. */
  #rest: Uint8Array | undefined;

  constructor(socket: TcpSocket<BunDriver>, { keepAliveMs, noDelay, unix }: SocketSettings) {
    socket.data = this;
    socket.pause();
    if (keepAliveMs !== undefined) socket.setKeepAlive(true, keepAliveMs);
    // Bun has turned the delay off.
    if (noDelay === false) socket.setNoDelay(false);
    this.#socket = socket;
    // Addresses can no longer be read after 'close'.
    this.remoteAddress = unix?.remoteAddress ?? { hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.localAddress = unix?.localAddress ?? internAddress(socket.localAddress ?? "", socket.localPort ?? 0);
    this.connection = new DriverConnection(this);
  }

  /** A write that does not complete at once means that the kernel has refused some of its bytes. */
  get promptWrites(): true {
    return true;
  }

  pull(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    const sent = this.#socket.write(bytes);
    if (sent === bytes.length) return true;
    if (sent > 0) this.connection.took(sent);
    if (sent < 0 || this.#closed) queueMicrotask(() => this.connection.refuse(closedDuringWrite()));
    else this.#rest = bytes.subarray(sent);
    return false;
  }

  finish(): true {
    this.#finished = true;
    this.#socket.shutdown();
    return true;
  }

  release(): void {
    if (!this.#closed) this.#socket.end();
  }

  reset(): void {
    if (this.#closed) return;
    // After FIN a reset would destroy bytes that the peer has not read yet.
    if (this.#finished) this.#socket.end();
    else this.#socket.terminate();
  }

  onData(chunk: Uint8Array): void {
    // Data can arrive although the socket is paused.
    if (this.connection.push(chunk as Bytes) || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** Continues a refused write. Linux reports late that a socket is writable: the kernel accepts more bytes long before. */
  retry(): void {
    this.onDrain();
  }

  onDrain(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    const sent = this.#socket.write(rest);
    this.#rest = sent === rest.length ? undefined : rest.subarray(Math.max(0, sent));
    if (sent < 0) return this.connection.refuse(closedDuringWrite());
    if (sent > 0) this.connection.took(sent);
    if (this.#rest === undefined) this.connection.sent();
  }

  onEnd(): void {
    this.connection.end();
  }

  onClose(cause: Error | undefined): void {
    this.#closed = true;
    if (cause !== undefined) this.connection.fail(connectionError(cause));
    // After a shutdown() Bun reports the peer's FIN not with 'end', only with 'close'.
    else if (this.#finished) this.connection.end();
    // Bun closes both directions of a Unix socket as soon as its peer has gone, whatever is still to be sent.
    else if (this.localAddress.path !== undefined) this.connection.fail(peerGone());
    this.connection.released();
  }
}

/**
 * Returns the handlers of every socket. `onOpen` is called with each new connection, whose settings `settingsOf` returns.
 */
export function handlers(
  onOpen: (driver: BunDriver) => void,
  settingsOf: () => SocketSettings,
): TcpHandlers<BunDriver> {
  return {
    binaryType: "uint8array",
    open: (socket) => onOpen(new BunDriver(socket, settingsOf())),
    data: (socket, chunk) => socket.data.onData(chunk),
    drain: (socket) => socket.data.onDrain(),
    end: (socket) => socket.data.onEnd(),
    close: (socket, cause) => socket.data?.onClose(cause),
    error: (socket, cause) => socket.data?.connection.fail(connectionError(cause)),
  };
}

function peerGone(): SpillwayError {
  return new SpillwayError("connection-reset", "the peer closed the connection before all was sent");
}

function closedDuringWrite(): SpillwayError {
  return new SpillwayError("connection-reset", "the connection was closed during a write");
}
