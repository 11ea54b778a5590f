// @ts-check
import { setTimeout as sleep } from "node:timers/promises";
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control.mjs";
import { deadlines } from "./deadlines.mjs";

const HANDLER_MS = 10;

/** @param {string} line */
const handler = (line) => sleep(HANDLER_MS, line);

/** Serves with handlers that wait. @param {number} concurrency */
export async function serveAtOnce(concurrency) {
  const server = await serve({ ...deadlines, port: 0, codec: lines(), concurrency, handler });
  await controlServer(server.address.port);
}
