// The first seed whose scenario fails, on stdout, and exit code 1: what scripts/mutate.mjs asks of a mutated core.
import { runScenario } from "../simulation/run_scenario.ts";
import { drawScenario } from "../simulation/scenario.ts";

const HOURS = 0.1;

Error.stackTraceLimit = 0;
const seeds = Number(process.argv[2]);
for (let seed = 1; seed <= seeds; seed++) {
  const { failure } = await runScenario(drawScenario(seed, HOURS));
  if (failure === undefined) continue;
  console.log(`seed ${seed}: ${failure instanceof Error ? failure.message : typeof failure}`);
  process.exit(1);
}
