import { isError, takeApart } from "../core/mod.ts";

/** The error of an invariant that does not hold. */
export class BrokenInvariant extends Error {
  /** `BrokenInvariant`. */
  override readonly name = "BrokenInvariant";
  /** The name of the invariant. */
  readonly invariant: string;

  /** Made where an invariant is checked. */
  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

/** Classifies a failure: two failures of one kind probably have the same cause. */
export function kindOf(failure: unknown): string {
  if (!isError(failure)) return typeof failure;
  return failure instanceof BrokenInvariant ? failure.invariant : takeApart(failure, 0).name;
}
