// @ts-check
// A worker of workers.mjs.
import { serveWorker } from "../../../dist/cluster/mod.js";
import { lines } from "../../../dist/mod.js";
import { cpuMicros } from "../../control_line.mjs";
import { deadlines } from "./deadlines.mjs";

/** @type {import("../../../dist/mod.js").Server<string, string>} */
const server = await serveWorker({
  ...deadlines,
  codec: lines(),
  handler: (line) => line,
  answering: () => ({ cpuMicros: cpuMicros(), connections: server.stats().connections }),
});
