/** The bus that settings ask for. Its room is imported only then. */
import type { Bus, BusOptions } from "../mod.ts";
import type { BusSpec } from "./bus_spec.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";

/** The surroundings of the process. */
export interface BusPlaces {
  /** The path of the hub that the supervisor of this process runs: the place of `--bus local`. */
  readonly busHubPath?: string | undefined;
  /** Whether nothing may be connected to: `spillway check`. */
  readonly dry?: boolean | undefined;
}

/**
 * Returns the bus of a service, with the one of the settings in its place if they name one.
 *
 * @throws {Failure} `--bus local` without a supervisor, or an address that the bus refuses
 */
export async function loadBus(
  own: Bus | BusOptions | undefined,
  given: Given,
  { busHubPath, dry = false }: BusPlaces,
): Promise<Bus | BusOptions | undefined> {
  const { bus: spec } = given.settings;
  const busPrefix = prefixOf(given);
  if (spec === undefined && busPrefix !== undefined) {
    throw usageFailure(`${originText("busPrefix", given)} has no effect without --bus`);
  }
  const bus = spec === undefined ? own : via(own, await busOf(spec, given, busHubPath));
  return dry && bus !== undefined ? via(bus, unconnected(driverOf(bus))) : bus;
}

async function busOf({ kind, place }: BusSpec, given: Given, busHubPath: string | undefined): Promise<Bus> {
  const busPrefix = prefixOf(given);
  const prefix = busPrefix === undefined ? {} : { prefix: busPrefix };
  try {
    if (kind === "redis") return (await import("../buses/redis/mod.ts")).redis({ url: place, ...prefix });
    if (kind === "nats") return (await import("../buses/nats/mod.ts")).nats({ servers: place, ...prefix });
  } catch (cause) {
    throw usageFailure(`${originText("bus", given)}: ${firstLine(cause)}`, { cause });
  }
  if (busPrefix !== undefined) throw usageFailure(`${originText("busPrefix", given)} has no effect on a local bus`);
  const path = place === "" ? busHubPath : place;
  if (path === undefined) {
    throw usageFailure(`${originText("bus", given)} names no hub: write local:/path, or add --workers`);
  }
  return (await import("../buses/local/mod.ts")).localBus({ path });
}

/** Returns the prefix, unless it is the default, as `--print-config` prints it. */
function prefixOf({ settings: { busPrefix } }: Given): string | undefined {
  return busPrefix === "spillway" ? undefined : busPrefix;
}

/** Returns the settings of a service's bus with another driver. */
function via(own: Bus | BusOptions | undefined, driver: Bus): Bus | BusOptions {
  return own === undefined || "connect" in own ? driver : { ...own, via: driver };
}

function driverOf(bus: Bus | BusOptions): Bus {
  return "connect" in bus ? bus : bus.via;
}

/** Returns a bus that loads what it needs, and connects to nothing. */
function unconnected(bus: Bus): Bus {
  const load = bus.load?.bind(bus);
  return { name: bus.name, connect: () => new Promise(() => undefined), ...(load !== undefined && { load }) };
}
