// @ts-check
// The cost of a request to a fleet, beside one to worker threads of the same process.
import { Broker } from "../broker.mjs";
import { ControlledProcess } from "../controlled_process.mjs";
import { extentOf } from "../extent.mjs";
import { scriptUnderTest } from "../script_under_test.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {{ requests: number, seconds: number, cpuMicros: number }} Ran */

const KINDS = ["pool", "remote", "nats", "redis"];
const IN_FLIGHT = 64;
const WORKERS = 2;

const FULL = { rounds: 5, ms: 2_000 };
const QUICK = { rounds: 2, ms: 500 };

const BOTH = "requester and workers";
const REQUESTER = "requester";

/** @type {import("./workload.mjs").Workload} */
export const fleets = {
  name: "fleets",
  title: `requests of 64 bytes to ${WORKERS} workers, ${IN_FLIGHT} in flight: CPU per request, without that of the broker`,
  unit: "µs",
  counted: "requests",
  rows: [
    { name: BOTH, subjects: KINDS, reference: "pool" },
    { name: REQUESTER, subjects: KINDS.slice(1), reference: "remote" },
  ],
  async measure(bench, rows) {
    const { rounds, ms } = extentOf(bench, FULL, QUICK);
    const kinds = KINDS.filter((kind) => rows.some(({ subjects }) => subjects.includes(kind)));
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      for (const kind of kinds) {
        bench.progress(`round ${round + 1} of ${rounds}: ${kind}`);
        const measured = await measure(bench, kind, ms);
        if (measured === undefined) continue;
        const { both, perSecond, requester } = measured;
        const value = new Map([
          [BOTH, both],
          [REQUESTER, requester],
        ]);
        for (const { name: row, subjects } of rows) {
          if (!subjects.includes(kind)) continue;
          samples.push({ row, subject: kind, round, value: Number(value.get(row)), perSecond });
        }
      }
    }
    return samples;
  },
};

/** @param {Bench} bench @param {string} kind @param {number} ms */
async function measure({ profileDir, runtime }, kind, ms) {
  const broker = kind === "nats" || kind === "redis" ? await Broker.start(kind) : undefined;
  if (broker === undefined && (kind === "nats" || kind === "redis")) return undefined;
  /** @type {ControlledProcess[]} */
  const processes = [];
  const start = async (/** @type {string} */ script, /** @type {string[]} */ args) => {
    const command = scriptUnderTest(runtime, `servers/spillway/${script}`, { args: [kind, ...args], profileDir });
    const { controlled, hello } = await ControlledProcess.start(`${script} ${kind}`, command);
    processes.push(controlled);
    return { controlled, hello: /** @type {{ port?: number }} */ (JSON.parse(hello)) };
  };
  try {
    const place = broker === undefined ? [] : [broker.url];
    const count = kind === "pool" ? 0 : WORKERS;
    /** @type {Awaited<ReturnType<typeof start>>[]} */
    const workers = [];
    for (let one = 0; one < count; one++) workers.push(await start("fleet_worker.mjs", place));
    const places = broker === undefined ? workers.map(({ hello }) => `127.0.0.1:${hello.port}`) : place;
    const { controlled } = await start("fleet_requester.mjs", places);
    const run = async () => /** @type {Ran} */ (await controlled.ask({ do: "run", ms, inFlight: IN_FLIGHT }));
    const used = async () => {
      let sum = 0;
      for (const worker of workers) {
        sum += /** @type {{ cpuMicros: number }} */ (await worker.controlled.ask({ do: "cpu" })).cpuMicros;
      }
      return sum;
    };
    await run();
    const before = await used();
    const { cpuMicros, requests, seconds } = await run();
    const worked = (await used()) - before;
    return { both: (cpuMicros + worked) / requests, requester: cpuMicros / requests, perSecond: requests / seconds };
  } finally {
    for (const controlled of processes.toReversed()) await controlled.end();
    broker?.kill();
  }
}
