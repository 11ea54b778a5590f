import { kindOf } from "../../src/testing/broken_invariant.ts";
import { shrink } from "../../src/testing/shrink.ts";
import { type RunOptions, runScenario } from "./run_scenario.ts";
import type { Scenario } from "./scenario.ts";

/** A scenario that fails in the same way with as few acts as can be found. */
export async function shrinkScenario(scenario: Scenario, failure: unknown, options?: RunOptions): Promise<Scenario> {
  const kind = kindOf(failure);
  const acts = await shrink(scenario.acts, async (fewer) => {
    const again = await runScenario({ ...scenario, acts: fewer }, options);
    return again.failure !== undefined && kindOf(again.failure) === kind;
  });
  return { ...scenario, acts };
}
