// @ts-check
// A process of the runtime under test that sends frames over a broker, or gets them: with a server's bus, or with the broker's
// package alone.
import process from "node:process";
import { answerControl, cpuMicros, say } from "../control_line.mjs";
import { bare } from "./bare.mjs";
import { onABus } from "./on_a_bus.mjs";

/**
 * @typedef {object} Endpoint
 * @property {() => number} received the number of frames that came
 * @property {(frames: readonly string[]) => void} send sends the frames of one turn
 * @property {() => Promise<void>} flush fulfils when the broker has what was sent
 */

/** The open endpoint, which sends and receives. @type {Endpoint | undefined} */
let endpoint;

function opened() {
  if (endpoint === undefined) throw new Error("nothing is open");
  return endpoint;
}

/** @param {{ with: "bus" | "bare", broker: string, address: string }} request */
async function open({ with: subject, broker, address }) {
  endpoint = subject === "bus" ? await onABus(broker, address) : await bare(broker, address);
  return {};
}

/** @param {{ frames: number, perTurn: number, bytes: number }} request */
async function send({ frames, perTurn, bytes }) {
  const to = opened();
  const turn = Array.from({ length: perTurn }, (_, index) => `${index}`.padStart(bytes, "x"));
  for (let sent = 0; sent < frames; sent += perTurn) {
    to.send(turn);
    // The broker is not to be outrun.
    if (sent % (perTurn * 20) === 0) await to.flush();
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await to.flush();
  return {};
}

const usage = () => ({ cpuMicros: cpuMicros(), received: opened().received() });

process.on("unhandledRejection", (error) => {
  throw error;
});
say({});
await answerControl({ open, send, usage });
