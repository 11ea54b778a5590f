// @ts-check
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control.mjs";
import { deadlines } from "./deadlines.mjs";

const server = await serve({ ...deadlines, port: 0, codec: lines(), handler: (line) => line });
await controlServer(server.address.port, { drain });

async function drain() {
  const began = performance.now();
  const result = await server.shutdown();
  return { ...result, ms: performance.now() - began };
}
