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

  constructor(socket: TcpSocket<BunDriver>, keepAliveMs: number | undefined) {
    socket.data = this;
    socket.pause();
    if (keepAliveMs !== undefined) socket.setKeepAlive(true, keepAliveMs);
    this.#socket = socket;
    // Addresses can no longer be read after 'close'.
    this.remoteAddress = { hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.localAddress = internAddress(socket.localAddress ?? "", socket.localPort ?? 0);
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
    this.connection.released();
  }
}

/** Returns the handlers of every socket. `onOpen` is called with each new connection. */
export function handlers(onOpen: (driver: BunDriver) => void, keepAliveMs: number | undefined): TcpHandlers<BunDriver> {
  return {
    binaryType: "uint8array",
    open: (socket) => onOpen(new BunDriver(socket, keepAliveMs)),
    data: (socket, chunk) => socket.data.onData(chunk),
    drain: (socket) => socket.data.onDrain(),
    end: (socket) => socket.data.onEnd(),
    close: (socket, cause) => socket.data?.onClose(cause),
    error: (socket, cause) => socket.data?.connection.fail(connectionError(cause)),
  };
}

function closedDuringWrite(): SpillwayError {
  return new SpillwayError("connection-reset", "the connection was closed during a write");
}
