// @ts-check
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control_server.mjs";
import { deadlines } from "./deadlines.mjs";

const server = await serve({
  ...deadlines,
  port: 0,
  codec: lines(),
  onConnect: (session) => session.join("everyone"),
  handler: (line, { session }) => void session.group("everyone").broadcast(line),
});
await controlServer(server.address.port);
