import type { Mutated } from "./mutation.ts";

/** Processes of a cluster, and the bus between them. */
export const CLUSTERING: readonly Mutated[] = [
  {
    file: "src/cluster/worker_link.ts",
    tests: ["test/cluster/nodes"],
    mutations: [
      {
        name: "drains without the grace that it was told of",
        find: "server.shutdown(message.graceMs === undefined ? {} : { graceMs: message.graceMs });",
        replacement: "server.shutdown();",
      },
      {
        name: "serves on when its supervisor has ended",
        find: "void this.#server.shutdown();\n    }",
        replacement: "}",
      },
    ],
  },
  {
    file: "src/cluster/supervisor.ts",
    tests: ["test/cluster/nodes"],
    mutations: [
      {
        name: "lets the old worker drain before the new one is ready",
        find: "slot.successor = { worker: this.#start(slot), settle };",
        replacement:
          "if (slot.current !== undefined) this.#drain(slot.current);\n      slot.successor = { worker: this.#start(slot), settle };",
      },
      {
        name: "does not replace a worker that drains because of a signal",
        find: "if (slot.successor === undefined) this.#restartIn(slot);\n    }\n    this.#boundDraining",
        replacement: "}\n    this.#boundDraining",
      },
    ],
  },
  {
    file: "src/cluster/worker.ts",
    tests: ["test/cluster/nodes", "test/cluster/supervisor."],
    mutations: [
      {
        name: "never finds out that a worker does not answer",
        find: 'if (this.#unanswered > this.#patience.silent) this.kill("it does not answer");\n    // One ping is enough while the worker is silent: messages that a stopped process does not read stay in memory.\n    else if',
        replacement: "if",
      },
      {
        name: "kills a worker that is about to be ready",
        find: 'if (this.state !== "serving" && this.state !== "starting") return;\n    this.#startDraining(true);\n    this.#drainBeats',
        replacement:
          'if (this.state === "starting") return this.#end();\n    if (this.state !== "serving") return;\n    this.#startDraining(true);\n    this.#drainBeats',
      },
    ],
  },
  {
    file: "src/core/bus/origins.ts",
    tests: ["test/cluster/nodes"],
    mutations: [
      {
        name: "does not report frames that are missing before others",
        find: "if (sequence > expected) this.#miss(origin, sequence - expected);",
        replacement: "",
      },
    ],
  },
];
