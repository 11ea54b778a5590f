// @ts-check
import { asyncHandlers } from "./async_handlers.mjs";
import { broadcast } from "./broadcast.mjs";
import { burst } from "./burst.mjs";
import { bus } from "./bus.mjs";
import { churn } from "./churn.mjs";
import { cli } from "./cli.mjs";
import { codecs } from "./codecs.mjs";
import { concurrency } from "./concurrency.mjs";
import { drain } from "./drain.mjs";
import { fairness } from "./fairness.mjs";
import { fleets } from "./fleets.mjs";
import { idle } from "./idle.mjs";
import { idleCpu } from "./idle_cpu.mjs";
import { inFlight } from "./in_flight.mjs";
import { latency } from "./latency.mjs";
import { metrics } from "./metrics.mjs";
import { pingPong } from "./ping_pong.mjs";
import { polled } from "./polled.mjs";
import { sizes } from "./sizes.mjs";
import { startUp } from "./start_up.mjs";
import { tls } from "./tls.mjs";
import { workers } from "./workers.mjs";

const LINES = [
  pingPong,
  inFlight,
  tls,
  asyncHandlers,
  metrics,
  cli,
  workers,
  sizes,
  latency,
  broadcast,
  concurrency,
  fairness,
  fleets,
];
const CONNECTIONS = [idle, idleCpu, polled, churn, burst, drain, startUp];

/** Each takes the rows that it has itself. @type {import("./workload.mjs").Workload<any>[]} */
export const WORKLOADS = [...LINES, ...CONNECTIONS, codecs, bus];

/** The workloads that say most in the least time. @type {import("./workload.mjs").Workload<any>[]} */
export const QUICK_WORKLOADS = [pingPong, inFlight];
