import type { Mutated } from "./mutation.ts";

/** The server: accepting, bounding, draining. */
export const ACCEPTING: readonly Mutated[] = [
  {
    file: "src/core/server/accept.ts",
    tests: ["test/core/accept"],
    mutations: [
      {
        name: "waits longer and longer between accept errors",
        find: "Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS)",
        replacement: "2 * backOffMs",
      },
      {
        name: "goes on with the longest pause after a success",
        find: "backOffMs = FIRST_BACK_OFF_MS;\n        // Another",
        replacement: "// Another",
      },
      {
        name: "does not cut the pause short when it is stopped",
        find: "this.#stopped = true;\n    this.#listener.close();\n    this.#resume?.();",
        replacement: "this.#stopped = true;\n    this.#listener.close();",
      },
      {
        name: "leaves the timer of a pause that was cut short",
        find: "this.#clock.clearTimeout(timer);",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/server/server.ts",
    tests: [
      "test/core/max_connections",
      "test/core/drain.",
      "test/core/observer",
      "test/core/lame_duck",
      "test/core/grace_goodbye",
    ],
    mutations: [
      {
        name: "leaves out of the grace what is served only within it",
        find: "else this.#grace?.add(session);",
        replacement: "",
      },
      {
        name: "sits out the grace when everybody is gone",
        find: "void this.#whenAlone().then(() => grace.end());",
        replacement: "",
      },
      {
        name: "shuts down when it only stops accepting",
        find: 'if (this.#state === "accepting-stopped" && !this.#ending) {',
        replacement: 'if (this.#state === "accepting-stopped" && this.#ending) {',
      },
      {
        name: "serves one connection too many",
        find: "if (this.#sessions.size >= this.#limits.maxConnections) this.#refusals.refuse(session);",
        replacement: "if (this.#sessions.size > this.#limits.maxConnections) this.#refusals.refuse(session);",
      },
      {
        name: "does not drain what it accepts while it drains",
        find: 'if (this.#state === "draining") session.drain();',
        replacement: 'if (this.#state === "draining") return;',
      },
      {
        name: "does not say that the end of a session makes room",
        find: "this.#onRoom();\n    this.#acceptor.onRoom();",
        replacement: "this.#acceptor.onRoom();",
      },
      {
        name: "accepts nothing in the place of a session that is over",
        find: "this.#onRoom();\n    this.#acceptor.onRoom();",
        replacement: "this.#onRoom();",
      },
      {
        name: "counts what it has cut off as drained",
        find: "if (this.#cutOff.delete(session)) this.#counts.aborted += 1;\n    else if",
        replacement: "if",
      },
    ],
  },
  {
    file: "src/core/server/grace.ts",
    tests: ["test/core/lame_duck", "test/core/grace_goodbye"],
    mutations: [
      {
        name: "begins a grace without a goodbye",
        find: "for (const session of this.#queue) session.announceDrain();",
        replacement: "",
      },
      {
        name: "says no goodbye to a session that is served only within it",
        find: "session.announceDrain();\n    this.#queue.push(session);",
        replacement: "this.#queue.push(session);",
      },
      {
        name: "closes busy sessions too",
        find: 'if (session.parting !== "idle") continue;',
        replacement: "",
      },
      {
        name: "forgets the busy sessions that it passed over",
        find: "[...this.#queue.slice(looked), ...busy]",
        replacement: "this.#queue.slice(looked)",
      },
      {
        name: "leaves nothing to chance",
        find: "stepMs * (0.5 + random())",
        replacement: "stepMs",
      },
      {
        name: "closes one at a time, however many there are",
        find: "Math.max(1, Math.floor(this.#queue.length * share))",
        replacement: "1",
      },
    ],
  },
  {
    file: "src/core/server/fullness.ts",
    tests: ["test/core/max_connections"],
    mutations: [
      {
        name: "tells of every connection that finds it full",
        find: "if (this.#fullSince !== undefined) return;",
        replacement: "",
      },
      {
        name: "takes a place that is taken again for room",
        find: "this.#roomSince = undefined;\n    this.#deadlines.disarm(this.#deadline);\n    if",
        replacement: "if",
      },
    ],
  },
  {
    file: "src/core/server/tracker.ts",
    tests: ["test/core/max_connections", "test/core/drain."],
    mutations: [
      {
        name: "waits for ever when it is empty already",
        find: "if (this.#items.size === 0) return Promise.resolve();",
        replacement: "",
      },
    ],
  },
];
