import { checkChoice, checkDuration, checkWhole } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bus, BusFrames, BusOptions } from "./bus.ts";

const OPTIONS: OptionNames<BusOptions> = {
  via: true,
  whenFull: true,
  maxWaitingBytes: true,
  maxWaitMs: true,
  frames: true,
};

const DEFAULT_WAITING_BYTES = 16_777_216;
const DEFAULT_WAIT_MS = 10_000;

/** The settings of a bus, with defaults. */
export interface ResolvedBus {
  readonly via: Bus;
  readonly whenFull: "drop" | "refuse";
  readonly maxWaitingBytes: number;
  readonly maxWaitMs: number;
  readonly frames: BusFrames | undefined;
}

/** Fills in defaults. @throws {TypeError | RangeError} not a bus, or a setting that makes no sense */
export function resolveBus(given: Bus | BusOptions): ResolvedBus {
  if (isBus(given)) return resolveBus({ via: given });
  if (typeof given !== "object" || given === null) throw new TypeError("bus must be a bus, or an object");
  checkOptions(given, OPTIONS);
  const { via, whenFull = "drop", frames } = given;
  const { maxWaitingBytes = DEFAULT_WAITING_BYTES, maxWaitMs = DEFAULT_WAIT_MS } = given;
  if (!isBus(via)) throw new TypeError("bus.via must be a bus, such as redis({ url }) of spillway/buses/redis");
  checkChoice("bus.whenFull", whenFull, ["drop", "refuse"]);
  checkWhole("bus.maxWaitingBytes", maxWaitingBytes);
  checkDuration("bus.maxWaitMs", maxWaitMs);
  if (frames !== undefined && !hasBoth(frames)) {
    throw new TypeError("bus.frames must be an object with the functions encode and decode");
  }
  return { via, whenFull, maxWaitingBytes, maxWaitMs, frames };
}

function isBus(value: unknown): value is Bus {
  return typeof (value as Partial<Bus> | null | undefined)?.connect === "function";
}

function hasBoth({ encode, decode }: Partial<BusFrames>): boolean {
  return typeof encode === "function" && typeof decode === "function";
}
