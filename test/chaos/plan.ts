import type { Random } from "spillway/testing";
import { SERVICE_NAMES, type ServiceName } from "./services.ts";
import type { Toxic, Toxics } from "./toxics.ts";

/** The plan of a connection of the load. */
export interface Plan {
  readonly service: ServiceName;
  readonly requests: number;
  /** Requests that may be open at once. */
  readonly window: number;
  /** Bytes of padding in a request, at most. */
  readonly padding: number;
  /** How long the answer to a compute request may take. */
  readonly delayMs: number;
  /**
   * How it ends: FIN when all is answered, FIN behind the last request, or RST when so many requests were sent.
   */
  readonly leave: "answered" | "asked" | { readonly quitAfter: number };
  readonly toxics: Toxics;
}

const SHORT = 40;

/** A connection of a storm. */
export function stormPlan(random: Random): Plan {
  const plan = calmPlan(random);
  const leave = random.once(12) ? { quitAfter: random.below(plan.requests) } : plan.leave;
  return { ...plan, leave, toxics: anyToxics(random) };
}

/** One to which nothing happens that it would not survive. */
function calmPlan(random: Random): Plan {
  const service = random.pick(SERVICE_NAMES);
  const long = random.once(10);
  return {
    service,
    requests: 1 + random.below(long ? 300 : SHORT),
    window: (long ? 16 : 1) + random.below(random.once(3) ? 200 : 8),
    padding: random.once(8) ? 30_000 : 300,
    delayMs: 20,
    leave: random.once(3) && !service.startsWith("group-") ? "asked" : "answered",
    toxics: {
      toServer: random.once(2) ? [harmless(random)] : [],
      toClient: random.once(2) ? [harmless(random)] : [],
    },
  };
}

/**
 * One that a drain finds busy: with many requests, or in the middle of something that takes longer than the drain, or not
 * reading for longer than the server lingers.
 */
export function drainPlan(random: Random): Plan {
  const plan = calmPlan(random);
  if (random.once(20)) return { ...plan, service: "compute", requests: 50, delayMs: 4_000, leave: "answered" };
  if (random.once(12))
    return { ...plan, toxics: { toClient: [{ kind: "stall", afterBytes: random.below(200), forMs: 4_000 }] } };
  return { ...plan, requests: plan.requests * 4 };
}

/** The server's `lingerTimeoutMs`. It waits no longer for a client that does not read to its end. */
const LINGER_MS = 2_000;

/** Whether a connection survives these toxics: late, but whole. */
export function survives({ toServer = [], toClient = [] }: Toxics): boolean {
  return [...toServer, ...toClient].every(passes);
}

function passes(toxic: Toxic): boolean {
  switch (toxic.kind) {
    case "latency":
    case "bandwidth":
    case "slice":
      return true;
    case "stall":
      return toxic.forMs < LINGER_MS;
    case "reset":
    case "limit-data":
    case "half-close":
      return false;
  }
}

function anyToxics(random: Random): Toxics {
  if (random.once(4)) return {};
  return { toServer: someToxics(random), toClient: someToxics(random) };
}

function someToxics(random: Random): Toxic[] {
  const toxics = Array.from({ length: random.below(3) }, () => harmless(random));
  return random.once(5) ? [...toxics, harmful(random)] : toxics;
}

function harmless(random: Random): Toxic {
  switch (random.below(4)) {
    case 0:
      return { kind: "latency", ms: 1 + random.below(80) };
    case 1:
      return { kind: "bandwidth", bytesPerSecond: 1_000_000 + random.below(4_000_000) };
    case 2:
      // Pieces of single bytes are slow: few bytes are cut so.
      return { kind: "slice", maxBytes: 200 + random.below(4_000) };
    default:
      return { kind: "stall", afterBytes: random.below(20_000), forMs: 50 + random.below(1_500) };
  }
}

function harmful(random: Random): Toxic {
  const kind = random.pick(["reset", "limit-data", "half-close"] as const);
  return { kind, afterBytes: random.below(random.once(2) ? 200 : 20_000) };
}
