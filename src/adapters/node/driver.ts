import { type Address, type Bytes, type Driver, DriverConnection, internAddress } from "../../core/mod.ts";
import { connectionError } from "./errors.ts";
import type { Socket } from "./native.ts";

const NOTHING: Bytes = new Uint8Array(0);

/** What was written last, and the view that Node makes of it: for a broadcast it would make one for every connection. */
let lastBytes = NOTHING as Uint8Array;
let lastView: Buffer | undefined;

/** Where a socket has its driver: so its listeners are functions that all sockets share, and not closures of each. */
const DRIVER = Symbol("driver");

type DrivenSocket = Socket & { [DRIVER]: NodeDriver };

/** One connection on `node:net`. The socket must have `allowHalfOpen`, or a reply after the peer's FIN is lost. */
export class NodeDriver implements Driver {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #socket: Socket;

  /** Who knows the local address spares the socket the look-up, and what it keeps of it. */
  constructor(socket: Socket, localAddress?: Address) {
    this.#socket = socket;
    // Undefined only when the connection is over already; then its end is reported next.
    this.remoteAddress = { hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.localAddress = localAddress ?? internAddress(socket.localAddress ?? "", socket.localPort ?? 0);
    this.connection = new DriverConnection(this);
    (socket as DrivenSocket)[DRIVER] = this;
    socket.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  }

  /** A write that is not done at once means that the kernel has refused something. */
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
    // 'drain' is not emitted below the high-water mark; the callback of an empty write behind this one always comes.
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
    // After FIN a reset fails (EINVAL) while the shutdown is under way, and the socket would never close.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  onData(chunk: Buffer): void {
    // A plain view: a Buffer's own methods (slice, toString) would make frames behave differently on Node.
    const bytes = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
    if (!this.connection.push(bytes)) this.#socket.pause();
  }

  #onWritten(error: Error | null | undefined): void {
    // A socket that could not write is destroyed, and 'close' ends the write: Node 20 calls back without an error then.
    if (!error && !this.#socket.destroyed) this.connection.sent();
  }
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
  // A view of a buffer that was resized may have another length now.
  if (bytes === lastBytes && bytes.length === (lastView ?? bytes).length) {
    lastView ??= Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
    return lastView;
  }
  lastBytes = bytes;
  lastView = undefined;
  return bytes;
}
