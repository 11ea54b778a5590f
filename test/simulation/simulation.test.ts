import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schedulerOf } from "../../src/core/time/scheduler.ts";
import { BrokenInvariant } from "../../src/testing/broken_invariant.ts";
import type { Simulation } from "../../src/testing/simulation.ts";
import type { Verb } from "./requests.ts";
import { labelOf, type RunOptions, runScenario } from "./run_scenario.ts";
import { type Act, drawScenario, type Scenario } from "./scenario.ts";
import { shrinkScenario } from "./shrink_scenario.ts";
import { Summary } from "./summary.ts";

const HOURS = 0.1;
const FIRST = 1;
const SEEDS = 40;
/** Of the traces of these seeds, on every runtime. Changes with the scenarios, and with what the core does when. */
const HASH = "274bf914";

const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("a few seeds", () => {
  it("keep every invariant, and make the same traces on every runtime", async () => {
    const summary = new Summary();
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const outcome = await runScenario(drawScenario(seed, HOURS));
      expect(outcome.failure, `seed ${seed}`).toBeUndefined();
      summary.add(outcome);
    }
    expect([...summary.invariants].filter(([, checks]) => checks === 0)).toEqual([]);
    expect(summary.hash).toBe(HASH);
  });
});

/** A service that is worse than it was. */
const worse = {
  "answers in its own words": (service) => ({
    ...service,
    handler: (text, context) => (text.includes(" echo ") ? "1.1 something else" : service.handler(text, context)),
  }),
  "asks its neighbour's question": (service) => {
    let last = "";
    const handler: typeof service.handler = (text, context) => {
      const before = last;
      last = text;
      return service.handler(text.includes(" echo ") && before !== "" ? before : text, context);
    };
    return { ...service, handler };
  },
} satisfies Record<string, NonNullable<RunOptions["around"]>>;

describe("a service that", () => {
  it.each(Object.entries(worse))("%s is found out, and the scenario shrinks", async (_name, around) => {
    const scenario = { ...drawScenario(9, HOURS), steps: [] };
    const { failure } = await runScenario(scenario, { around });
    expect(failure).toBeInstanceOf(BrokenInvariant);
    const smaller = await shrinkScenario(scenario, failure, { around });
    expect(smaller.acts.length).toBeLessThan(6);
    expect(smaller.acts.map(labelOf)[0]).toMatch(/^connect \d+ 0$/);
    const again = await runScenario(smaller, { around, keepTrace: true });
    expect(String(again.failure)).toContain("answered once, in order");
    expect(again.world.trace.lines.length).toBeGreaterThan(smaller.acts.length);
  });
});

/** Clients of one group; the first of them sends so much of one kind that to work it off in one go would hold the event loop. */
function torrentOf(verb: Verb): Scenario {
  const connects = [1, 2, 3].map((whom): Act => ({ at: 0, what: "connect", whom, amount: 0 }));
  const joins = connects.map((act): Act => ({ ...act, what: "send", verbs: ["join"] }));
  return {
    ...drawScenario(1, HOURS),
    limits: { maxOutboundBytes: 4_194_304, idleTimeoutMs: 10_000 },
    link: { latencyMs: 1, jitterMs: 0, bytesPerSecond: Infinity, bufferBytes: 4_194_304, cutting: "none" },
    authenticationMs: undefined,
    steps: [],
    welcome: "all",
    connectMs: 0,
    acts: [...connects, ...joins, { at: 10, what: "torrent", whom: 1, amount: 60_000, verbs: [verb] }],
  };
}

describe.each(["echo", "promise", "pour", "say"] as const)("60,000 frames of %s at once", (verb) => {
  it("are worked off between rounds of I/O, and all are answered", async () => {
    const { failure, world } = await runScenario(torrentOf(verb));
    expect(failure).toBeUndefined();
    expect(world.server.stats().framesOut).toBeGreaterThan(60_000);
  });

  it("are found out when the event loop is never given back", async () => {
    const prepare = ({ serverClock }: Simulation) => {
      schedulerOf(serverClock).spend = () => {};
    };
    const { failure } = await runScenario(torrentOf(verb), { prepare });
    expect(String(failure)).toContain("work between two rounds of I/O is bounded");
  });
});

describe("a trace", () => {
  const traceOf = async (scenario: Scenario) => (await runScenario(scenario, { keepTrace: true })).world.trace;

  it("is the same for the same seed, line by line", async () => {
    const [one, other] = [await traceOf(drawScenario(9, HOURS)), await traceOf(drawScenario(9, HOURS))];
    expect(one.lines.length).toBeGreaterThan(10);
    expect(one.lines).toEqual(other.lines);
    expect(one.hash).toBe(other.hash);
  });

  it("is another for another seed", async () => {
    const [one, other] = [await traceOf(drawScenario(9, HOURS)), await traceOf(drawScenario(10, HOURS))];
    expect(one.hash).not.toBe(other.hash);
  });
});
