import { type CloseReason, checkWhole, describe, isStream, type Service, SpillwayError } from "../core/mod.ts";
import { checkChunking, checkRoundTrip } from "./chunking.ts";
import { explain } from "./explain.ts";
import { drawFault, FAULTS, type Fault, inflict } from "./faults.ts";
import type { FindingKind } from "./finding.ts";
import { shownFrame } from "./frame_text.ts";
import { type ClientFacts, GeneratedClient } from "./generated_client.ts";
import { EveryReply } from "./invariants/every_reply.ts";
import { ServiceFails } from "./invariants/service_fails.ts";
import type { ManualClock } from "./manual_clock.ts";
import { play, type UncaughtErrorSource } from "./play.ts";
import { QUIET, QuietVisit } from "./quiet_network.ts";
import { type Random, seededRandom } from "./random.ts";
import type { SampleFrame } from "./sample_frames.ts";
import { ServiceTap } from "./service_tap.ts";
import { SimulatedClient } from "./simulated_client.ts";
import type { SimulatedNetwork, SimulatedNetworkOptions } from "./simulated_network.ts";
import type { Simulation } from "./simulation.ts";
import { Traffic } from "./traffic.ts";
import { type ClientAct, clientActText, drawClientActs, instant, perform } from "./traffic_acts.ts";

/** Settings of {@link simulate}. */
export interface SimulateOptions<In, Out, State = unknown> {
  /** The seed of all randomness: a whole number of at least 0. The same seed gives the same simulation on every runtime. */
  readonly seed: number;
  /**
   * Makes the service, anew for each run. The service must wait only with `clock.setTimeout`, take its random numbers only from
   * `random`, and connect and listen only on `network`; or, with `virtualTime`, use the timers, the dates and the random numbers of the
   * global object.
   */
  readonly service: (
    clock: ManualClock,
    random: Random,
    network: SimulatedNetwork,
  ) => Service<In, Out, State> | PromiseLike<Service<In, Out, State>>;
  /**
   * The script of a client, called once the client is connected. An error that it throws is a failure of the service, except a
   * `SpillwayError`, which means that the client's connection broke. After the script, the client sends FIN and reads to the end.
   *
   * Or what clients send (`traffic()`): `simulate` then plays them, and also checks the service itself, as `spillway simulate` does.
   */
  readonly client: ((client: SimulatedClient) => void | Promise<void>) | Traffic;
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
  /**
   * Whether timers, dates and random numbers of the global object are virtual while the simulation runs. Nothing else can then run in the
   * process. Default: false.
   */
  readonly virtualTime?: boolean;
  /** Where uncaught errors of the service come from: `process`. They are failures. Default: they are the runtime's business. */
  readonly uncaught?: UncaughtErrorSource;
  /** Faults of the service that are no failures. Default: none. */
  readonly allow?: readonly FindingKind[];
  /** Ends the simulation early: `simulate` rejects with its reason, or with what was found, as far as it was made smaller.
   * Default: none. */
  readonly signal?: AbortSignal;
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
  /** The number of frames that handlers got. */
  readonly frames: number;
  /** The number of faults of the network and of the process. */
  readonly faults: number;
  /** The virtual time that has passed, in ms. */
  readonly virtualMs: number;
}

type Act =
  | Fault
  | ClientAct
  | { readonly at: number; readonly what: "drain"; readonly whom: number; readonly amount: number };

type Script = (client: SimulatedClient) => void | Promise<void>;

