import { type ListenOptions, SpillwayError } from "../../core/mod.ts";

/** Refuses what Bun cannot do with a connection. @throws {SpillwayError} `runtime-unsupported` */
export function refuseLocalAddress(localAddress: string | undefined): void {
  if (localAddress !== undefined) throw unsupported("Bun cannot choose the local address of a connection");
}

/**
 * Returns a descriptor. Refuses a socket that was sent, and turns, which end by listening on another one: Bun delivers none.
 *
 * @throws {SpillwayError} `runtime-unsupported`
 */
export function descriptorOf({ fd, turns }: ListenOptions): number | undefined {
  if (turns !== undefined) throw unsupported("Bun cannot accept in turns, because it cannot listen on a socket again");
  if (typeof fd === "object") throw unsupported("Bun listens on descriptors, not on sockets that were sent");
  return fd;
}

function unsupported(message: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", message);
}
