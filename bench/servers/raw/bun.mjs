// @ts-check
import { controlServer } from "../control_server.mjs";

/** The output that the kernel did not take yet. @typedef {{ unsent: Uint8Array[] }} Data */

const listener = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    binaryType: "uint8array",
    open(socket) {
      socket.data = { unsent: [] };
    },
    data: echo,
    drain(socket) {
      for (const chunk of socket.data.unsent.splice(0)) echo(socket, chunk);
    },
  },
});
await controlServer(listener.port);

/** @param {import("bun").Socket<Data>} socket @param {Uint8Array} chunk */
function echo(socket, chunk) {
  const { unsent } = socket.data;
  const sent = unsent.length === 0 ? Math.max(0, socket.write(chunk)) : 0;
  if (sent < chunk.length) unsent.push(chunk.subarray(sent));
}
