/** A small breakage. */
export interface Mutation {
  /** What the core does then. */
  readonly name: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replacement: string;
}

/** The breakages of one file. */
export interface Mutated {
  readonly file: string;
  /** The tests that know the file best: the beginnings of their paths. They run when the simulator has found nothing. */
  readonly tests: readonly string[];
  readonly mutations: readonly Mutation[];
}
