/** A small breakage. */
export interface Mutation {
  /** What the file does then. */
  readonly name: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replacement: string;
}

/** The breakages of one file. */
export interface Mutated {
  readonly file: string;
  /** Whose adapter it is part of: its tests run there, and the simulator is not asked. Left out for the core, which runs on Node. */
  readonly runtime?: "node" | "deno" | "bun";
  /** The tests that know the file best: the beginnings of their paths. They run when the simulator has found nothing. */
  readonly tests: readonly string[];
  readonly mutations: readonly Mutation[];
}
