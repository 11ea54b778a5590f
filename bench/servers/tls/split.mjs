// @ts-check
// Answers lines with themselves over `tls.createServer`, by hand and with as little as a line can cost: no limit, no
// deadline, no order to keep, nothing that waits.
import { createServer } from "node:tls";
import { controlServer } from "../control_server.mjs";
import { certificate } from "./certificate.mjs";

const BACKLOG = 4_096;

/** @type {(line: string) => string} */
const handler = (line) => line;

const server = createServer({ ...certificate, noDelay: true }, (socket) => {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (/** @type {string} */ text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    let replies = "";
    for (const line of lines) replies += `${handler(line)}\n`;
    if (replies !== "") socket.write(replies);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", BACKLOG, () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  void controlServer(address.port);
});
