// @ts-check
// The load generator: one process, on Bun, whose raw echo costs the least CPU per line of the three.
import { answerControl, say } from "../control_line.mjs";
import { Burst } from "./burst.mjs";
import { churn } from "./churn.mjs";
import { Load } from "./load.mjs";

/** What has connections open. @type {Map<number, Load | Burst>} */
const held = new Map();
let lastId = 0;

/** @param {Load | Burst} connections */
function hold(connections) {
  lastId += 1;
  held.set(lastId, connections);
  return lastId;
}

/** @param {number} id */
function load(id) {
  const found = held.get(id);
  if (!(found instanceof Load)) throw new Error(`no load ${id}`);
  return found;
}

say({});
await answerControl({
  open: async (options) => ({ id: hold(await Load.open(options)) }),
  run: ({ id = 0, ms = 0 }) => load(id).run(ms),
  ended: ({ id = 0 }) => load(id).ended(),
  burst: async (options) => {
    const burst = await Burst.open(options);
    return { id: hold(burst), ...burst.took };
  },
  churn,
  close: ({ id = 0 }) => {
    held.get(id)?.close();
    held.delete(id);
    return {};
  },
});
