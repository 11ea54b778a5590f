// @ts-check
// Lines by node:readline, and one write per line. It reads a Node stream, on Deno and Bun too.
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { controlServer } from "../control_server.mjs";

const server = createServer({ noDelay: true }, (socket) => {
  // `for await` over the lines would cost more than the event.
  createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
    socket.write(`${line}\n`);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
