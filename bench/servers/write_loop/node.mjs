// @ts-check
// A bare broadcast: received bytes are written to all connections, one after the other.
import { createServer } from "node:net";
import { controlServer } from "../control_server.mjs";

/** @type {Set<import("node:net").Socket>} */
const sockets = new Set();

const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on("data", (chunk) => {
    for (const one of sockets) one.write(chunk);
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => sockets.delete(socket));
});
server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
