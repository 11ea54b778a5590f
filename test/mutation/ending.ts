import type { Mutated } from "./mutation.ts";

/** How a connection ends. */
export const ENDING: readonly Mutated[] = [
  {
    file: "src/core/session/served_session.ts",
    tests: [
      "test/core/session_close",
      "test/core/session_draining",
      "test/core/session_connect",
      "test/core/drain",
      "test/core/grace_goodbye",
      "test/core/group",
      "test/core/traffic",
      "test/core/session_deadlines",
      "test/core/after_reset",
      "test/core/client/client_on_connect",
    ],
    mutations: [
      {
        name: "says goodbye into a connection that broke",
        find: 'if (this.#broken !== undefined || this.#writeSide !== "open" || !this.#answered) return;',
        replacement: 'if (this.#writeSide !== "open" || !this.#answered) return;',
      },
      {
        name: "sends into a connection that broke",
        find: 'this.#writeSide === "open" && this.#broken === undefined;',
        replacement: 'this.#writeSide === "open";',
      },
      {
        name: "never asks a stream to stop when the connection broke",
        find: "return this.#broken !== undefined;",
        replacement: "return false;",
      },
      {
        name: "gives another reason than the reset that it saw",
        find: "if (this.#broken === undefined) {\n        this.#reason = reason;\n        this.#error = error;\n      }",
        replacement: "this.#reason = reason;\n      this.#error = error;",
      },
      {
        name: "does not end when the end of a drain cuts it short",
        find: "if (this.#broken?.gone) this.#complete();\n    return !complete;",
        replacement: "return !complete;",
      },
      {
        name: "decides for the last reason instead of the first",
        find: "if (!this.#decided) {",
        replacement: 'if (this.#reason !== reason && this.#phase !== "over") {',
      },
      {
        name: "takes a drain for the peer's end",
        find: 'this.#reason ??= "remote-closed";',
        replacement: 'this.#reason = "remote-closed";',
      },
      {
        name: "stays a member of its groups",
        find: "this.#tellDraining(reason);\n      this.#leaveGroups();",
        replacement: "",
      },
      {
        name: "sends behind the goodbye",
        find: 'this.#writeSide = "goodbye";',
        replacement: "",
      },
      {
        name: "waits for authentication behind the goodbye",
        find: "this.#deadlines.authenticationDone = true;\n    this.#leaveGroups();",
        replacement: "this.#leaveGroups();",
      },
      {
        name: "closes before all is sent",
        find: "if (this.outbox.pending > 0) return;",
        replacement: "",
      },
      {
        name: "is over twice",
        find: 'if (this.#phase === "gone") return false;',
        replacement: "",
      },
      {
        name: "sends no FIN",
        find: "else this.#wire.finish();",
        replacement: "else void 0;",
      },
      {
        name: "waits for the FIN of one that was quiet",
        find: "this.#unconfirmed = this.#deadlines.lingers(now);",
        replacement: "this.#unconfirmed = true;",
      },
      {
        name: "waits for the FIN of a server although the client's connection is of no use",
        find: "if (!this.#unconfirmed || this.#isLostToClient)",
        replacement: "if (!this.#unconfirmed)",
      },
      {
        name: "does not say that the peer did not answer FIN",
        find: "if (error === undefined) this.#unconfirmed = false;",
        replacement: "this.#unconfirmed = false;",
      },
      {
        name: "does not wait for a goodbye that is being made",
        find: 'return this.#phase === "half-closed" || this.#goodbye?.asking !== true;',
        replacement: "return true;",
      },
      {
        name: "says the goodbye of a grace while a greeting or authentication is under way",
        find: "if (!established || !this.#isServing",
        replacement: "if (!this.#isServing",
      },
      {
        name: "says the goodbye of a grace in plain when TLS begins",
        find: "if (this.#securing === undefined && this.sendable) this.#say(goodbye);",
        replacement: "if (this.sendable) this.#say(goodbye);",
      },
      {
        name: "says the goodbye of a protocol that an upgrade has replaced",
        find: "if (goodbye?.turn !== turn) return;",
        replacement: "if (goodbye === undefined) return;",
      },
      {
        name: "says another goodbye after an upgrade",
        find: "if (this.#goodbye === undefined || this.#goodbye.said) return;",
        replacement: "if (this.#goodbye === undefined) return;",
      },
      {
        name: "takes a goodbye that waits for its turn for a frame",
        find: "return this.#goodbye?.turn === undefined ? this.pipeline.length : this.pipeline.length - 1;",
        replacement: "return this.pipeline.length;",
      },
      {
        name: "keeps a peer that has sent FIN in a grace until its goodbye is made",
        find: 'return this.#phase === "half-closed" || this.#goodbye?.asking !== true;',
        replacement: "return this.#goodbye?.asking !== true;",
      },
      {
        name: "takes frames while it stops",
        find: 'this.#phase = "stopping";\n    this.inbox.stop();',
        replacement: 'this.#phase = "stopping";',
      },
      {
        name: "goes on reading when the connection is gone",
        find: "    this.inbox.end();\n",
        replacement: "",
      },
      {
        name: "does not let go of what waits when the connection is gone",
        find: "    this.outbox.end();\n    const now",
        replacement: "    const now",
      },
    ],
  },
  {
    file: "src/core/session/served_session.ts",
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
