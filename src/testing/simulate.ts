import { type CloseReason, checkWhole, describe, type Service, SpillwayError } from "../core/mod.ts";
import { kindOf } from "./broken_invariant.ts";
import { drawFault, FAULTS, type Fault, inflict } from "./faults.ts";
import { everyInvariant } from "./invariants/mod.ts";
import type { ManualClock } from "./manual_clock.ts";
import { type Random, seededRandom } from "./random.ts";
import { shrink } from "./shrink.ts";
import { SimulatedClient } from "./simulated_client.ts";
import type { SimulatedNetworkOptions } from "./simulated_network.ts";
import { Simulation } from "./simulation.ts";

/** Settings of {@link simulate}. */
export interface SimulateOptions<In, Out, State = unknown> {
  /** The seed of all randomness: a whole number of at least 0. The same seed gives the same simulation on every runtime. */
  readonly seed: number;
  /**
   * Makes the service, anew for each run. The service must wait only with `clock.setTimeout`, and take its random numbers only from
   * `random`.
   */
  readonly service: (clock: ManualClock, random: Random) => Service<In, Out, State>;
  /**
   * The script of a client, called once the client is connected. An error that it throws is a failure of the service, except a
   * `SpillwayError`, which means that the client's connection broke. After the script, the client sends FIN and reads to the end.
   */
  readonly client: (client: SimulatedClient) => void | Promise<void>;
  /** The number of clients. A whole number of at least 1; default 8. */
  readonly clients?: number;
  /**
   * The number of faults: resets, stalls of the network and of the process, accept errors, clock jumps. A whole number of at
   * least 0; default 6.
   */
  readonly faults?: number;
  /** The time in which clients and faults come; after it, the server drains. Virtual milliseconds, more than 0; default 60000. */
  readonly spanMs?: number;
  /** Returns the conditions of one direction of a connection. Default: a realistic mix of good and bad links. */
  readonly conditions?: SimulatedNetworkOptions["conditions"];
}

/** The result of a simulation. */
export interface SimulationResult {
  /** The hash of the trace: the same for the same seed. */
  readonly hash: string;
  /** The number of events that happened. */
  readonly events: number;
  /** The number of connections for each close reason. */
  readonly reasons: Readonly<Partial<Record<CloseReason, number>>>;
  /** The number of connections that were not established, for each code of `establish-failed`. */
  readonly refusals: Readonly<Record<string, number>>;
}

type Act =
  | Fault
  | { readonly at: number; readonly what: "connect" | "drain"; readonly whom: number; readonly amount: number };

/**
 * Runs a service on a simulated network, with clients and faults that the seed determines, and checks Spillway's invariants
 * after every event: one end for each connection, established or not, deadlines in time, a drain that ends, nothing left behind. The guarantees of
 * the service itself are for the client's script to check.
 *
 * The error of a failure names its seed and lists the events, with as few clients and faults as could be found. Try many seeds.
 *
 * @throws {RangeError} at once, for an invalid option
 * @throws {Error} an invariant did not hold, or a client's script threw: its `cause` is the original failure
 *
 * @example
 * ```ts
 * import { lines } from "spillway/codecs";
 * import { simulate } from "spillway/testing";
 *
 * const { reasons } = await simulate({
 *   seed: 7,
 *   service: () => ({ codec: lines(), handler: (line) => line.toUpperCase() }),
 *   client: async (client) => {
 *     await client.send("hello\n");
 *     const reply = await client.receiveLine();
 *     if (reply !== undefined && reply !== "HELLO") throw new Error(`got ${reply}`);
 *   },
 * });
 * console.log(Object.keys(reasons).length > 0); // true
 * ```
 */
export async function simulate<In, Out, State>(options: SimulateOptions<In, Out, State>): Promise<SimulationResult> {
  const { faults = 6, spanMs = 60_000, clients = 8 } = options;
  const random = seededRandom(options.seed);
  checkWhole("clients", clients, 1);
  checkWhole("faults", faults, 0);
  if (!(spanMs > 0 && spanMs < Infinity)) throw new RangeError(`spanMs must be more than 0, and finite, not ${spanMs}`);
  const acts = drawActs(random.fork("acts"), clients, faults, spanMs);
  const world = await play(options, acts, spanMs, false);
  if (world.failure !== undefined) throw await explain(options, acts, spanMs, world.failure);
  return { hash: world.trace.hash, events: world.events, reasons: reasonsOf(world), refusals: refusalsOf(world) };
}

