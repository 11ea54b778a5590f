import { type ErrorCode, SpillwayError } from "../core/mod.ts";
import type { Random } from "./random.ts";
import type { SimulatedConnection } from "./simulated_connection.ts";
import type { Simulation } from "./simulation.ts";

/** The faults of a simulated network and of its clock. */
export const FAULTS = [
  "network reset",
  "network break",
  "network write error",
  "network stall forth",
  "network stall back",
  "accept out-of-descriptors",
  "accept connection-aborted",
  "accept accept-failed",
  "accept listener-closed",
  "clock jump",
  "process stall",
] as const;
type FaultKind = (typeof FAULTS)[number];

/** The faults that end the server, and all others. */
const FATAL: readonly FaultKind[] = ["accept accept-failed", "accept listener-closed"];
const PASSING: readonly FaultKind[] = FAULTS.filter((what) => !FATAL.includes(what));
/** One in this many faults is fatal, on average. */
const FATAL_ONCE = 60;
const DURATIONS_MS = [1, 50, 900, 15_000, 90_000, 400_000];
const MOST_CONNECTIONS = 16;

/** A fault at an instant. */
export interface Fault {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly what: FaultKind;
  /** Selects one of the connections that are open at that instant. */
  readonly whom: number;
  /** The duration of a stall of the network or of the process, or of a jump of the clock, in milliseconds. */
  readonly amount: number;
}

/** Draws a fault for that instant. */
export function drawFault(random: Random, at: number): Fault {
  const what = random.pick(random.once(FATAL_ONCE) ? FATAL : PASSING);
  return { at, what, whom: random.below(MOST_CONNECTIONS), amount: random.pick(DURATIONS_MS) };
}

/** Inflicts a fault. Does nothing when there is nothing to break. Returns the connection that it concerns. */
export function inflict(fault: Fault, world: Simulation): SimulatedConnection | undefined {
  world.count(`fault ${fault.what}`);
  const { connections } = world.network;
  const connection = connections[fault.whom % connections.length];
  inflictOn(connection, fault, world);
  return fault.what.startsWith("network") ? connection : undefined;
}

function inflictOn(connection: SimulatedConnection | undefined, { what, amount }: Fault, world: Simulation): void {
  switch (what) {
    case "network reset":
      return connection?.reset();
    case "network break":
      return connection?.breakFar();
    case "network write error":
      return connection?.failWrites();
    case "network stall forth":
      return connection?.stall("forth", amount);
    case "network stall back":
      return connection?.stall("back", amount);
    case "accept out-of-descriptors":
      return failAccept("out-of-descriptors", world);
    case "accept connection-aborted":
      return failAccept("connection-aborted", world);
    case "accept accept-failed":
      return failAccept("accept-failed", world);
    case "accept listener-closed":
      return closeListener(world);
    case "clock jump":
      return world.jump(amount);
    case "process stall":
      return world.stall(amount);
  }
}

/** Closes the listener. The server reports no error for it, and drains. */
function closeListener(world: Simulation): void {
  if (world.network.listening > 0) world.deaf = true;
  failAccept("listener-closed", world);
}

function failAccept(code: ErrorCode, { network, server }: Simulation): void {
  if (network.listening > 0) network.failAccept(server.address, new SpillwayError(code, "accepting fails"));
}
