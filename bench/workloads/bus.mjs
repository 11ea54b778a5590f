// @ts-check
// The cost of a frame that a server broadcasts to another, beside the broker's package alone.
import { BrokerProcess } from "../buses/broker_process.mjs";
import { ControlledProcess } from "../controlled_process.mjs";
import { extentOf } from "../extent.mjs";
import { scriptUnderTest } from "../script_under_test.mjs";

/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {{ cpuMicros: number, received: number }} Usage */

const FULL = { rounds: 5, frames: 100_000 };
const QUICK = { rounds: 3, frames: 20_000 };
const FRAME = { perTurn: 50, bytes: 64 };
const PATIENCE_MS = 60_000;

/** A server does more than count: it delivers. */
const AT_MOST = 6;

/** @typedef {import("./workload.mjs").Row & { broker: "redis" | "nats" | "local" }} BusRow */

/** @type {import("./workload.mjs").Workload<BusRow>} */
export const bus = {
  name: "bus",
  title:
    "64-byte frames, 50 in a turn, from one process to a member in another: CPU of both per frame; bare is the broker's package, which counts them",
  unit: "µs",
  counted: "frames",
  rows: [
    { name: "redis", broker: "redis", subjects: ["bus", "bare"], reference: "bare", targets: { bus: AT_MOST } },
    { name: "nats", broker: "nats", subjects: ["bus", "bare"], reference: "bare", targets: { bus: AT_MOST } },
    { name: "local", broker: "local", subjects: ["bus"] },
  ],
  async measure(bench, rows) {
    const { rounds, frames } = extentOf(bench, FULL, QUICK);
    /** @type {Sample[]} */
    const samples = [];
    for (const { name: row, subjects, broker: name } of rows) {
      const broker = await BrokerProcess.start(name, bench.runtime);
      if (broker === undefined) continue;
      try {
        for (const subject of subjects) {
          const [sender, receiver] = [
            await start(bench, subject, name, broker),
            await start(bench, subject, name, broker),
          ];
          await rush(sender, receiver, frames / 4);
          for (let round = 0; round < rounds; round++) {
            bench.progress(`${row}, ${subject}: round ${round + 1} of ${rounds}`);
            const { cpuMicros, seconds } = await rush(sender, receiver, frames);
            const busy = cpuMicros / 1e6 / seconds;
            samples.push({ row, subject, round, value: cpuMicros / frames, perSecond: frames / seconds, busy });
          }
          await Promise.all([sender.end(), receiver.end()]);
        }
      } finally {
        broker.kill();
      }
    }
    return samples;
  },
};

/** @param {import("./workload.mjs").Bench} bench @param {string} subject @param {string} name @param {BrokerProcess} broker */
async function start(bench, subject, name, { address }) {
  const command = scriptUnderTest(bench.runtime, "buses/main.mjs", { profileDir: bench.profileDir });
  const { controlled } = await ControlledProcess.start(`${subject} on ${bench.runtime.name}`, command);
  await controlled.ask({ do: "open", with: subject, broker: name, address });
  return controlled;
}

/** Sends frames, and waits until they have arrived. @param {ControlledProcess} sender @param {ControlledProcess} receiver @param {number} frames */
async function rush(sender, receiver, frames) {
  const before = [await usage(sender), await usage(receiver)];
  const began = performance.now();
  await sender.ask({ do: "send", frames, ...FRAME }, PATIENCE_MS);
  let after = await usage(receiver);
  const expected = (before[1]?.received ?? 0) + frames;
  while (after.received < expected) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${after.received} of ${expected} frames came`);
    await new Promise((resolve) => setTimeout(resolve, 2));
    after = await usage(receiver);
  }
  const seconds = (performance.now() - began) / 1_000;
  const own = (await usage(sender)).cpuMicros - (before[0]?.cpuMicros ?? 0);
  return { cpuMicros: own + after.cpuMicros - (before[1]?.cpuMicros ?? 0), seconds };
}

/** @param {ControlledProcess} process */
async function usage(process) {
  return /** @type {Usage} */ (await process.ask({ do: "usage" }));
}
