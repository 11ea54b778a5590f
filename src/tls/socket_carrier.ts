import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Detached } from "../core/mod.ts";
import type { Carrier, CarrierOwner } from "./carrier.ts";
import { connectionError } from "./tls_errors.ts";

/** A socket of the runtime as the carrier of a TLS socket, which then uses its descriptor itself. */
export class SocketCarrier implements Carrier {
  readonly stream: Socket;
  owner: CarrierOwner | undefined;

  constructor(detached: Detached) {
    this.stream = detached.socket as Socket;
    for (const { buffer, byteOffset, length } of detached.unread.toReversed()) {
      this.stream.unshift(Buffer.from(buffer, byteOffset, length));
    }
    this.stream.on("error", (cause) => this.owner?.onBroken(connectionError(cause)));
    this.stream.on("close", () => {
      detached.released();
      this.owner?.onReleased();
    });
  }

  /** What the TLS socket has written is with the kernel. */
  release(onReleasing?: () => void): void {
    this.stream.destroy();
    onReleasing?.();
  }

  reset(): void {
    this.stream.resetAndDestroy();
  }
}
