import { SpillwayError } from "../../core/mod.ts";

/** Refuses what Bun cannot do with a connection. @throws {SpillwayError} `runtime-unsupported` */
export function refuseLocalAddress(localAddress: string | undefined): void {
  if (localAddress === undefined) return;
  throw new SpillwayError("runtime-unsupported", "Bun cannot choose the local address of a connection");
}
