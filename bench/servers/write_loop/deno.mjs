// @ts-check
// A bare broadcast: received bytes are written to all connections, one after the other.
import { controlServer } from "../control_server.mjs";

const BUFFER_BYTES = 4_096;

/** @type {Set<Deno.TcpConn>} */
const conns = new Set();
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
void controlServer(listener.addr.port);
for (;;) void hear(await listener.accept());

/** @param {Deno.TcpConn} conn */
async function hear(conn) {
  conn.setNoDelay(true);
  conns.add(conn);
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      // A pending write reads its bytes later.
      const bytes = buffer.slice(0, count);
      for (const one of conns) void one.write(bytes);
    }
  } finally {
    conns.delete(conn);
    conn.close();
  }
}
