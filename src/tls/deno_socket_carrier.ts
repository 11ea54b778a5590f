import type { TLSSocket } from "node:tls";
import { handleOf, SocketCarrier } from "./socket_carrier.ts";

/** The part of the handle of a socket on Deno that its TLS socket leaves to others. */
interface Handle {
  /** Takes what was read: no bytes at the end, whatever has ended the connection. */
  onread(bytes: unknown): void;
  readStart(): void;
  readStop(): void;
  /** Returns 0, or the error of the system. */
  getpeername(name: object): number;
}

/**
 * A socket of Deno as the carrier of a TLS socket. Deno's TLS socket reads on when it is paused, and takes a reset for
 * FIN, so both are done on the handle below it.
 */
export class DenoSocketCarrier extends SocketCarrier {
  #paused = false;
  #ended = false;

  override start(socket: TLSSocket): void {
    super.start(socket);
    const handle = this.#handle;
    if (handle === undefined) return;
    const onread = handle.onread.bind(handle);
    handle.onread = (bytes) => {
      if (bytes === undefined || bytes === null) this.#ended = true;
      // A socket that was reset has no peer any more, as one that both sides have ended.
      if (this.#ended && !socket.writableEnded && handle.getpeername({}) !== 0) {
        handle.readStop();
        return this.break({ code: "ECONNRESET", message: "the peer has reset the connection" });
      }
      onread(bytes);
    };
  }

  override get ended(): boolean {
    return this.#ended;
  }

  override pause(): void {
    this.#paused = true;
    this.#handle?.readStop();
  }

  override resume(): void {
    if (!this.#paused || this.#ended) return;
    this.#paused = false;
    this.#handle?.readStart();
  }

  get #handle(): Handle | undefined {
    return handleOf(this.stream) as Handle | undefined;
  }
}
