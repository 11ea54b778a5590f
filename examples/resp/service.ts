// A small Redis for redis-cli and redis-benchmark.
//   deno run -A src/main.ts serve ./examples/resp/service.ts --port 6379
import { defineService } from "spillway";
import { execute } from "./commands.ts";
import { resp } from "./resp.ts";
import { Store } from "./store.ts";

const store = new Store();

export default defineService({
  codec: resp(),
  handler: (command, context) => execute(command, store, context),
});