function drawActs(random: Random, clients: number, faults: number, spanMs: number): Act[] {
  const connects = Array.from(
    { length: clients },
    (_, index): Act => ({ at: instant(random, spanMs / 2), what: "connect", whom: index + 1, amount: 0 }),
  );
  const wrong = Array.from({ length: faults }, () => {
    // A fault comes after the connect of some client.
    return drawFault(random, random.pick(connects).at + instant(random, random.pick([1, 100, spanMs / 2])));
  });
  const drain: Act = { at: spanMs, what: "drain", whom: 0, amount: 0 };
  return [...connects, ...wrong, drain].toSorted((one, other) => one.at - other.at);
}

async function play<In, Out, State>(
  options: SimulateOptions<In, Out, State>,
  acts: readonly Act[],
  spanMs: number,
  keepTrace: boolean,
): Promise<Simulation> {
  const { seed, conditions } = options;
  const random = seededRandom(seed);
  const world = new Simulation({
    seed,
    service: (clock) => options.service(clock, random.fork("service")) as unknown as Service<never, never, never>,
    invariants: everyInvariant(),
    keepTrace,
    ...(conditions && { conditions }),
  });
  const steps = acts.map((act) => ({ at: act.at, label: labelOf(act), run: () => run(act) }));
  await world.run(steps, spanMs);
  return world;

  function run(act: Act): void {
    if (isFault(act)) return inflict(act, world);
    if (act.what === "drain") return world.shutdown(world.drainTimeoutMs);
    void follow(world, act.whom, random.fork(`client ${act.whom}`), options.client);
  }
}

/** Runs one client, from connecting to its end. */
async function follow(
  world: Simulation,
  number: number,
  random: Random,
  script: (client: SimulatedClient) => void | Promise<void>,
): Promise<void> {
  try {
    const connection = await world.network.connect(world.server.address);
    world.onEnd(() => connection.abort());
    await script(new SimulatedClient(number, connection, random, world));
    world.trace.add(-number, `client ${number} is done`);
    await connection.close();
  } catch (error) {
    world.trace.add(-number, `client ${number}: ${describe(error)}`);
    if (!(error instanceof SpillwayError)) world.fail(error);
  }
}

/** Returns the error of a failure, with the smallest set of acts that was found to cause it. */
async function explain<In, Out, State>(
  options: SimulateOptions<In, Out, State>,
  acts: readonly Act[],
  spanMs: number,
  failure: unknown,
): Promise<Error> {
  const kind = kindOf(failure);
  const few = await shrink(acts, async (fewer) => {
    const again = await play(options, fewer, spanMs, false);
    return again.failure !== undefined && kindOf(again.failure) === kind;
  });
  const { trace } = await play(options, few, spanMs, true);
  const message = [
    `seed ${options.seed}: ${describe(failure)}`,
    `${few.length} of ${acts.length} acts are enough:`,
    ...few.map((act) => `  ${act.at.toFixed(3)} ${labelOf(act)}`),
    "what happens then:",
    ...trace.lines.map((line) => `  ${line}`),
  ];
  return new Error(message.join("\n"), { cause: failure });
}

function reasonsOf({ served }: Simulation): Partial<Record<CloseReason, number>> {
  const reasons: Partial<Record<CloseReason, number>> = {};
  for (const { closed } of served.values())
    if (closed !== undefined) reasons[closed.reason] = (reasons[closed.reason] ?? 0) + 1;
  return reasons;
}

function refusalsOf({ taken }: Simulation): Record<string, number> {
  const refusals: Record<string, number> = {};
  for (const { refusal } of taken.values()) if (refusal !== undefined) refusals[refusal] = (refusals[refusal] ?? 0) + 1;
  return refusals;
}

function isFault(act: Act): act is Fault {
  return FAULTS.some((kind) => kind === act.what);
}

function labelOf({ what, whom, amount }: Act): string {
  return what === "connect" ? `client ${whom} connects` : `${what} ${whom} ${amount}`;
}

/** Draws an instant below `most` milliseconds, in binary fractions, so that sums are exact. */
function instant(random: Random, most: number): number {
  return Math.floor((random.next() / 2 ** 32) * most * 1_024) / 1_024;
}
