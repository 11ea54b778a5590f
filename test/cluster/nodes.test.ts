// Supervisors, workers and clients as processes of one simulated network, with a lossy bus between the workers.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawCluster, EVERY_FAULT } from "./support/cluster_scenario.ts";
import type { ClusterWorld } from "./support/cluster_world.ts";
import { explainCluster, runCluster } from "./support/run_cluster.ts";

const FIRST = 1;
const SEEDS = 24;

const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("a cluster of simulated processes", () => {
  it("keeps every promise, whatever happens to its supervisors, workers and bus", async () => {
    const tally = new Map<string, number>();
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scenario = drawCluster(seed);
      const world = await runCluster(scenario);
      if (world.failure !== undefined) expect.fail(await explainCluster(scenario, world.failure));
      for (const [what, count] of world.tally) tally.set(what, (tally.get(what) ?? 0) + count);
    }
    expect(EVERY_FAULT.filter((what) => !tally.has(what))).toEqual([]);
    expect([...tally.keys()]).toEqual(expect.arrayContaining(["client orderly", "client broken", "broadcasts lost"]));
  }, 120_000);

  it("has the same trace for the same seed", async () => {
    const [one, other] = [await runCluster(drawCluster(2), { keepTrace: true }), await runCluster(drawCluster(2))];
    expect(one.trace.lines.length).toBeGreaterThan(40);
    expect(one.trace.hash).toBe(other.trace.hash);
  });

  it.each<[string, string, (world: ClusterWorld) => unknown]>([
    [
      "a worker that pauses without a fault",
      "a healthy slot always accepts",
      ({ alive }) => alive[0]?.process.stall(10),
    ],
    [
      "connections that are cut off without a fault",
      "healthy workers lose no connection",
      ({ network }) => network.connections.map((connection) => connection.reset()),
    ],
  ])("finds %s, and which acts are enough", async (_what, invariant, spoil) => {
    const { acts, ...drawn } = drawCluster(2);
    const scenario = { ...drawn, acts: acts.filter(({ what }) => what === "connect").slice(0, 12) };
    const spoilAt = (scenario.acts[6]?.at ?? 0) + 500;
    const options = { prepare: (world: ClusterWorld) => world.clock.setTimeout(() => spoil(world), spoilAt) };
    const { failure } = await runCluster(scenario, options);
    expect(failure?.invariant).toBe(invariant);
    const text = await explainCluster(scenario, failure, options);
    expect(text).toMatch(/^seed 2: .*\n\d workers, .*; [01] of 12 acts are enough:/);
    expect(text).toContain("simulate -- --cluster --replay 2");
  });
});
