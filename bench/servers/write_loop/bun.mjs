// @ts-check
// A bare broadcast: received bytes are written to all connections, one after the other.
import { controlServer } from "../control_server.mjs";

/** @type {Set<import("bun").Socket>} */
const sockets = new Set();

const listener = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    binaryType: "uint8array",
    open: (socket) => void sockets.add(socket),
    data(_, chunk) {
      for (const one of sockets) one.write(chunk);
    },
    close: (socket) => void sockets.delete(socket),
  },
});
await controlServer(listener.port);
