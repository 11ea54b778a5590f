import type { FindingKind } from "./finding.ts";

interface Parts {
  readonly seed: number;
  readonly cause: unknown;
  readonly found: FindingKind | undefined;
  readonly what: string;
  readonly advice: string | undefined;
  readonly acts: readonly string[];
  readonly allActs: number;
  readonly trace: readonly string[];
  readonly repeated: boolean;
}

/** The error of a simulation that has found something. Its message has everything; the fields have the parts of it. */
export class SimulationFailure extends Error {
  /** `SimulationFailure`. */
  override readonly name = "SimulationFailure";
  /** The seed that has found it. */
  readonly seed: number;
  /** The kind, if it is a fault of the service that the simulation knows: not what a client's script threw. */
  readonly found: FindingKind | undefined;
  /** The fault, in words. */
  readonly what: string;
  /** Advice on the fault, if there is any. */
  readonly advice: string | undefined;
  /** The acts of clients and the faults, as few as could be found: a line each, with its virtual time. */
  readonly acts: readonly string[];
  /** The events of the simulation: a line each, with its virtual time. */
  readonly trace: readonly string[];
  /** Whether the same seed has failed again. If not, the service depends on something that the seed does not determine. */
  readonly repeated: boolean;

  /** Made by {@link simulate}. */
  constructor({ seed, cause, found, what, advice, acts, allActs, trace, repeated }: Parts) {
    super(
      [
        `seed ${seed}: ${what}`,
        ...(advice === undefined ? [] : [advice]),
        ...(repeated ? [] : ["the same seed did not fail again: something but the seed decides"]),
        `${acts.length} of ${allActs} acts are enough:`,
        ...acts.map((act) => `  ${act}`),
        "what happens then:",
        ...trace.map((line) => `  ${line}`),
      ].join("\n"),
      { cause },
    );
    this.seed = seed;
    this.found = found;
    this.what = what;
    this.advice = advice;
    this.acts = acts;
    this.trace = trace;
    this.repeated = repeated;
  }
}