/**
 * Runs a service on a simulated network, with clients and faults that the seed determines, and checks Spillway's invariants
 * after every event: one end for each connection, established or not, deadlines in time, a drain that ends, nothing left behind. The guarantees of
 * the service itself are for the client's script to check.
 *
 * The error of a failure names its seed and lists the events, with as few clients and faults as could be found. Try many seeds.
 *
 * @throws {RangeError} at once, for an invalid option
 * @throws the reason of `signal`
 * @throws {SimulationFailure} an invariant did not hold, or a client's script threw: its `cause` is the original failure
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
  const { client, faults = 6, seed, spanMs = 60_000, clients = 8 } = options;
  const random = seededRandom(seed);
  checkWhole("clients", clients, 1);
  checkWhole("faults", faults, 0);
  if (!(spanMs > 0 && spanMs < Infinity)) throw new RangeError(`spanMs must be more than 0, and finite, not ${spanMs}`);
  if (client instanceof Traffic) return simulateTraffic(options, client, { random, clients, faults, spanMs });
  const from = random.fork("acts");
  const acts = drawActs(from, drawConnects(from, clients, spanMs), faults, spanMs);
  return outcome(options, acts, (some, keepTrace) => playScript(options, client, some, spanMs, keepTrace));
}

interface Sizes {
  readonly random: Random;
  readonly clients: number;
  readonly faults: number;
  readonly spanMs: number;
}

/** Plays clients that send frames, after the frames were tried on a quiet network. */
async function simulateTraffic<In, Out, State>(
  options: SimulateOptions<In, Out, State>,
  traffic: Traffic,
  { random, clients, faults, spanMs }: Sizes,
): Promise<SimulationResult> {
  if (traffic.facts === undefined) await learn(options, traffic);
  const { facts, frames } = traffic as Traffic & { facts: ClientFacts; frames: NonNullable<Traffic["frames"]> };
  const visits = drawClientActs(random.fork("clients"), frames, clients, spanMs);
  // A seed in three drains while clients come and go.
  const drawn = random.fork("drain");
  const drainAt = drawn.once(3) ? instant(drawn, spanMs * 0.75) : spanMs;
  const acts = drawActs(random.fork("acts"), visits, faults, spanMs, drainAt);
  return outcome(options, acts, (some, keepTrace) => playTraffic(options, traffic, facts, some, spanMs, keepTrace));
}

/** Plays the acts. @throws {SimulationFailure} something did not hold */
async function outcome<In, Out, State>(
  options: SimulateOptions<In, Out, State>,
  acts: readonly Act[],
  playActs: (acts: readonly Act[], keepTrace: boolean) => Promise<Simulation>,
): Promise<SimulationResult> {
  const world = await playActs(acts, false);
  if (world.failure !== undefined) throw await explain(options, acts, timedLabelOf, playActs, world.failure);
  return {
    hash: world.trace.hash,
    events: world.events,
    reasons: reasonsOf(world),
    refusals: refusalsOf(world),
    frames: world.server.stats().framesIn,
    faults: acts.filter(isFault).length,
    virtualMs: world.now,
  };
}

function drawConnects(random: Random, clients: number, spanMs: number): ClientAct[] {
  return Array.from({ length: clients }, (_, index) => ({
    at: instant(random, spanMs / 2),
    what: "connect",
    whom: index + 1,
  }));
}

function drawActs(
  random: Random,
  visits: readonly ClientAct[],
  faults: number,
  spanMs: number,
  drainAt: number = spanMs,
): Act[] {
  const connects = visits.filter(({ what }) => what === "connect");
  const wrong = Array.from({ length: faults }, () => {
    // A fault comes after the connect of some client.
    return drawFault(random, random.pick(connects).at + instant(random, random.pick([1, 100, spanMs / 2])));
  });
  const drain: Act = { at: drainAt, what: "drain", whom: 0, amount: 0 };
  return [...visits, ...wrong, drain].toSorted((one, other) => one.at - other.at);
}

function playScript<In, Out, State>(
  options: SimulateOptions<In, Out, State>,
  script: Script,
  acts: readonly Act[],
  spanMs: number,
  keepTrace: boolean,
): Promise<Simulation> {
  const random = seededRandom(options.seed);
  const run = (act: Act, world: Simulation): void => {
    if (isFault(act)) return void inflict(act, world);
    if (act.what === "drain") return world.shutdown(world.drainTimeoutMs);
    void follow(world, act.whom, random.fork(`client ${act.whom}`), script);
  };
  return play(options, { steps: stepsOf(acts, false, run), until: spanMs, keepTrace });
}

