// @ts-check
import { setTimeout as sleep } from "node:timers/promises";
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control.mjs";
import { deadlines } from "./deadlines.mjs";

const HANDLER_MS = 10;

/** Serves with handlers that wait. @param {number} concurrency */
export async function serveAtOnce(concurrency) {
  const handler = (/** @type {string} */ line) => sleep(HANDLER_MS, line);
  const server = await serve({ ...deadlines, port: 0, codec: lines(), concurrency, handler });
  await controlServer(server.address.port);
}
