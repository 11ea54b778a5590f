import type { Limits, SlowConsumerPolicy } from "../../src/core/mod.ts";
import type { LinkConditions } from "../../src/testing/link_conditions.ts";
import { type Random, seededRandom } from "../../src/testing/random.ts";
import { drawActs } from "./acts.ts";
import type { Verb } from "./requests.ts";
import { drawSteps, type StepKind } from "./steps.ts";

const WORKLOADS = [
  "echo",
  "compute",
  "concurrent",
  "streams",
  "broadcast",
  "upgrade",
  "groups",
  "faulty",
  "flood",
  "torrents",
] as const;
export type Workload = (typeof WORKLOADS)[number];

/** An act at an instant: of a client, on one of the connections, or on the server. */
export interface Act {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly what: string;
  /** The number of the client that acts; or a number that chooses one of the connections that are open then. */
  readonly whom: number;
  /** A duration, a count, a seed. */
  readonly amount: number;
  readonly verbs?: readonly Verb[];
}

/** Everything that a seed decides before anything runs. */
export interface Scenario {
  readonly seed: number;
  readonly workload: Workload;
  readonly limits: Partial<Limits>;
  readonly slowConsumer: SlowConsumerPolicy;
  readonly invalidFrame: "close" | "skip";
  readonly beyondMaxConnections: "wait" | "reject";
  readonly afterReset: "drop" | "finish";
  /** How long `onConnect` and `onDisconnect` take: 0 for not at all. */
  readonly connectMs: number;
  readonly disconnectMs: number;
  readonly greets: boolean;
  /** The fate of every fourth connection. */
  readonly welcome: "all" | "refuse" | "throw";
  /** How long a client may take until its first frame; `undefined` for as long as any other silence. */
  readonly authenticationMs: number | undefined;
  /** The steps of every connection before its session, and whether its signal is passed on. */
  readonly steps: readonly StepKind[];
  readonly passesSignal: boolean;
  /** The conditions of every link; `undefined` for one of many kinds. */
  readonly link: LinkConditions | undefined;
  readonly spanMs: number;
  readonly acts: readonly Act[];
}

const HOUR_MS = 3_600_000;

/** The scenario of a seed. */
export function drawScenario(seed: number, hours: number): Scenario {
  const random = seededRandom(seed).fork("scenario");
  const workload = random.pick(WORKLOADS);
  const limits = drawLimits(random, workload);
  const establishing = seededRandom(seed).fork("steps");
  const steps = drawSteps(establishing);
  const spanMs = hours * HOUR_MS;
  return {
    seed,
    workload,
    limits: steps.length === 0 ? limits : { ...limits, ...drawEstablishLimits(establishing) },
    steps,
    passesSignal: establishing.once(2),
    slowConsumer: random.pick(["drop", "drop-oldest", "reset"] as const),
    invalidFrame: random.pick(["close", "skip"] as const),
    beyondMaxConnections: random.pick(["wait", "reject"] as const),
    afterReset: random.pick(["drop", "finish"] as const),
    connectMs: random.pick([0, 0, 0, 1, 40]),
    disconnectMs: random.pick([0, 0, 0, 5, 60_000]),
    greets: random.once(3),
    welcome: random.pick(["all", "all", "all", "refuse", "throw"] as const),
    authenticationMs: random.pick([undefined, undefined, undefined, 300, 5_000]),
    link: workload === "torrents" ? drawWide(random) : undefined,
    spanMs,
    acts: drawActs(seededRandom(seed).fork("acts"), workload, spanMs),
  };
}

/** A link on which so much arrives at once that to work it off would hold the event loop. */
function drawWide(random: Random): LinkConditions {
  return {
    latencyMs: random.pick([0, 1, 10]),
    jitterMs: 0,
    bytesPerSecond: Infinity,
    bufferBytes: random.pick([65_536, 1_048_576]),
    cutting: random.pick(["none", "none", "coarse"] as const),
  };
}

/** How much may wait of all connections together: mostly as much as may. */
const TOTAL_BYTES = [268_435_456, 268_435_456, 268_435_456, 2_000] as const;

/** How much may wait, where that is not drawn from all there is. */
const OUTBOUND_BYTES: Partial<Record<Workload, readonly [number, ...number[]]>> = {
  flood: [64, 1_024, 8_192],
  broadcast: [64, 1_024, 8_192],
  torrents: [8_192, 1_048_576, 1_048_576],
};

function drawEstablishLimits(random: Random): Partial<Limits> {
  return {
    maxEstablishing: random.pick([1_024, 1_024, 1, 2]),
    establishTimeoutMs: random.pick([10_000, 10_000, 300, 2_000]),
  };
}

function drawLimits(random: Random, workload: Workload): Partial<Limits> {
  return {
    idleTimeoutMs: random.pick([2_000, 30_000, 300_000]),
    silenceTimeoutMs: random.pick([Infinity, Infinity, Infinity, 1_000, 20_000]),
    frameTimeoutMs: random.pick([500, 5_000, 30_000]),
    handlerTimeoutMs: random.pick([200, 5_000, 30_000]),
    writeTimeoutMs: random.pick([1_000, 10_000, 30_000]),
    lifetimeMs: random.pick([Infinity, Infinity, Infinity, 20_000]),
    lingerTimeoutMs: random.pick([100, 2_000]),
    drainTimeoutMs: random.pick([50, 1_000, 10_000]),
    maxConnections: random.pick([65_536, 65_536, 65_536, 1, 3]),
    concurrency: workload === "concurrent" ? random.pick([2, 4, 16]) : random.pick([1, 1, 1, 8]),
    maxConcurrentHandlers: random.pick([65_536, 65_536, 1, 3]),
    maxOutboundBytes: random.pick(OUTBOUND_BYTES[workload] ?? [64, 65_536, 1_048_576]),
    maxOutboundFrames: random.pick([1, 8, 16_384]),
    backlog: random.pick([1, 4_096, 4_096]),
    minWriteBytesPerSecond: random.pick([1_024, 1_024, 65_536, Infinity]),
    maxLingerMs: random.pick([100, 3_000, 30_000]),
    maxTotalOutboundBytes: random.pick(TOTAL_BYTES),
    maxTotalInboundBytes: random.pick(TOTAL_BYTES),
  };
}
