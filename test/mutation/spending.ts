import type { Mutated } from "./mutation.ts";

/** Mutations that are right, and cost more than they need: nobody but the guard can tell. */
export const SPENDING: readonly Mutated[] = [
  {
    file: "src/core/session/served_session.ts",
    tests: ["test/guard/guard"],
    mutations: [
      {
        name: "makes a promise for every frame",
        find: "pipeline.handle(frame, inbox.truncated);",
        replacement: "void Promise.resolve();\n        pipeline.handle(frame, inbox.truncated);",
      },
      {
        name: "sets a timer for every connection",
        find: "this.#authenticating = authenticates;",
        replacement: "this.#authenticating = authenticates;\n    clock.clearTimeout(clock.setTimeout(() => {}, 1));",
      },
    ],
  },
  {
    file: "src/core/output/outbox.ts",
    tests: ["test/guard/guard"],
    mutations: [
      {
        name: "writes what has gathered in two pieces",
        find: "return this.writer.write(bytes);",
        replacement:
          "this.writer.write(bytes.subarray(0, 1)).then(() => undefined, () => undefined);\n    return this.writer.write(bytes.subarray(1));",
      },
    ],
  },
];
