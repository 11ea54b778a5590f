// @ts-check
import { createServer } from "node:tls";
import { controlServer } from "../control_server.mjs";
import { certificate } from "./certificate.mjs";

const BACKLOG = 4_096;

const server = createServer({ ...certificate, noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", BACKLOG, () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
