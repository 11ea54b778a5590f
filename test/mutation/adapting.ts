import type { Mutated } from "./mutation.ts";

const TESTS = ["test/conformance/kernel", "test/conformance/native", "test/adapters"] as const;

/** The adapters, each on its own runtime. */
export const ADAPTING: readonly Mutated[] = [
  {
    file: "src/adapters/node/listen.ts",
    runtime: "node",
    tests: TESTS,
    mutations: [
      { name: "reads what nobody asked for", find: "pauseOnConnect: true, ", replacement: "" },
      { name: "leaves the backlog to the system", find: "{ ...to, backlog }, backlog,", replacement: "{ ...to }," },
      {
        name: "holds any number that nobody takes",
        find: "AcceptQueue(backlog,",
        replacement: "AcceptQueue(Infinity,",
      },
      {
        name: "says nothing of what it cannot accept",
        find: "queue.fail(acceptError(cause))",
        replacement: "void cause",
      },
    ],
  },
  {
    file: "src/adapters/node/driver.ts",
    runtime: "node",
    tests: TESTS,
    mutations: [
      {
        name: "takes what is written to a destroyed socket for sent",
        find: " && !this.#socket.destroyed) return true",
        replacement: ") return true",
      },
      {
        name: "resets behind FIN, and never closes",
        find: "if (this.#socket.writableEnded || this.localAddress.path !== undefined)",
        replacement: "if (this.localAddress.path !== undefined)",
      },
      { name: "sends the last broadcast again", find: "  lastView = undefined;\n", replacement: "" },
    ],
  },
  {
    file: "src/adapters/node/connect.ts",
    runtime: "node",
    tests: TESTS,
    mutations: [
      { name: "reads before it is asked", find: "socket.pause();", replacement: "" },
      {
        name: "waits for ever when the reason for giving up is null",
        find: 'isError(signal?.reason) ? signal.reason : new Error("aborted")',
        replacement: "signal?.reason as Error",
      },
      {
        name: "is given up when it is made already",
        find: 'signal?.removeEventListener("abort", onAbort);\n      socket.pause',
        replacement: "socket.pause",
      },
    ],
  },
  {
    file: "src/adapters/deno/listen.ts",
    runtime: "deno",
    tests: TESTS,
    mutations: [
      { name: "leaves the backlog to the system", find: "tcpBacklog: backlog", replacement: "tcpBacklog: 511" },
      {
        name: "passes on Deno's own error",
        find: "throw acceptError(cause as Error)",
        replacement: "throw cause",
      },
    ],
  },
  {
    file: "src/adapters/deno/driver.ts",
    runtime: "deno",
    tests: TESTS,
    mutations: [
      { name: "reads twice at once", find: "!this.#reading && ", replacement: "" },
      {
        name: "passes on Deno's own error",
        find: "this.connection.refuse(connectionError(cause));",
        replacement: "this.connection.refuse(cause as never);",
      },
    ],
  },
  {
    file: "src/adapters/deno/after_io.ts",
    runtime: "deno",
    tests: TESTS,
    mutations: [
      { name: "leaves its socket readable", find: "new Uint8Array(16)", replacement: "new Uint8Array(1)" },
      { name: "does not open a loopback", find: "if (loopback === undefined) void open();", replacement: "" },
    ],
  },
  {
    file: "src/adapters/bun/listen.ts",
    runtime: "bun",
    tests: TESTS,
    mutations: [
      {
        name: "holds any number that nobody takes",
        find: "AcceptQueue(backlog)",
        replacement: "AcceptQueue(Infinity)",
      },
    ],
  },
  {
    file: "src/adapters/bun/driver.ts",
    runtime: "bun",
    tests: TESTS,
    mutations: [
      { name: "reads what nobody asked for", find: "    socket.pause();\n", replacement: "" },
      {
        name: "sends the rest of a write again and again",
        find: "this.#rest = sent === rest.length ? undefined : rest.subarray(Math.max(0, sent));",
        replacement: "this.#rest = sent === rest.length ? undefined : rest;",
      },
    ],
  },
  {
    file: "src/core/transport/queue_listener.ts",
    runtime: "node",
    tests: TESTS,
    mutations: [
      {
        name: "keeps the iteration waiting when it finishes",
        find: "this.#bound.finish();",
        replacement: "this.#bound.close();",
      },
    ],
  },
];
