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
import { closedError, connectionError } from "./tls_errors.ts";

/** The size of a write to the TLS socket: its records are in memory twice, and the progress of a longer write is visible. */
const WRITE_BYTES = 65_536;

const NOTHING: Uint8Array = new Uint8Array(0);

/** The driver of a connection over a TLS socket whose handshake is done. */
export class TlsDriver implements Driver, CarrierOwner {
  readonly connection: DriverConnection;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly #socket: TLSSocket;
  readonly #carrier: Carrier;
  /** The piece that is being written, and the rest of the write. */
  #pieceLength = 0;
  #rest: Uint8Array = NOTHING;
  /** The write or the FIN that is under way. */
  #pending: "write" | "fin" | undefined;
  /** Whether the TLS socket is closed, and what carries it is released. */
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
    if (this.#rest.length === 0) {
      this.#pending = undefined;
      return this.connection.sent();
    }
    this.connection.took(this.#pieceLength);
    this.write(this.#rest);
  };

  constructor(socket: TLSSocket, carrier: Carrier, { remoteAddress, localAddress }: Connection) {
    this.#socket = socket;
    this.#carrier = carrier;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    this.connection = new DriverConnection(this);
    carrier.owner = this;
    socket.pause();
    carrier.pause();
    socket
      .on("data", (chunk: Buffer) => this.#onData(chunk))
      .on("end", () => this.connection.end())
      .on("error", (cause) => this.connection.fail(connectionError(cause)))
      .on("close", () => this.#onClose());
  }

  pull(): void {
    if (!this.#socket.isPaused()) return;
    this.#socket.resume();
    this.#carrier.resume();
  }

  write(bytes: Uint8Array): false {
    const piece = bytes.length > WRITE_BYTES ? bytes.subarray(0, WRITE_BYTES) : bytes;
    this.#pieceLength = piece.length;
    this.#rest = bytes.length > WRITE_BYTES ? bytes.subarray(WRITE_BYTES) : NOTHING;
    this.#pending = "write";
    this.#socket.write(piece, this.#onWritten);
    // Bun does not call back when it has closed its side.
    if (this.#released) queueMicrotask(() => this.#endPending());
    return false;
  }

  /** Sends close_notify, and then FIN. */
  finish(): false {
    this.#pending = "fin";
    this.#socket.end(() => this.#carrier.finish(this.#onFinished));
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

  #onData(chunk: Buffer): void {
    // A plain view: a Buffer's own methods (slice, toString) would make frames behave differently.
    const bytes: Bytes = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
    if (this.connection.push(bytes)) return;
    this.#socket.pause();
    this.#carrier.pause();
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
