// @ts-check
// The load generator: one process, on Bun, whose raw echo costs the least CPU per line of the three.
import { control } from "../control.mjs";
import { Load } from "./load.mjs";

/** @type {Map<number, Load>} */
const loads = new Map();
let lastId = 0;

/** @param {number} id */
function load(id) {
  const found = loads.get(id);
  if (found === undefined) throw new Error(`no load ${id}`);
  return found;
}

await control(
  {},
  {
    open: async (options) => {
      lastId += 1;
      loads.set(lastId, await Load.open(options));
      return { id: lastId };
    },
    run: ({ id = 0, ms = 0 }) => load(id).run(ms),
    close: ({ id = 0 }) => {
      load(id).close();
      loads.delete(id);
      return {};
    },
  },
);
