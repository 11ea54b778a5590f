import { type Address, type Bytes, type Driver, DriverConnection, internAddress } from "../../core/mod.ts";
import { connectionError } from "./errors.ts";
import type { Socket } from "./native.ts";

const NOTHING: Bytes = new Uint8Array(0);

/** The address of most clients at a Unix socket. */
const UNNAMED: Address = Object.freeze({ path: "" });

/** The bytes of the last write, and a `Buffer` over them. Without this cache, a broadcast would make one for every connection. */
let lastBytes = NOTHING as Uint8Array;
let lastView: Buffer | undefined;

/** The property of a socket that holds its driver: all sockets share their listeners, instead of a closure for each. */
const DRIVER = Symbol("driver");

type DrivenSocket = Socket & { [DRIVER]: NodeDriver };

/** One connection on `node:net`. The socket must have `allowHalfOpen`, or a reply after the peer's FIN is lost. */
export class NodeDriver implements Driver {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #socket: Socket;

  /**
   * A known `localAddress` spares the socket the look-up, and the memory that the socket would keep it in. Node has no
   * addresses of Unix sockets: those are given.
   */
  constructor(socket: Socket, localAddress?: Address, remoteAddress?: Address) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress ?? remoteAddressOf(socket, localAddress?.path !== undefined);
    this.localAddress = localAddress ?? internAddress(socket.localAddress ?? "", socket.localPort ?? 0);
    this.connection = new DriverConnection(this);
    (socket as DrivenSocket)[DRIVER] = this;
    socket.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  }

  /** A write that does not complete at once means that the kernel has refused some of its bytes. */
  get promptWrites(): true {
    return true;
  }

  pull(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    this.#socket.write(viewOf(bytes));
    return this.#isTaken();
  }

  writeText(text: string): boolean {
    this.#socket.write(text);
    return this.#isTaken();
  }

  byteLength(text: string): number {
    return Buffer.byteLength(text);
  }

  #isTaken(): boolean {
    if (this.#socket.writableLength === 0 && !this.#socket.destroyed) return true;
    // 'drain' is not emitted below the high-water mark; the callback of an empty write behind this one always runs.
    this.#socket.write(NOTHING, (error) => this.#onWritten(error));
    return false;
  }

  finish(): true {
    this.#socket.end();
    return true;
  }

  /** Node destroys a socket by itself once both directions have ended. */
  release(): void {}

  reset(): void {
    // A reset after FIN fails (EINVAL) while the shutdown is under way, and the socket would never close. Unix sockets have none.
    if (this.#socket.writableEnded || this.localAddress.path !== undefined) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  detach(): Socket {
    const socket = this.#socket;
    socket.pause();
    socket.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    return socket;
  }

  onData(chunk: Buffer): void {
    // A plain view: a Buffer's own methods (slice, toString) would make frames behave differently on Node.
    const bytes = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
    if (!this.connection.push(bytes)) this.#socket.pause();
  }

  #onWritten(error: Error | null | undefined): void {
    // A socket that could not write is destroyed, and 'close' ends the write: Node 20 then calls back without an error.
    if (!error && !this.#socket.destroyed) this.connection.sent();
  }
}

function remoteAddressOf({ remoteAddress = "", remotePort = 0 }: Socket, unix: boolean): Address {
  // Undefined only when the connection is already over; its end is reported next.
  return unix ? UNNAMED : { hostname: remoteAddress, port: remotePort };
}

function onData(this: Socket, chunk: Buffer): void {
  (this as DrivenSocket)[DRIVER].onData(chunk);
}

function onEnd(this: Socket): void {
  (this as DrivenSocket)[DRIVER].connection.end();
}

function onError(this: Socket, cause: Error): void {
  (this as DrivenSocket)[DRIVER].connection.fail(connectionError(cause));
}

function onClose(this: Socket): void {
  (this as DrivenSocket)[DRIVER].connection.released();
}

function viewOf(bytes: Uint8Array): Uint8Array {
  // A view of a resized buffer may have another length by now.
  if (bytes === lastBytes && bytes.length === (lastView ?? bytes).length) {
    lastView ??= Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
    return lastView;
  }
  lastBytes = bytes;
  lastView = undefined;
  return bytes;
}
