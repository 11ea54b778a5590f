// @ts-check
// For Node, and for Bun, whose own sockets are not streams.
import { createServer } from "node:net";
import { Duplex } from "node:stream";
import { controlServer } from "../control_server.mjs";
import { echoLines } from "./echo_lines.mjs";

const server = createServer({ noDelay: true }, (socket) => {
  const pair = /** @type {import("./echo_lines.mjs").Pair} */ (/** @type {unknown} */ (Duplex.toWeb(socket)));
  echoLines(pair).catch(() => socket.destroy());
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
