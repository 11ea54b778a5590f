import type { Mutated } from "./mutation.ts";

/** The server: accepting, bounding, draining. */
export const ACCEPTING: readonly Mutated[] = [
  {
    file: "src/core/accept.ts",
    tests: ["test/core/accept"],
    mutations: [
      {
        name: "waits longer and longer between accept errors",
        find: "Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS)",
        replacement: "2 * backOffMs",
      },
      {
        name: "goes on with the longest pause after a success",
        find: "backOffMs = FIRST_BACK_OFF_MS;\n        this.#acceptor",
        replacement: "this.#acceptor",
      },
      {
        name: "does not cut the pause short when it is stopped",
        find: "this.#resume?.();",
        replacement: "",
      },
      {
        name: "leaves the timer of a pause that was cut short",
        find: "this.#clock.clearTimeout(timer);",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/server.ts",
    tests: ["test/core/max_connections", "test/core/drain.", "test/core/observer"],
    mutations: [
      {
        name: "serves one connection too many",
        find: "if (this.#sessions.size >= this.#limits.maxConnections) this.#refuse(session);",
        replacement: "if (this.#sessions.size > this.#limits.maxConnections) this.#refuse(session);",
      },
      {
        name: "does not drain what it accepts while it drains",
        find: "if (this.#draining) session.drain();",
        replacement: "",
      },
      {
        name: "counts what it has cut off as drained",
        find: "if (this.#cutOff.delete(session)) this.#aborted += 1;\n    else if",
        replacement: "if",
      },
    ],
  },
  {
    file: "src/core/tracker.ts",
    tests: ["test/core/max_connections", "test/core/drain."],
    mutations: [
      {
        name: "tells nobody that there is room again",
        find: "this.#onRoom?.();",
        replacement: "",
      },
    ],
  },
];
