import type { Bytes, Connection, EstablishStep } from "../core/mod.ts";
import { checkHeaderOptions, completedHeader, type ProxyHeaderOptions } from "./write_header.ts";

/** Stands for a connection that is not there yet. */
const PLACEHOLDERS = {
  tcp: { hostname: "127.0.0.1", port: 1 },
  unix: { path: "" },
} as const;

/**
 * Returns an establish step that sends a PROXY header before anything else, for a client that is the proxy of another peer.
 * Without `source` and `destination` the header announces the connection itself, with its `localAddress` as the source and
 * its `remoteAddress` as the destination. A function is called for each connection.
 *
 * @throws {TypeError | RangeError} an invalid option; the step throws the same for the result of a function
 *
 * @example
 * ```ts
 * import { connect, lines, serve } from "spillway";
 * import { proxyProtocol, sendProxyHeader } from "spillway/proxy-protocol";
 *
 * await using server = await serve({
 *   hostname: "127.0.0.1",
 *   port: 0,
 *   codec: lines(),
 *   establish: [proxyProtocol({ from: "127.0.0.1" })],
 *   handler: (_line, { session: { connection } }) => `${connection.remoteAddress.hostname}`,
 * });
 *
 * const source = { hostname: "192.0.2.1", port: 56324 };
 * const establish = [sendProxyHeader({ source })];
 * await using client = await connect({ ...server.address, codec: lines(), establish });
 * console.log(await client.request("who am I?")); // 192.0.2.1
 * ```
 */
export function sendProxyHeader(
  header: ProxyHeaderOptions | ((connection: Connection) => ProxyHeaderOptions) = {},
): EstablishStep {
  const optionsFor = typeof header === "function" ? header : checked(header);
  return async (connection) => {
    const { localAddress, remoteAddress } = connection;
    await write(connection, completedHeader(optionsFor(connection), localAddress, remoteAddress));
    return connection;
  };
}

/** Checks options that do not depend on the connection. */
function checked(options: ProxyHeaderOptions): () => ProxyHeaderOptions {
  checkHeaderOptions(options);
  const { transport, source, destination } = options;
  const unix = transport === "unix" || source?.path !== undefined || destination?.path !== undefined;
  const placeholder = unix ? PLACEHOLDERS.unix : PLACEHOLDERS.tcp;
  completedHeader(options, placeholder, placeholder);
  return () => options;
}

async function write({ writable }: Connection, bytes: Bytes): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}
