// @ts-check
// A program that has its frames computed elsewhere: by `pool`, or by workers of `remote`, `nats` or `redis` at the places given.
import process from "node:process";
import { nats, pool, redisStreams, remote } from "../../../dist/compute/mod.js";
import { answerControl, cpuMicros, say } from "../../control_line.mjs";

const [kind, ...places] = process.argv.slice(2);
const LINE = "x".repeat(64);

const fleet = start();
await fleet.ready();
say({ ready: true });
await answerControl({ run });

/** @returns {import("../../../dist/compute/mod.js").Compute} */
function start() {
  const [place = ""] = places;
  if (kind === "remote") return remote({ targets: places });
  if (kind === "nats") return nats({ servers: place, subject: "bench" });
  if (kind === "redis") return redisStreams({ url: place, stream: "bench" });
  return pool(new URL("./fleet_function.mjs", import.meta.url), { size: 2 });
}

/** @param {{ ms: number, inFlight: number }} asked */
async function run({ inFlight, ms }) {
  let requests = 0;
  const [cpu, began] = [cpuMicros(), performance.now()];
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() - began < ms) {
        await fleet.handler(LINE, { signal: new AbortController().signal });
        requests += 1;
      }
    }),
  );
  return { requests, seconds: (performance.now() - began) / 1_000, cpuMicros: cpuMicros() - cpu };
}
