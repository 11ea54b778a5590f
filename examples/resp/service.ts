// A small Redis for redis-cli and redis-benchmark.
//   deno run -A src/main.ts serve ./examples/resp/service.ts --port 6379
import { defineService } from "spillway";
import type { ServiceSimulation } from "spillway/testing";
import { execute } from "./commands.ts";
import { resp } from "./resp.ts";
import { Store } from "./store.ts";

const store = new Store();

export default defineService({
  codec: resp(),
  handler: (command, context) => execute(command, store, context),
});

/** The frames that the clients of `spillway simulate` send: commands as redis-cli and as people write them. */
export const simulate: ServiceSimulation = {
  frames: (random) => {
    const key = random.pick(["a", "b", "c"]);
    const words = random.pick([
      ["PING"],
      ["SET", key, `${random.below(100)}`],
      ["GET", key],
      ["DEL", key],
      ["INCR", "n"],
      ["NOSUCH"],
    ]);
    if (random.once(4)) return `${words.join(" ")}\r\n`;
    return [`*${words.length}`, ...words.flatMap((word) => [`$${word.length}`, word]), ""].join("\r\n");
  },
};
