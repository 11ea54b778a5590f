// No reply goes to another request, and every request is settled once, whatever is called from wherever, and whatever the peer does.
import fc from "fast-check";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { type Call, ClientWorld, type Preparation, type Scenario, type Step } from "./support/client_world.ts";

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

const CALLS: readonly Call[] = ["ask", "ask", "ask", "ask shortly", "ask and give up", "send", "reconnect", "throw"];
const calls = fc.array(
  fc.option(fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...CALLS) }, fc.constantFrom<Call>("close", "abort")), {
    nil: undefined,
    freq: 2,
  }),
  { maxLength: 12 },
);

const PREPARATIONS: readonly Preparation[] = [
  "nothing",
  "send",
  "log in",
  "log in twice",
  "ask its own and go on",
  "ask the client and go on",
  "ask the client and wait",
  "throw",
  "log in and throw",
  "wait for 30 ms",
  "hang",
];

const OFTEN: readonly Step["do"][] = ["ask", "ask shortly", "answer", "answer all", "settle", "push", "take"];
const STEPS: readonly Step["do"][] = [
  ...OFTEN,
  ...OFTEN,
  "ask and give up",
  "give up",
  "send",
  "reconnect",
  "answer in halves",
  "push part",
  "reset",
  "finish",
  "garbage",
  "listen",
  "unlisten",
  "stall",
  "read",
];
const step = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...STEPS).map((what) => ({ do: what }) as Step) },
  { weight: 6, arbitrary: fc.constantFrom(1, 5, 10, 60, 300).map((ms): Step => ({ do: "wait", ms })) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: "close" }, { do: "abort" }) },
);

const heartbeat = fc.constantFrom(
  undefined,
  { everyMs: 25, frame: "beat" },
  { everyMs: 25, frame: "beat", expect: (frame: string) => frame === "BEAT" },
);

const scenario: fc.Arbitrary<Scenario> = fc.record({
  options: fc
    .record({
      maxPendingRequests: fc.constantFrom(1, 2, 1_024),
      maxPushes: fc.constantFrom(1, 3),
      maxOutboundBytes: fc.constantFrom(16, 1_048_576),
      maxConsecutiveTimeouts: fc.constantFrom(1, 3),
      requestTimeoutMs: fc.constantFrom(20, 150),
      idleTimeoutMs: fc.constantFrom(90, 10_000),
      authenticationTimeoutMs: fc.constantFrom(50, 10_000),
      lingerTimeoutMs: fc.constant(20),
      writeTimeoutMs: fc.constant(200),
      reconnect: fc.constantFrom(false, { jitter: 0, minDelayMs: 5, maxDelayMs: 40 }, { jitter: 0, maxAttempts: 2 }),
      heartbeat,
    })
    .map(({ heartbeat: beat, ...rest }) => ({ ...rest, ...(beat && { heartbeat: beat }) })),
  pushes: fc.constantFrom("recognised", "unrecognised", "none"),
  welcomes: fc.boolean(),
  preparations: fc.oneof(
    fc.constant(undefined),
    fc.array(fc.constantFrom(...PREPARATIONS), { minLength: 1, maxLength: 4 }),
  ),
  atEvent: calls,
  atFrame: calls,
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
});

describe("a client", () => {
  it("gives every request its own reply or an error, once, in whatever order things happen", async () => {
    const runs = Number(process.env["CLIENT_MODEL_RUNS"] ?? 1_500);
    const property = fc.asyncProperty(scenario, (given) => new ClientWorld(given).run());
    await fc.assert(property, { seed: Number(process.env["CLIENT_MODEL_SEED"] ?? 20_261_129), numRuns: runs });
  }, 120_000);
});
