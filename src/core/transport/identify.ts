import type { Connection, Identity, TransportConnection } from "./transport.ts";

/**
 * Gives the connection of an {@link EstablishStep} other addresses, or notes what the step has found out about it.
 * Returns the connection.
 *
 * @throws {TypeError} the connection is not one of a step
 */
export function identify(connection: Connection, identity: Identity): Connection {
  const wire: TransportConnection = connection;
  if (wire.identify === undefined) throw new TypeError("identify() takes the connection of an establish step");
  wire.identify(identity);
  return connection;
}
