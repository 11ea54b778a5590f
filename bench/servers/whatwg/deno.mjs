// @ts-check
import { controlServer } from "../control_server.mjs";
import { echoLines } from "./echo_lines.mjs";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
void controlServer(listener.addr.port);
for (;;) {
  const conn = await listener.accept();
  conn.setNoDelay(true);
  // A failed pipe has closed the connection.
  echoLines(conn).catch(() => {});
}
