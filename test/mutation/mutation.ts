/** A small breakage. */
export interface Mutation {
  /** The behaviour of the file with the mutation. */
  readonly name: string;
  /** The text that is replaced. It occurs once in the file. */
  readonly find: string;
  readonly replacement: string;
}

/** The breakages of one file. */
export interface Mutated {
  readonly file: string;
  /** The runtime of the adapter that the file is part of: its tests run there, without the simulator. Left out for the core: Node. */
  readonly runtime?: "node" | "deno" | "bun";
  /** The tests that know the file best: the beginnings of their paths. They run when the simulator has found nothing. */
  readonly tests: readonly string[];
  readonly mutations: readonly Mutation[];
}
