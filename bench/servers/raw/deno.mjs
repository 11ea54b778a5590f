// @ts-check
import { controlServer } from "../control_server.mjs";

/** Held by every connection: small enough for many idle ones. */
const BUFFER_BYTES = Number(Deno.args[0] ?? 4_096);
/** Held by connections that have filled the small one. */
const LARGE_BYTES = 65_536;

/** Spillway's backlog: with a shorter one, most connects of a burst are lost, and retried after a second. */
const BACKLOG = 4_096;

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: BACKLOG });
void controlServer(listener.addr.port);
for (;;) void echo(await listener.accept());

/** @param {Deno.TcpConn} conn */
async function echo(conn) {
  conn.setNoDelay(true);
  let buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      for (let sent = 0; sent < count; ) sent += await conn.write(buffer.subarray(sent, count));
      if (count === buffer.length && count < LARGE_BYTES) buffer = new Uint8Array(LARGE_BYTES);
    }
  } finally {
    conn.close();
  }
}
