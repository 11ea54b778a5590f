import { isError, type ServerEvent, takeApart } from "../core/mod.ts";
import type { ServedModel } from "./served_model.ts";
import type { Simulation } from "./simulation.ts";

/** A server did not keep what it promises. */
export class BrokenPledge extends Error {
  override readonly name = "BrokenPledge";
  /** Which promise. */
  readonly pledge: string;

  constructor(pledge: string, message: string) {
    super(`${pledge}: ${message}`);
    this.pledge = pledge;
  }
}

/** Two failures of one kind are probably one fault. */
export function kindOf(failure: unknown): string {
  if (!isError(failure)) return typeof failure;
  return failure instanceof BrokenPledge ? failure.pledge : takeApart(failure, 0).name;
}

/** A promise of the server that a simulation checks. */
export abstract class Pledge {
  /** As it is printed. */
  abstract readonly name: string;
  /** How often it was checked. */
  checks = 0;

  /** The server reported something. */
  onEvent?(event: ServerEvent, world: Simulation): void;
  /** All that follows from one event has happened: for each connection that is not over. */
  onSettled?(model: ServedModel, world: Simulation): void;
  /** The same, once for all. */
  onTurn?(world: Simulation): void;
  /** The server has finished, in this turn. */
  onFinished?(world: Simulation): void;
  /** The server has finished, and everybody has left. */
  onEnd?(world: Simulation): void;

  /** @throws {BrokenPledge} not kept */
  protected expect(kept: boolean, message: () => string): void {
    this.checks += 1;
    if (!kept) throw new BrokenPledge(this.name, message());
  }
}
