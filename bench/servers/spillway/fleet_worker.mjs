// @ts-check
// A worker of a fleet: `remote`, or `nats` or `redis` and the address of a broker.
import process from "node:process";
import { natsWorker, redisWorker, workService } from "../../../dist/compute/mod.js";
import { serve } from "../../../dist/mod.js";
import { answerControl, cpuMicros, say } from "../../control_line.mjs";
import handler from "./fleet_function.mjs";

const [kind, place = ""] = process.argv.slice(2);
const concurrency = 64;

say({ port: await start() });
await answerControl({ cpu: () => ({ cpuMicros: cpuMicros() }) });

async function start() {
  if (kind === "remote") {
    const server = await serve({ port: 0, ...workService(handler, { concurrency }) });
    return server.address.port;
  }
  const options = { handler, concurrency };
  const worker =
    kind === "nats"
      ? natsWorker({ ...options, servers: place, subject: "bench", maxQueue: 1_024 })
      : redisWorker({ ...options, url: place, stream: "bench" });
  await worker.ready();
  return 0;
}
