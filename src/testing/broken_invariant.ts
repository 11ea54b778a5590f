import { isError, takeApart } from "../core/mod.ts";

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
