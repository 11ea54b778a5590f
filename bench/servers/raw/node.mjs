// @ts-check
import { createServer } from "node:net";
import { controlServer } from "../control_server.mjs";

/** Spillway's backlog: with a shorter one, most connects of a burst are lost, and retried after a second. */
const BACKLOG = 4_096;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", BACKLOG, () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
