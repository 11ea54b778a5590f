import { checkWhole } from "../core/mod.ts";
import type { Random } from "./random.ts";

/** The conditions of one direction of a simulated connection. */
export interface LinkConditions {
  /** The latency from one end to the other, in milliseconds; 0 or more. */
  readonly latencyMs: number;
  /** The most that is added to the latency of a piece, in milliseconds; 0 or more. Pieces keep their order. */
  readonly jitterMs: number;
  /** The bandwidth. More than 0; `Infinity` for no limit. */
  readonly bytesPerSecond: number;
  /** The most bytes between the two ends: a writer waits while the link is full. A whole number of at least 1. */
  readonly bufferBytes: number;
  /** The splitting of bytes: `"fine"` into pieces of a few bytes, `"coarse"` anywhere, `"none"` at 1460 bytes or not at all. */
  readonly cutting: "fine" | "coarse" | "none";
}

/** Draws realistic conditions: mostly good, some slow, some with small buffers, some with fine splitting. */
export function drawConditions(random: Random): LinkConditions {
  return {
    latencyMs: random.pick([0, 0.05, 1, 10, 10, 80]),
    jitterMs: random.pick([0, 0, 0.2, 5, 30]),
    bytesPerSecond: random.pick([2_000, 100_000, 10_000_000, Number.POSITIVE_INFINITY]),
    bufferBytes: random.once(30) ? 1 : random.pick([64, 4_096, 65_536, 65_536]),
    cutting: random.pick(["fine", "coarse", "coarse", "none"] as const),
  };
}

/** Checks conditions and returns them. @throws {RangeError} an invalid number */
export function checkConditions(conditions: LinkConditions): LinkConditions {
  const { latencyMs, jitterMs, bytesPerSecond, bufferBytes } = conditions;
  for (const [name, value] of Object.entries({ latencyMs, jitterMs })) {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`${name} must be a finite number of at least 0, not ${value}`);
  }
  if (!(bytesPerSecond > 0)) throw new RangeError(`bytesPerSecond must be more than 0, not ${bytesPerSecond}`);
  checkWhole("bufferBytes", bufferBytes);
  return conditions;
}
