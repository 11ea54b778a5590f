import { versions } from "node:process";
import type { Connection, TransportConnection } from "../core/mod.ts";
import type { Carrier } from "./carrier.ts";
import { CloseNotifyGate } from "./close_notify_gate.ts";
import { ConnectionCarrier } from "./connection_carrier.ts";
import { DenoSocketCarrier } from "./deno_socket_carrier.ts";
import { SocketCarrier } from "./socket_carrier.ts";

/**
 * Takes over a connection for TLS: the socket of the runtime where there is one, which costs less, and the connection as
 * a stream otherwise. On Bun it is always the stream, because only there close_notify can be kept from Bun's TLS.
 *
 * @throws {TypeError} not the connection of an establish step, or in use
 */
export function takeOver(connection: Connection, peer: "client" | "server"): Carrier {
  const wire: TransportConnection = connection;
  if ("bun" in versions) return new ConnectionCarrier(wire, new CloseNotifyGate(peer));
  const detached = wire.detach?.();
  if (detached === undefined) return new ConnectionCarrier(wire);
  return "deno" in versions ? new DenoSocketCarrier(detached) : new SocketCarrier(detached);
}
