import { type SentSocket, SpillwayError } from "../../core/mod.ts";

/** Refuses what Bun cannot do with a connection. @throws {SpillwayError} `runtime-unsupported` */
export function refuseLocalAddress(localAddress: string | undefined): void {
  if (localAddress !== undefined) throw unsupported("Bun cannot choose the local address of a connection");
}

/** Returns a descriptor. Refuses a socket that was sent: Bun delivers none. @throws {SpillwayError} `runtime-unsupported` */
export function descriptorOf(fd: number | SentSocket | undefined): number | undefined {
  if (typeof fd === "object") throw unsupported("Bun listens on descriptors, not on sockets that were sent");
  return fd;
}

function unsupported(message: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", message);
}
