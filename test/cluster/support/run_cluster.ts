import { kindOf } from "../../../src/testing/broken_invariant.ts";
import { shrink } from "../../../src/testing/shrink.ts";
import { type ClusterScenario, clusterActText } from "./cluster_scenario.ts";
import { ClusterWorld } from "./cluster_world.ts";

/** How {@link runCluster} runs. */
export interface RunOptions {
  /** Keeps the lines of the trace. */
  readonly keepTrace?: boolean;
  /** Changes the world before it runs: to see what the simulation thinks of a worse one. */
  readonly prepare?: (world: ClusterWorld) => void;
}

/** Plays a scenario to its end. Does not reject. */
export async function runCluster(
  scenario: ClusterScenario,
  { keepTrace = false, prepare }: RunOptions = {},
): Promise<ClusterWorld> {
  const world = new ClusterWorld(scenario, keepTrace);
  prepare?.(world);
  await world.run();
  return world;
}

/** Returns a text with what failed, as few acts as were found to cause it, and what happens then. */
export async function explainCluster(
  scenario: ClusterScenario,
  failure: unknown,
  options: RunOptions = {},
): Promise<string> {
  const kind = kindOf(failure);
  const acts = await shrink(scenario.acts, async (fewer) => {
    const { failure: again } = await runCluster({ ...scenario, acts: fewer }, options);
    return again !== undefined && kindOf(again) === kind;
  });
  const { failure: again, trace } = await runCluster({ ...scenario, acts }, { ...options, keepTrace: true });
  return [
    `seed ${scenario.seed}: ${String(again ?? failure)}`,
    `${scenario.workers} workers, ${scenario.graceMs ?? "no"} ms of grace; ${acts.length} of ${scenario.acts.length} acts are enough:`,
    ...acts.map((act) => `  ${clusterActText(act)}`),
    "what happens then:",
    ...trace.lines.map((line) => `  ${line}`),
    `again: npm run simulate -- --cluster --replay ${scenario.seed}`,
  ].join("\n");
}
