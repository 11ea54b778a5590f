import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { constants } from "node:os";
import type { TLSSocket } from "node:tls";
import type { Detached } from "../core/mod.ts";
import type { Carrier, CarrierOwner } from "./carrier.ts";
import { connectionError } from "./tls_errors.ts";

/** libuv's EALREADY. */
const READS_ALREADY = -constants.errno.EALREADY;

/** The part of Node's handle of a socket that begins and ends to read. */
interface Handle {
  /** Whether it was asked to read. */
  readonly reading?: boolean;
  readStart?(): number;
  readStop?(): number;
}

/** A socket of the runtime as the carrier of a TLS socket, which then uses its descriptor itself. */
export class SocketCarrier implements Carrier {
  readonly stream: Socket;
  owner: CarrierOwner | undefined;
  /** The TLS socket over it. */
  #socket: TLSSocket | undefined;

  constructor(detached: Detached) {
    this.stream = detached.socket as Socket;
    for (const { buffer, byteOffset, length } of detached.unread.toReversed()) {
      this.stream.unshift(Buffer.from(buffer, byteOffset, length));
    }
    this.stream.on("error", (cause) => this.break(cause));
    this.stream.on("close", () => {
      detached.released();
      this.owner?.onReleased();
    });
  }

  start(socket: TLSSocket): void {
    this.#socket = socket;
  }

  /**
   * A socket that reads says so when it is asked to read, and reads no more after FIN. To ask is to begin to read, which
   * is undone. One that the TLS socket has stopped from reading has not come to FIN.
   */
  get ended(): boolean | undefined {
    const encrypted = this.#socket && (handleOf(this.#socket) as Handle | undefined);
    if (encrypted?.reading === false) return false;
    const handle = handleOf(this.stream) as Handle | undefined;
    const answer = handle?.readStart?.();
    if (answer !== 0) return answer === READS_ALREADY ? false : undefined;
    handle?.readStop?.();
    return true;
  }

  pause(): void {}

  resume(): void {}

  protected break(cause: unknown): void {
    this.owner?.onBroken(connectionError(cause));
  }

  get idle(): true {
    return true;
  }

  /** A write of the TLS socket ends when the kernel has taken it. */
  whenTaken(callback: () => void): void {
    callback();
  }

  /** The TLS socket has sent it. */
  finish(callback: () => void): void {
    callback();
  }

  release(callback?: () => void): void {
    // As with a reset: not within a callback of the TLS socket.
    setImmediate(() => {
      this.stream.destroy();
      callback?.();
    });
  }

  reset(socket: TLSSocket): void {
    // Within a callback of the TLS socket, a reset of what is under it would crash Node.
    setImmediate(() => {
      // A reset fails (EINVAL) while the shutdown is under way, and the socket would never close.
      if (socket.writableEnded || this.stream.destroyed) this.stream.destroy();
      else this.stream.resetAndDestroy();
      socket.destroy();
    });
  }
}

/** Returns the runtime's handle of a socket, if it has one. */
export function handleOf(socket: Socket): unknown {
  return Reflect.get(socket, "_handle") ?? undefined;
}
