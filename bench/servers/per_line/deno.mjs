// @ts-check
// Common hand-written code: decode, split, one write per line. Nagle's algorithm is off, as in all subjects: the kernel would join
// the writes, and hold the last one back until an acknowledgement that comes 40 ms late.
import { controlServer } from "../control_server.mjs";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
void controlServer(listener.addr.port);
for (;;) void echo(await listener.accept());

/** @param {Deno.TcpConn} conn */
async function echo(conn) {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  try {
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
      rest = /** @type {string} */ (lines.pop());
      for (const line of lines) await conn.write(encoder.encode(`${line}\n`));
    }
  } finally {
    conn.close();
  }
}
