import { isError, type ServerEvent, takeApart } from "../core/mod.ts";
import type { ServedModel } from "./served_model.ts";
import type { Simulation } from "./simulation.ts";

/** An invariant does not hold. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
  /** Which invariant. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

/** Two failures of one kind are probably one fault. */
export function kindOf(failure: unknown): string {
  if (!isError(failure)) return typeof failure;
  return failure instanceof BrokenInvariant ? failure.invariant : takeApart(failure, 0).name;
}

/** What always holds of a server, checked by a simulation. */
export abstract class Invariant {
  /** As it is printed. */
  abstract readonly name: string;
  /** How often it was checked. */
  checks = 0;

  /** The server reported something. */
  onEvent?(event: ServerEvent, world: Simulation): void;
  /** All that follows from one event has happened: for each connection that is not over. */
  onSettled?(model: ServedModel, world: Simulation): void;
  /** The same, once for all. */
  onTick?(world: Simulation): void;
  /** The server has finished, in this tick. */
  onFinished?(world: Simulation): void;
  /** The server has finished, and everybody has left. */
  onEnd?(world: Simulation): void;

  /** @throws {BrokenInvariant} `kept` is false */
  protected expect(kept: boolean, message: () => string): void {
    this.checks += 1;
    if (!kept) throw new BrokenInvariant(this.name, message());
  }
}
