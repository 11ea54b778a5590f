import type { Mutated } from "./mutation.ts";

/** How a connection ends. */
export const ENDING: readonly Mutated[] = [
  {
    file: "src/core/session/ending.ts",
    tests: [
      "test/core/session_close",
      "test/core/session_draining",
      "test/core/session_connect",
      "test/core/drain",
      "test/core/group",
      "test/core/traffic",
      "test/core/session_deadlines",
      "test/core/after_reset",
      "test/core/client/client_on_connect",
    ],
    mutations: [
      {
        name: "says goodbye into a connection that broke",
        find: "if (this.#reset !== undefined || this.#lastWord !== undefined || !this.#answered()) return;",
        replacement: "if (this.#lastWord !== undefined || !this.#answered()) return;",
      },
      {
        name: "sends into a connection that broke",
        find: "this.#lastWord === undefined && this.#reset === undefined;",
        replacement: "this.#lastWord === undefined;",
      },
      {
        name: "never asks a stream to stop when the connection broke",
        find: "return this.#reset !== undefined;",
        replacement: "return false;",
      },
      {
        name: "gives another reason than the reset that it saw",
        find: "this.#reason = this.#reset?.reason ?? reason;",
        replacement: "this.#reason = reason;",
      },
      {
        name: "does not end when the end of a drain cuts it short",
        find: "if (this.#reset?.gone) this.#complete();\n    return !complete;",
        replacement: "return !complete;",
      },
      {
        name: "decides for the last reason instead of the first",
        find: "if (this.#reason === undefined) {",
        replacement: "if (this.#reason !== reason) {",
      },
      {
        name: "takes a drain for the peer's end",
        find: 'this.#stopping ??= "remote-closed";',
        replacement: 'this.#stopping = "remote-closed";',
      },
      {
        name: "stays a member of its groups",
        find: "this.#parts.session.drain(reason);\n      this.#parts.session.leaveAll();",
        replacement: "",
      },
      {
        name: "sends behind the goodbye",
        find: 'this.#lastWord = "goodbye";',
        replacement: "",
      },
      {
        name: "waits for authentication behind the goodbye",
        find: "watch.authenticationDone = true;",
        replacement: "",
      },
      {
        name: "closes before all is sent",
        find: "if (outbox.pending > 0) return;",
        replacement: "",
      },
      {
        name: "is over twice",
        find: "if (this.#forgotten) return false;",
        replacement: "",
      },
      {
        name: "sends no FIN",
        find: "void connection.close();",
        replacement: "",
      },
      {
        name: "waits for the FIN of one that was quiet",
        find: "this.#unconfirmed = watch.lingers(now);",
        replacement: "this.#unconfirmed = true;",
      },
      {
        name: "waits for the FIN of a server although the client's connection is of no use",
        find: "if (!this.#unconfirmed || this.#lostToClient())",
        replacement: "if (!this.#unconfirmed)",
      },
      {
        name: "does not say that the peer did not answer FIN",
        find: "if (error === undefined) this.#unconfirmed = false;",
        replacement: "this.#unconfirmed = false;",
      },
      {
        name: "does not wait for a goodbye that is being made",
        find: "pipeline.length === 0 && this.lifecycle?.asking !== true;",
        replacement: "pipeline.length === 0;",
      },
      {
        name: "takes frames while it stops",
        find: "this.#stopping = reason;\n    this.#parts.inbox.stop();",
        replacement: "this.#stopping = reason;",
      },
      {
        name: "goes on reading when the connection is gone",
        find: "    inbox.end();\n",
        replacement: "",
      },
      {
        name: "does not let go of what waits when the connection is gone",
        find: "    outbox.end();\n    const now",
        replacement: "    const now",
      },
    ],
  },
  {
    file: "src/core/session/lifecycle.ts",
    tests: ["test/core/session_connect"],
    mutations: [
      {
        name: "blames onConnect for what state threw",
        find: 'exchange.hook = "state";',
        replacement: "",
      },
    ],
  },
];
