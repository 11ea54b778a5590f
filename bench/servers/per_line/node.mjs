// @ts-check
// Common hand-written code: decode, split, one write per line. Nagle's algorithm is off, as in all subjects: the kernel would join
// the writes, and hold the last one back until an acknowledgement that comes 40 ms late.
import { createServer } from "node:net";
import { controlServer } from "../control_server.mjs";

const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (/** @type {string} */ text) => {
    const lines = (rest + text).split("\n");
    rest = /** @type {string} */ (lines.pop());
    for (const line of lines) socket.write(`${line}\n`);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