function playTraffic<In, Out, State>(
  options: SimulateOptions<In, Out, State>,
  traffic: Traffic,
  facts: ClientFacts,
  acts: readonly Act[],
  spanMs: number,
  keepTrace: boolean,
): Promise<Simulation> {
  const tap = new ServiceTap();
  const clients = new Map<number, GeneratedClient>();
  const run = (act: Act, world: Simulation): void => {
    if (isFault(act)) {
      const hit = inflict(act, world);
      for (const client of clients.values()) if (hit !== undefined && client.link === hit) client.bad = true;
    } else if (act.what === "drain") {
      // After a jump of the clock it may drain already, and a second call would cut off what is left.
      if (!world.asked) world.shutdown(world.drainTimeoutMs);
    } else {
      const client = clients.get(act.whom) ?? new GeneratedClient(act.whom, world, facts);
      clients.set(act.whom, client);
      perform(act, client);
    }
  };
  return play(options, {
    steps: stepsOf(acts, true, run),
    until: spanMs,
    keepTrace,
    tapped: { tap, realWork: traffic.realWork },
    invariants: [new ServiceFails(clients), new EveryReply(clients)],
    onWorld: (world, service) => {
      const random = seededRandom(options.seed).fork("chunking");
      const frames = traffic.framesFor(service.codec);
      guarded(world, () => checkChunking(service.codec, frames, random));
      if (!frames.symmetric) return;
      tap.onReply = (reply) => {
        if (isStream(reply)) return;
        guarded(world, () => checkRoundTrip(service.codec, reply, shownFrame(reply)));
      };
    },
  });
}

/** Tries the frames on a quiet network. @throws {SimulationFailure} the service fails even there */
async function learn<In, Out, State>(options: SimulateOptions<In, Out, State>, traffic: Traffic): Promise<void> {
  let facts: ClientFacts | undefined;
  const visit = async (frames: readonly SampleFrame[] | undefined, keepTrace: boolean): Promise<Simulation> => {
    const tap = new ServiceTap();
    return play(options, {
      // Made below, once the service and so the frames are known.
      steps: [
        {
          at: 0,
          label: "one client after the other sends one frame after the other",
          run: (world) => {
            const known = facts as ClientFacts;
            const quiet = new QuietVisit(world, tap, known.known, known.codec);
            void quiet.run(frames ?? traffic.frames?.known ?? []).then(
              () => {
                world.until = world.now;
              },
              (error: unknown) => world.fail(error),
            );
          },
        },
      ],
      until: LONGEST_VISIT_MS,
      keepTrace,
      conditions: () => QUIET,
      tapped: { tap, realWork: traffic.realWork },
      invariants: [new ServiceFails(new Map())],
      onWorld: (_, service) => {
        facts = traffic.factsFor(service.codec);
      },
    });
  };
  const world = await visit(undefined, false);
  if (world.failure !== undefined) {
    const acts = (traffic.frames?.known ?? []).map((frame) => ({ whom: frame.index as number, frame }));
    const again = (some: typeof acts | readonly (typeof acts)[number][], keepTrace: boolean) =>
      visit(
        some.map(({ frame }) => frame),
        keepTrace,
      );
    throw await explain(options, acts, sendText, again, world.failure);
  }
  traffic.learn(facts as ClientFacts);
}

/** Ten days, of frames that take half a minute each. */
const LONGEST_VISIT_MS = 864_000_000;

function guarded(world: Simulation, check: () => void): void {
  try {
    check();
  } catch (error) {
    world.fail(error);
  }
}

function stepsOf(acts: readonly Act[], quiet: boolean, run: (act: Act, world: Simulation) => void) {
  return acts.map((act) => ({
    at: act.at,
    // The acts of a generated client are in the trace anyway, at their instants.
    ...((isFault(act) || act.what === "drain" || !quiet) && { label: labelOf(act) }),
    run: (world: Simulation) => run(act, world),
  }));
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

function labelOf(act: Act): string {
  if (isFault(act) || act.what === "drain") return `${act.what} ${act.whom} ${act.amount}`;
  return clientActText(act);
}

function timedLabelOf(act: Act): string {
  return `${act.at.toFixed(3)} ${labelOf(act)}`;
}

function sendText({ frame }: { readonly frame: SampleFrame }): string {
  return `a client sends ${frame.shown}`;
}
