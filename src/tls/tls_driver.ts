import { versions } from "node:process";
import type { TLSSocket } from "node:tls";
import {
  type Address,
  type Bytes,
  type Connection,
  type Driver,
  DriverConnection,
  type SpillwayError,
} from "../core/mod.ts";
import type { Carrier, CarrierOwner } from "./carrier.ts";
import { closedError, connectionError, truncatedError } from "./tls_errors.ts";

/** The size of a write to the TLS socket: its records are in memory twice, and the progress of a longer write is visible. */
const WRITE_BYTES = 65_536;

/**
 * The size of a write that counts as taken when it is encrypted: while one of them waits for the kernel, the next one
 * waits for it. To wait for each would cost a round of the event loop.
 */
const PROMPT_BYTES = 16_384;

/** The length up to which a chunk is copied rather than viewed. */
const COPIED_BYTES = "bun" in versions ? 1_024 : 0;

const NOTHING: Uint8Array = new Uint8Array(0);

/** A TLS socket whose handshake is done. */
export interface Encrypted {
  readonly socket: TLSSocket;
  readonly carrier: Carrier;
  /** The connection below, for its addresses. */
  readonly below: Connection;
  /** Whether FIN without close_notify is an error. */
  readonly requireCloseNotify: boolean;
}

/** The driver of a connection over a TLS socket whose handshake is done. */
export class TlsDriver implements Driver, CarrierOwner {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #socket: TLSSocket;
  readonly #carrier: Carrier;
  readonly #requireCloseNotify: boolean;
  /** Whether the TLS socket was told to bring nothing more. */
  #stopped = true;
  /** The piece that is being written, and the rest of the write. */
  #pieceLength = 0;
  #rest: Uint8Array = NOTHING;
  /** The write or the FIN that is under way. */
  #pending: "write" | "fin" | undefined;
  /** Whether the TLS socket is closed, and its carrier is released. */
  #closed = false;
  #released = false;
  readonly #onWritten = (error?: Error | null): void => {
    // A socket that could not write is destroyed, and 'close' ends the write.
    if (this.#socket.destroyed) return;
    if (error) this.connection.refuse(connectionError(error));
    else this.#carrier.whenTaken(this.#onTaken);
  };
  readonly #onTaken = (): void => {
    if (this.#pending !== "write") return;
    this.#pending = undefined;
    if (this.#rest.length === 0) return this.connection.sent();
    this.connection.took(this.#pieceLength);
    if (this.write(this.#rest)) this.connection.sent();
  };

  /** `early` is what came before the end of the handshake was reported. */
  constructor({ socket, carrier, below, requireCloseNotify }: Encrypted, early: readonly Uint8Array[]) {
    this.#socket = socket;
    this.#carrier = carrier;
    this.#requireCloseNotify = requireCloseNotify;
    this.remoteAddress = below.remoteAddress;
    this.localAddress = below.localAddress;
    this.connection = new DriverConnection(this);
    carrier.owner = this;
    carrier.pause();
    for (const chunk of early) this.#onData(chunk);
    for (let chunk = read(socket); chunk !== null; chunk = read(socket)) this.#onData(chunk);
    // Decrypted bytes go to the connection within the call, and not through the queue of the stream.
    const push = socket.push.bind(socket);
    socket.push = (chunk: Uint8Array | null) => {
      if (chunk !== null) return this.#onData(chunk);
      this.onEnd(carrier.ended === true);
      return push(null);
    };
    socket
      .on("end", () => this.connection.end())
      .on("error", (cause) => this.connection.fail(connectionError(cause)))
      .on("close", () => this.#onClose())
      // Nothing comes this way but the end.
      .resume();
  }

  pull(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    // oxlint-disable-next-line no-underscore-dangle -- what the stream itself would call, past its queue
    if (!this.#socket.destroyed) this.#socket._read(0);
    this.#carrier.resume();
  }

  write(bytes: Uint8Array): boolean {
    if (bytes.length <= PROMPT_BYTES && this.#isIdle()) {
      this.#socket.write(bytes);
      return true;
    }
    const piece = bytes.length > WRITE_BYTES ? bytes.subarray(0, WRITE_BYTES) : bytes;
    this.#pieceLength = piece.length;
    this.#rest = bytes.length > WRITE_BYTES ? bytes.subarray(WRITE_BYTES) : NOTHING;
    this.#pending = "write";
    this.#socket.write(piece, this.#onWritten);
    // Bun does not call back when it has closed its side.
    if (this.#released) queueMicrotask(() => this.#endPending());
    return false;
  }

  /** Whether a write is encrypted within the call, and nothing that was written before waits. */
  #isIdle(): boolean {
    const socket = this.#socket;
    return socket.writableLength === 0 && this.#carrier.idle && !this.#released && !socket.destroyed;
  }

  /** Sends close_notify, and then FIN. */
  finish(): false {
    this.#pending = "fin";
    this.#socket.end((error?: Error | null) => {
      if (error) this.connection.fail(connectionError(error));
      else this.#carrier.finish(this.#onFinished);
    });
    if (this.#released) queueMicrotask(this.#onFinished);
    return false;
  }

  release(): void {
    this.#socket.destroy();
    this.#carrier.release();
  }

  reset(): void {
    this.#carrier.reset(this.#socket);
  }

  onEnd(truncated: boolean): true {
    // To a peer that has seen this side's end, its own need not say more.
    if (!truncated || this.#socket.writableEnded) this.connection.end();
    else this.connection.cutOff(this.#requireCloseNotify ? truncatedError() : undefined);
    return true;
  }

  onBroken(error: SpillwayError): void {
    this.connection.fail(error);
  }

  onReleased(): void {
    this.#released = true;
    this.#endPending();
    this.#reportRelease();
  }

  readonly #onFinished = (): void => {
    if (this.#pending !== "fin") return;
    this.#pending = undefined;
    this.connection.finished();
  };

  /** Ends what cannot go on without a carrier. Input that the TLS socket has can still be read. */
  #endPending(): void {
    if (this.#pending === "fin") this.#onFinished();
    else if (this.#pending === "write") this.connection.refuse(closedError());
  }

  /** Returns false to hold further input until the next `pull`. */
  #onData(chunk: Uint8Array): boolean {
    if (this.connection.push(plain(chunk))) return true;
    this.#stopped = true;
    this.#carrier.pause();
    return false;
  }

  #onClose(): void {
    this.#closed = true;
    this.#carrier.release();
    this.#reportRelease();
  }

  #reportRelease(): void {
    if (this.#closed && this.#released) this.connection.released();
  }
}

function read(socket: TLSSocket): Uint8Array | null {
  return socket.read() as Uint8Array | null;
}

/** Returns plain bytes: a Buffer's own methods (slice, toString) would make frames behave differently. */
function plain(chunk: Uint8Array): Bytes {
  // On Bun a view of a short chunk costs ten times as much as a copy.
  if (chunk.length <= COPIED_BYTES) return new Uint8Array(chunk);
  return new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
}
