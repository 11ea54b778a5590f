import type { Service } from "../../src/core/mod.ts";
import { FAULTS, type Fault, inflict } from "../../src/testing/faults.ts";
import { everyInvariant } from "../../src/testing/invariants/mod.ts";
import type { LinkConditions } from "../../src/testing/link_conditions.ts";
import { type Invariant, Simulation, type Step } from "../../src/testing/simulation.ts";
import { Answers } from "./answers.ts";
import { AuthenticationDeadline } from "./authentication.ts";
import { Bounds } from "./bounds.ts";
import { Client } from "./client.ts";
import { FrameDeadline } from "./frame_deadline.ts";
import { headOf } from "./heads.ts";
import { Passages } from "./passages.ts";
import type { Act, Scenario } from "./scenario.ts";
import { type Kept, SimulatedService } from "./service.ts";

/** The outcome of a scenario. */
export interface Outcome {
  readonly world: Simulation;
  readonly invariants: readonly Invariant[];
  /** The broken invariant, or a thrown error. */
  readonly failure: unknown;
}

/** How {@link runScenario} runs. */
export interface RunOptions {
  /** Keeps the lines of the trace. */
  readonly keepTrace?: boolean;
  /** Changes the service: to see what the simulator thinks of a worse one. */
  readonly around?: (service: Service<string, string, Kept>) => Service<string, string, Kept>;
  /** Changes the world before it runs: to see what the simulator thinks of a worse one. */
  readonly prepare?: (world: Simulation) => void;
}

/** Runs a scenario to its end. Does not reject. */
export async function runScenario(
  scenario: Scenario,
  { keepTrace = false, around = (service) => service, prepare }: RunOptions = {},
): Promise<Outcome> {
  const clients = new Map<number, Client>();
  const service = new SimulatedService(scenario);
  const answers = new Answers(clients);
  const invariants = [
    ...everyInvariant(),
    answers,
    new Bounds(clients, service),
    new FrameDeadline(clients),
    new AuthenticationDeadline(service.kept, scenario.authenticationMs),
    service.flushes,
    new Passages(scenario.steps, service.steps, clients),
  ];
  const world = new Simulation({
    seed: scenario.seed,
    service: () => around(service.service) as never,
    invariants,
    keepTrace,
    ...(scenario.link && { conditions: () => scenario.link as LinkConditions }),
  });
  service.world = world;
  prepare?.(world);
  const steps = scenario.acts.map((act): Step => ({ at: act.at, label: labelOf(act), run: () => play(act) }));
  await world.run(steps, scenario.spanMs);
  return { world, invariants, failure: world.failure };

  function play(act: Act): void {
    const { what, whom, amount } = act;
    if (isFault(act)) return void inflict(act, world);
    world.count(`act ${what}`);
    switch (what) {
      case "connect": {
        const client = new Client(
          whom,
          world,
          scenario.steps.includes("head") ? headOf(scenario.seed, whom) : undefined,
        );
        clients.set(whom, client);
        return answers.watch(client, world);
      }
      case "tell":
        return world.process.receive(() => service.tell(whom, amount));
      case "dismiss":
        return world.process.receive(() => service.dismiss(whom));
      case "drain":
      case "force":
        return world.shutdown(amount);
      case "grace":
        return world.shutdown(world.limits.drainTimeoutMs, amount);
      default:
        return clients.get(whom)?.do(act);
    }
  }
}

function isFault(act: Act | Fault): act is Fault {
  return FAULTS.some((kind) => kind === act.what);
}

/** As the trace shows it. */
export function labelOf({ what, whom, amount, verbs = [] }: Act): string {
  return `${what} ${whom} ${amount} ${verbs.join(",")}`.trimEnd();
}
