// @ts-check
// Answers lines with themselves; the options say how.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control_server.mjs";
import { deadlines } from "./deadlines.mjs";

/** The longest line of the bench. */
const MAX_LINE_BYTES = 1_048_576;
const WAIT_MS = 10;

const { values } = parseArgs({
  options: {
    encoding: { type: "string", default: "utf8" },
    concurrency: { type: "string", default: "1" },
    async: { type: "boolean", default: false },
    wait: { type: "boolean", default: false },
    metrics: { type: "boolean", default: false },
    admin: { type: "boolean", default: false },
  },
});
const endpoint = await watched();
const observed = { ...(await measured()), ...(endpoint !== undefined && { observer: endpoint.observer }) };
const common = { ...deadlines, ...observed, port: 0, concurrency: Number(values.concurrency) };
const maxFrameBytes = MAX_LINE_BYTES;

const server = await start();
await controlServer(server.address.port, { drain, admin: () => ({ port: endpoint?.address.port }) });

/** @returns {Promise<import("../../../dist/mod.js").Server<any, any>>} */
function start() {
  if (values.encoding === "bytes")
    return serve({ ...common, codec: lines({ encoding: "bytes", maxFrameBytes }), handler: (line) => line });
  return serve({ ...common, codec: lines({ maxFrameBytes }), handler: handlerOfText() });
}

/** The options of a server with metrics. Loaded only where it is asked for: another checkout may not have them. */
async function measured() {
  if (!values.metrics) return {};
  const { metrics } = await import("../../../dist/observers/metrics/mod.js");
  const m = metrics();
  return { observer: m, middleware: [m.middleware] };
}

/** The admin endpoint. Loaded only where it is asked for. */
async function watched() {
  if (!values.admin) return undefined;
  const { admin } = await import("../../../dist/admin/mod.js");
  const created = admin({ listen: { port: 0 } });
  await created.start();
  return created;
}

/** @returns {(line: string) => string | Promise<string>} */
function handlerOfText() {
  if (values.wait) return (line) => sleep(WAIT_MS, line);
  if (values.async) return async (line) => line;
  return (line) => line;
}

async function drain() {
  const began = performance.now();
  const result = await server.shutdown();
  return { ...result, ms: performance.now() - began };
}
