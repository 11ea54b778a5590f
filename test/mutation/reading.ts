import type { Mutated } from "./mutation.ts";

/** How bytes come in. */
export const READING: readonly Mutated[] = [
  {
    file: "src/core/session/inbox.ts",
    tests: [
      "test/core/session_input",
      "test/core/session_backpressure",
      "test/core/session_deadlines",
      "test/core/session_upgrade",
      "test/core/traffic_at_the_end",
      "test/core/budget",
      "test/core/drain.test",
    ],
    mutations: [
      {
        name: "leaves a truncated frame in the middle at an upgrade",
        find: "this.truncated && this.#decoder.midFrame",
        replacement: "false",
      },
      {
        name: "does not wait until a chunk is taken",
        find: "if (this.#held === undefined) this.#read();\n    else this.#waited = true;",
        replacement: "this.#read();",
      },
      {
        name: "counts what is dropped of a frame that was refused",
        find: "this.#dropping = this.#renewed = true;",
        replacement: "this.#renewed = true;",
      },
      {
        name: "loses what the decoder before an upgrade has left",
        find: "if (bytes.length > 0) this.#decoder.push(bytes);",
        replacement: "",
      },
      {
        name: "recycles a chunk that somebody may still look into",
        find: "if (chunk !== undefined && this.#decoder.leavesChunks === true)",
        replacement: "if (chunk !== undefined)",
      },
      {
        name: "does not tell the decoder of the end",
        find: "else if (this.eof && !this.#ended) this.#end();",
        replacement: "",
      },
      {
        name: "begins the frame deadline anew with every chunk",
        find: "else if (this.frameBegunAt === Infinity || this.#renewed) this",
        replacement: "else this",
      },
      {
        name: "does not note when it heard something",
        find: "this.heardAt = this.#clock.now();",
        replacement: "",
      },
      {
        name: "counts what comes behind the end",
        find: "    if (this.#over) return;\n    if (done) return this.#onEof();",
        replacement: "    if (done) return this.#onEof();",
      },
      {
        name: "takes what comes after it was stopped",
        find: "if (this.#stopped) {",
        replacement: "if (false) {",
      },
      {
        name: "does not count a chunk that is never decoded",
        find: "if (!this.#over) this.bytesDiscarded += this.#held?.length ?? 0;",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/transport/connection.ts",
    tests: ["test/core/connection.", "test/core/flow_model"],
    mutations: [
      {
        name: "sends FIN before what is being written",
        find: " || this.#writer.sending || (this.#writable?.unsent ?? 0) > 0) return;",
        replacement: ") return;",
      },
    ],
  },
  {
    file: "src/core/transport/direct_reader.ts",
    tests: ["test/core/connection.", "test/core/flow_model"],
    mutations: [
      {
        name: "lets a chunk overtake those that are queued",
        find: "const chunk = this.#unread?.shift();",
        replacement: "const chunk = this.#unread?.pop();",
      },
    ],
  },
];
