import type { Mutated } from "./mutation.ts";

/** How the event loop is shared. */
export const SHARING: readonly Mutated[] = [
  {
    file: "src/core/time/scheduler.ts",
    tests: ["test/core/scheduler", "test/core/session_slices"],
    mutations: [
      {
        name: "never finds the budget used up by time",
        find: "now - this.#startedAt >= this.#sliceMs || ",
        replacement: "",
      },
      {
        name: "never finds the budget used up by units",
        find: " || this.#units >= MOST_UNITS",
        replacement: "",
      },
      {
        name: "lets who has worked go before who has not",
        find: "this.#serve(this.#fresh);",
        replacement: "this.#serve(this.#rest);\n    this.#serve(this.#fresh);",
      },
      {
        name: "lets who pushes go on before all was flushed",
        find: "if (this.#flushes.size === 0) this.#serve",
        replacement: "this.#serve",
      },
      {
        name: "takes time that has passed between two ticks for work",
        find: "afterTick(this.#onTick);",
        replacement: "",
      },
      {
        name: "never gives the event loop back",
        find: "this.exhausted = true;",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/time/end_of_tick.ts",
    tests: ["test/core/end_of_tick"],
    mutations: [
      {
        name: "tells all owners in one tick",
        find: "while (!scheduler.exhausted);",
        replacement: "while (true);",
      },
    ],
  },
];
