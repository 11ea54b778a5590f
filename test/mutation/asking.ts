import type { Mutated } from "./mutation.ts";

/** The client. */
export const ASKING: readonly Mutated[] = [
  {
    file: "src/core/client/client.ts",
    tests: ["test/core/client"],
    mutations: [
      {
        name: "takes the frame that isPush looks at for the reply to what isPush asks",
        find: "if (this.#judging) return this.#sendAtTickEnd();",
        replacement: "",
      },
      {
        name: "sends what waits before onConnect is done",
        find: 'this.#requests.send(outbox, this.#state !== "ready");',
        replacement: "this.#requests.send(outbox, false);",
      },
      {
        name: "sends on the next connection what was meant for the last one",
        find: "this.#rejected += this.#requests.rejectOwn(connectionOver(error));",
        replacement: "",
      },
      {
        name: "sends on a connection that has failed",
        find: 'if (this.#session !== undefined) this.#state = "failing";',
        replacement: "",
      },
      {
        name: "takes the answer to a login for a proof that the server is good",
        find: 'if (this.#state === "ready") this.#backoff?.reset();',
        replacement: "this.#backoff?.reset();",
      },
      {
        name: "forgets what onConnect asks during a drain",
        find: "if (this.#closing) this.#late += 1;",
        replacement: "",
      },
      {
        name: "leaves out the pause for ever",
        find: "this.#hurried = false;",
        replacement: "",
      },
      {
        name: "goes on after onConnect on a connection that is over",
        find: "if (this.#usable === session) this.#onReady(session);\n    } catch",
        replacement: "this.#onReady(session);\n    } catch",
      },
    ],
  },
  {
    file: "src/core/client/requests.ts",
    tests: ["test/core/client"],
    mutations: [
      {
        name: "takes back the place of a request that was given up",
        find: "    const request = this.#sent.shift();\n    if (request === undefined) return false;",
        replacement:
          "    let request = this.#sent.shift();\n    while (request?.settled === true) request = this.#sent.shift();\n    if (request === undefined) return false;",
      },
      {
        name: "counts each of several requests that time out together",
        find: "if (request.number <= this.#numberAtTimeout) return false;",
        replacement: "",
      },
      {
        name: "counts timeouts behind a request that is still waited for",
        find: "|| isBehindAwaited(request)",
        replacement: "",
      },
      {
        name: "counts timeouts though bytes have come",
        find: "if (bytesIn !== request.heard || request.heard !== this.#heardAtTimeout) this.#timeouts = 0;",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/client/backoff.ts",
    tests: ["test/core/client"],
    mutations: [
      {
        name: "takes a connection that outlived the next pause for a good one",
        find: "aliveMs > this.#options.maxDelayMs",
        replacement: "aliveMs > this.#longestDelayMs()",
      },
    ],
  },
  {
    file: "src/core/client/heartbeat.ts",
    tests: ["test/core/client"],
    mutations: [
      {
        name: "asks once and never looks for the answer",
        find: "if (restMs <= 0) this.#events.onUnanswered();",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/transport/connect_to_first.ts",
    tests: ["test/core/connect_to_first"],
    mutations: [
      {
        name: "waits for a slow address before it tries the next",
        find: "this.#timer = this.#clock.setTimeout(() => this.#next(), HEAD_START_MS);",
        replacement: "",
      },
      {
        name: "keeps a connection that came too late",
        find: "if (this.#over) return connection.abort();",
        replacement: "if (this.#over) return;",
      },
    ],
  },
];
