// Prints the cost of each case on this runtime, as JSON. `child.ts` starts it, in a process of its own: `made` or `held`.
import { thisEngine } from "./engine.ts";
import { costsOfDone, costsOfHeld } from "./measure.ts";

const engine = await thisEngine();
const costsOf = process.argv[2] === "held" ? costsOfHeld : costsOfDone;
// In a task: microtasks are run by hand.
setImmediate(() => console.log(JSON.stringify({ engine: engine.name, costs: costsOf(engine) })));
