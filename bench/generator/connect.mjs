// @ts-check
import { Exchange } from "./exchange.mjs";

/** @type {import("bun").SocketHandler<Exchange | undefined>} */
const HANDLERS = {
  binaryType: "buffer",
  data: (socket, chunk) => socket.data?.onData(chunk),
  drain: (socket) => socket.data?.onDrain(),
  close: (socket, error) => socket.data?.onEnd(error),
  error: (socket, error) => socket.data?.events.onFault(String(error)),
  // The promise of `connect` rejects too.
  connectError: () => {},
};

/**
 * Opens one connection to a server under test.
 *
 * @param {number} port
 * @param {Uint8Array[]} pattern what it sends
 * @param {import("./exchange.mjs").ExchangeEvents} events
 * @param {boolean} [tls] whether it speaks TLS
 */
export async function connect(port, pattern, events, tls = false) {
  const { promise: secure, resolve: handshake } = Promise.withResolvers();
  const options = { hostname: "127.0.0.1", port, data: undefined, socket: tls ? { ...HANDLERS, handshake } : HANDLERS };
  const given = tls ? { ...options, tls: { rejectUnauthorized: false } } : options;
  const socket = /** @type {import("./exchange.mjs").Socket} */ (await Bun.connect(given));
  if (tls) await secure;
  socket.data = new Exchange(socket, pattern, events);
  return socket.data;
}
