import type { ByteReader, ByteWriter, ConnectionOwner, TransportConnection } from "./transport.ts";

/**
 * Makes `owner` the owner of a connection: without native streams if the connection can, otherwise with both of them
 * locked.
 */
export function ownedBy(
  owner: ConnectionOwner,
  connection: TransportConnection,
): { readonly reader: ByteReader; readonly writer: ByteWriter } {
  if (connection.own !== undefined) return connection.own(owner);
  const reader = connection.readable.getReader();
  const writer = connection.writable.getWriter();
  void connection.closed.then((error) => owner.onClosed(error));
  return { reader, writer };
}
