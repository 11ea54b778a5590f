import { BrokenPledge } from "../../src/testing/pledge.ts";
import { type Outcome, runScenario } from "./run_scenario.ts";
import type { Act, Scenario } from "./scenario.ts";

/** Runs that shrinking may take. */
const MOST_RUNS = 400;

/** A scenario that fails in the same way with as few acts as can be found: clients are left out first, then acts. */
export async function shrink(scenario: Scenario, failure: unknown): Promise<Scenario> {
  const kind = kindOf(failure);
  let { acts } = scenario;
  let runs = 0;

  for (const whom of new Set(acts.map((act) => act.whom))) await attempt(acts.filter((act) => act.whom !== whom));
  for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < acts.length; ) {
      const left = [...acts.slice(0, at), ...acts.slice(at + size)];
      if (!(await attempt(left))) at += size;
    }
  }
  return { ...scenario, acts };

  async function attempt(left: readonly Act[]): Promise<boolean> {
    if (runs >= MOST_RUNS) return false;
    runs += 1;
    const outcome: Outcome = await runScenario({ ...scenario, acts: left });
    if (outcome.failure === undefined || kindOf(outcome.failure) !== kind) return false;
    acts = left;
    return true;
  }
}

function kindOf(failure: unknown): string {
  if (failure instanceof BrokenPledge) return failure.pledge;
  return failure instanceof Error ? failure.name : typeof failure;
}
