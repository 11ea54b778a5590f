// @ts-check
// The load generator: one process, on Bun, whose raw echo costs the least CPU per line of the three.
import { answerControl, say } from "../control_line.mjs";
import { Burst } from "./burst.mjs";
import { churn } from "./churn.mjs";
import { Load } from "./load.mjs";
import { OpenLoop } from "./open_loop.mjs";

/** The holders of open connections, by number. @type {Map<number, Load | Burst | OpenLoop>} */
const held = new Map();
let lastId = 0;

/** @param {Load | Burst | OpenLoop} connections */
function hold(connections) {
  lastId += 1;
  held.set(lastId, connections);
  return lastId;
}

/** @template {Load | OpenLoop} Kind @param {number} id @param {new (...args: any) => Kind} kind */
function find(id, kind) {
  const found = held.get(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} ${id}`);
  return found;
}

say({});
await answerControl({
  open: async (options) => ({ id: hold(await Load.open(options)) }),
  run: ({ id = 0, ms = 0 }) => find(id, Load).run(ms),
  ended: ({ id = 0 }) => find(id, Load).ended(),
  openLoop: async (options) => ({ id: hold(await OpenLoop.open(options)) }),
  runOpenLoop: ({ id = 0, ...plan }) => find(id, OpenLoop).run(plan),
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
