// @ts-check
// Answers lines with themselves, over TLS.
import { lines, serve } from "../../../dist/mod.js";
import { tls } from "../../../dist/tls/mod.js";
import { controlServer } from "../control_server.mjs";
import { deadlines } from "../spillway/deadlines.mjs";
import { certificate } from "./certificate.mjs";

const server = await serve({
  ...deadlines,
  port: 0,
  hostname: "127.0.0.1",
  codec: lines(),
  handler: (line) => line,
  establish: [tls(certificate)],
});
await controlServer(server.address.port);
