import { SpillwayError } from "../../src/core/mod.ts";
import type { Pledge } from "../../src/testing/pledge.ts";
import { everyPledge } from "../../src/testing/pledges/mod.ts";
import { Simulation, type Step } from "../../src/testing/simulation.ts";
import { Answers } from "./answers.ts";
import { Bounds } from "./bounds.ts";
import { Client } from "./client.ts";
import type { Act, Scenario } from "./scenario.ts";
import { SimulatedService } from "./service.ts";

/** What became of a scenario. */
export interface Outcome {
  readonly world: Simulation;
  readonly pledges: readonly Pledge[];
  /** What was not kept, or thrown. */
  readonly failure: unknown;
}

/** Runs a scenario to its end. Does not reject. */
export async function runScenario(scenario: Scenario, keepTrace: boolean = false): Promise<Outcome> {
  const clients = new Map<number, Client>();
  const service = new SimulatedService(scenario);
  const answers = new Answers(clients);
  const pledges = [...everyPledge(), answers, new Bounds(clients, service)];
  const world = new Simulation({ seed: scenario.seed, service: service.service as never, pledges, keepTrace });
  service.world = world;
  const steps = scenario.acts.map((act): Step => ({ at: act.at, label: labelOf(act), run: () => play(act) }));
  await world.run(steps, scenario.spanMs);
  return { world, pledges, failure: world.failure };

  function play(act: Act): void {
    const { what, whom, amount } = act;
    const [kind, ...rest] = what.split(" ");
    world.count(kind === "network" || kind === "accept" || kind === "clock" ? `fault ${what}` : `act ${what}`);
    switch (kind) {
      case "connect": {
        const client = new Client(whom, world);
        clients.set(whom, client);
        return answers.watch(client, world);
      }
      case "network":
        return breakNetwork(world, rest.join(" "), whom, amount);
      case "accept":
        return failAccept(world, rest.join(" "));
      case "clock":
        return world.jump(amount);
      case "drain":
      case "force":
        return world.shutdown(amount);
      default:
        return clients.get(whom)?.do(act);
    }
  }
}

export function labelOf({ what, whom, amount, verbs = [] }: Act): string {
  return `${what} ${whom} ${amount} ${verbs.join(",")}`.trimEnd();
}

function breakNetwork({ network }: Simulation, how: string, whom: number, ms: number): void {
  const { connections } = network;
  const connection = connections[whom % connections.length];
  if (connection === undefined) return;
  switch (how) {
    case "reset":
      return connection.reset();
    case "break":
      return connection.breakFar();
    case "write error":
      return connection.failWrites();
    case "stall forth":
      return connection.stall("forth", ms);
    case "stall back":
      return connection.stall("back", ms);
  }
}

function failAccept({ network, server }: Simulation, code: string): void {
  if (network.listening === 0) return;
  network.failAccept(server.address, new SpillwayError(code as "accept-failed", "the network is full"));
}
