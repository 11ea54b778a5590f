// @ts-check
// Common hand-written code: decode, split, one write per line. Nagle's algorithm is off, as in all subjects: the kernel would join
// the writes, and hold the last one back until an acknowledgement that comes 40 ms late.
import { controlServer } from "../control_server.mjs";

/** @type {import("bun").TCPSocketListener<{ decoder: TextDecoder, rest: string }>} */
const listener = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { decoder: new TextDecoder(), rest: "" };
    },
    data(socket, chunk) {
      const lines = (socket.data.rest + socket.data.decoder.decode(chunk, { stream: true })).split("\n");
      socket.data.rest = /** @type {string} */ (lines.pop());
      for (const line of lines) socket.write(`${line}\n`);
    },
  },
});
await controlServer(listener.port);
