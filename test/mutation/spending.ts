import type { Mutated } from "./mutation.ts";

/** What is right, and costs more than it need: nobody but the guard can tell. */
export const SPENDING: readonly Mutated[] = [
  {
    file: "src/core/session_loop.ts",
    tests: ["test/guard/guard"],
    mutations: [
      {
        name: "makes a promise for every frame",
        find: "this.pipeline.handle(frame);",
        replacement: "void Promise.resolve();\n        this.pipeline.handle(frame);",
      },
      {
        name: "sets a timer for every connection",
        find: "void this.connection.closed.then((error) => this.#ending.end(error));",
        replacement:
          "const timer = this.settings.clock.setTimeout(() => {}, 1);\n" +
          "    void this.connection.closed.then((error) => {\n" +
          "      this.settings.clock.clearTimeout(timer);\n" +
          "      this.#ending.end(error);\n" +
          "    });",
      },
    ],
  },
  {
    file: "src/core/outbox.ts",
    tests: ["test/guard/guard"],
    mutations: [
      {
        name: "writes what has gathered in two pieces",
        find: "const written = (this.#writer ?? this.#acquire()).write(bytes);",
        replacement:
          "(this.#writer ?? this.#acquire()).write(bytes.subarray(0, 1)).catch(() => undefined);\n" +
          "    const written = (this.#writer ?? this.#acquire()).write(bytes.subarray(1));",
      },
    ],
  },
];
