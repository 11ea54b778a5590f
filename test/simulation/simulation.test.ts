import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokenPledge } from "../../src/testing/pledge.ts";
import { runScenario } from "./run_scenario.ts";
import { drawScenario, type Scenario } from "./scenario.ts";
import { shrinkScenario } from "./shrink_scenario.ts";
import { Summary } from "./summary.ts";

const HOURS = 0.1;
const FIRST = 1;
const SEEDS = 40;
/** Of the traces of these seeds, on every runtime. Changes with the scenarios, and with what the core does when. */
const HASH = "00000000";

const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("a few seeds", () => {
  it("keep every promise, and make the same traces on every runtime", async () => {
    const summary = new Summary();
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const outcome = await runScenario(drawScenario(seed, HOURS));
      expect(outcome.failure, `seed ${seed}`).toBeUndefined();
      summary.add(outcome);
    }
    expect([...summary.pledges].filter(([, checks]) => checks === 0)).toEqual([]);
    expect(summary.hash).toBe(HASH);
  });
});
