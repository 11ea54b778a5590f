import { describe, type Service } from "../core/mod.ts";
import { DroppedTimers } from "./dropped_timers.ts";
import { Finding, type FindingKind } from "./finding.ts";
import { everyInvariant } from "./invariants/mod.ts";
import type { LinkConditions } from "./link_conditions.ts";
import { type ManualClock, manualClock } from "./manual_clock.ts";
import { type Random, seededRandom } from "./random.ts";
import { realNow, realPause } from "./real_time.ts";
import type { RealWork } from "./real_work.ts";
import { ServiceTap } from "./service_tap.ts";
import { type SimulatedNetwork, type SimulatedNetworkOptions, simulatedNetwork } from "./simulated_network.ts";
import { SimulatedProcess } from "./simulated_process.ts";
import { type Invariant, Simulation, type Step } from "./simulation.ts";
import { tickEnd } from "./tick.ts";
import { type VirtualGlobals, virtualGlobals } from "./virtual_globals.ts";

/** An event of a source of uncaught errors. */
export type UncaughtEvent = "uncaughtException" | "unhandledRejection";

/** A source of uncaught errors: a process. */
export interface UncaughtErrorSource {
  /** Calls a listener for each error. */
  on(event: UncaughtEvent, listener: (thrown: unknown) => void): unknown;
  /** Calls it no more. */
  off(event: UncaughtEvent, listener: (thrown: unknown) => void): unknown;
}

/** The part of a simulation that does not depend on what happens in it. */
export interface Stage<In, Out, State> {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** Makes the service. */
  readonly service: (
    clock: ManualClock,
    random: Random,
    network: SimulatedNetwork,
  ) => Service<In, Out, State> | PromiseLike<Service<In, Out, State>>;
  /** As in `simulatedNetwork`. Default: its own. */
  readonly conditions?: SimulatedNetworkOptions["conditions"];
  /** Whether timers and dates of the runtime go by the virtual clock. Default: false. */
  readonly virtualTime?: boolean;
  /** Reports errors that nobody catches. Default: none are looked for. */
  readonly uncaught?: UncaughtErrorSource;
  /** Faults of the service that are no failures. Default: none. */
  readonly allow?: readonly FindingKind[];
  /** Ends the simulation early. Default: none. */
  readonly signal?: AbortSignal;
}

/** The course of a simulation. */
export interface Script {
  /** Steps in the order of their instants, and the instant of the drain, at the latest. */
  readonly steps: readonly Step[];
  readonly until: number;
  readonly keepTrace: boolean;
  /** The observer of the service's calls, and the wait for work that the simulation does not control. */
  readonly tapped?: { readonly tap: ServiceTap; readonly realWork: RealWork };
  readonly invariants?: readonly Invariant[];
  readonly conditions?: SimulatedNetworkOptions["conditions"];
  /** Called before the steps. */
  readonly onWorld?: (world: Simulation, service: Service<unknown, unknown, unknown>) => void;
}

/** The conditions of the network between a service and what it connects to. */
const NEARBY: LinkConditions = {
  latencyMs: 1,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  bufferBytes: 65_536,
  cutting: "coarse",
};
/** Loading a service that waits for a timer: the clock moves after so much real time. */
const LOADING_MS = 1_000;
const LOADING_STEP_MS = 10;

/** Runs a simulation. */
export async function play<In, Out, State>(stage: Stage<In, Out, State>, script: Script): Promise<Simulation> {
  const { seed, allow = [], uncaught, virtualTime = false } = stage;
  const random = seededRandom(seed);
  const clock = manualClock();
  const server = new SimulatedProcess(clock);
  const conditions = script.conditions ?? stage.conditions;
  const network = simulatedNetwork({ clock, seed, process: server, ...(conditions && { conditions }) });
  let world: Simulation | undefined;
  let early: Finding | undefined;
  const onUncaught = (thrown: unknown) => {
    const finding = new Finding("uncaught-error", describe(thrown), { cause: thrown });
    if (world === undefined) early ??= finding;
    else world.fail(finding);
  };
  const listeners = (["uncaughtException", "unhandledRejection"] as const).map((event) => [event, onUncaught] as const);
  for (const [event, listener] of listeners) uncaught?.on(event, listener);
  // The servers that the service connects to are on a network of their own: the invariants are about the service.
  const own = new DroppedTimers(server);
  const elsewhere = simulatedNetwork({ clock: own, seed, conditions: () => NEARBY });
  const globals = virtualTime ? virtualGlobals(server, random.fork("globals"), onUncaught) : undefined;
  try {
    const made = stage.service(virtualTime ? own : server, random.fork("service"), elsewhere);
    const plain = (await loaded(made, clock, globals)) as unknown as Service<unknown, unknown, unknown>;
    const { tapped } = script;
    const service = tapped === undefined ? plain : tapped.tap.wrap(plain);
    tapped?.realWork.begin();
    world = new Simulation({
      seed,
      clock,
      process: server,
      network,
      service: () => service as unknown as Service<never, never, never>,
      invariants: [...everyInvariant(), ...(script.invariants ?? [])],
      keepTrace: script.keepTrace,
      ignores: (failure) => failure instanceof Finding && allow.includes(failure.found),
      beforeMove: async () => {
        if (stage.signal?.aborted) world?.fail(stage.signal.reason);
        else await tapped?.realWork.wait(tapped.tap, (globals?.timers ?? 0) + own.pending);
      },
      ...(tapped && { tap: tapped.tap }),
      // Timers of the module itself, such as the interval of a cache, end with the simulated process.
      onLeft: () => {
        globals?.clear();
        own.drop();
        tapped?.tap.working.clear();
      },
    });
    if (early !== undefined) world.fail(early);
    if (tapped !== undefined) {
      const played = world;
      tapped.tap.trace = world.trace;
      tapped.tap.elapsed = () => played.now - played.jumped;
      tapped.tap.lost = () => played.jumped;
    }
    script.onWorld?.(world, plain);
    await world.run(script.steps, script.until);
    // A rejection is unhandled only at the end of a task, or a little later.
    if (uncaught !== undefined) for (let turns = 0; turns < 3; turns++) await tickEnd();
    return world;
  } finally {
    globals?.restore();
    for (const [event, listener] of listeners) uncaught?.off(event, listener);
  }
}

/** Waits for a service that is loaded. If that takes long, it may wait for a timer. */
async function loaded<Loaded>(
  made: Loaded | PromiseLike<Loaded>,
  clock: ManualClock,
  globals: VirtualGlobals | undefined,
): Promise<Loaded> {
  if (globals === undefined) return made;
  let done = false;
  const loading = Promise.resolve(made).finally(() => {
    done = true;
  });
  loading.catch(() => undefined);
  const startedAt = realNow();
  const isDone = () => done;
  await tickEnd();
  while (!isDone()) {
    await Promise.race([loading.catch(() => undefined), realPause(LOADING_STEP_MS)]);
    if (!isDone() && realNow() - startedAt > LOADING_MS && globals.timers > 0) await clock.step();
  }
  return loading;
}
