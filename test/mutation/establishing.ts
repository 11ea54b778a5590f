import type { Mutated } from "./mutation.ts";

/** The way of a connection from the listener to its session: its steps, its head, and who takes it through them. */
export const ESTABLISHING: readonly Mutated[] = [
  {
    file: "src/core/transport/establish.ts",
    tests: ["test/core/establish"],
    mutations: [
      {
        name: "gives each step the whole time",
        find: "if (this.#deadline === undefined) {\n      this.#deadline = new Deadline(this);\n      this.#deadline.at = this.#begunAt +",
        replacement:
          "{\n      this.#deadline ??= new Deadline(this);\n      this.#deadline.at = this.#settings.clock.now() +",
      },
      {
        name: "leaves the deadline of what is over",
        find: "if (this.#deadline !== undefined) this.#settings.deadlines.disarm(this.#deadline);",
        replacement: "",
      },
      {
        name: "leaves open what a step gives too late",
        find: "if (this.#over) return abandon(connection);",
        replacement: "if (this.#over) return;",
      },
      {
        name: "leaves open what a step gives that shut the server down",
        find: "if (this.#over) return abandon(result);",
        replacement: "if (this.#over) return;",
      },
      {
        name: "calls off what nobody made, and throws where nobody catches",
        find: 'if (typeof result?.abort === "function") result.abort(error);\n  } catch {\n    // It is over, as far as can be.\n  }',
        replacement: "result.abort(error);\n  } finally {\n    // Nothing.\n  }",
      },
      {
        name: "does not tell a step that it is called off",
        find: "this.#controller?.abort(error);",
        replacement: "",
      },
      {
        name: "does not tell whoever asks for the signal late",
        find: "if (this.#calledOffFor !== undefined) this.#controller.abort(this.#calledOffFor);",
        replacement: "",
      },
      {
        name: "refuses twice",
        find: "#refuse(cause: unknown): void {\n    if (this.#over) return;",
        replacement: "#refuse(cause: unknown): void {",
      },
      {
        name: "leaves open what it refuses",
        find: "abandon(this.connection, error);",
        replacement: "",
      },
      {
        name: "takes anything for a connection",
        find: 'if (typeof result?.abort !== "function") {',
        replacement: "if (result === null) {",
      },
      {
        name: "goes on with the connection that a step has replaced",
        find: "    this.connection = result;\n",
        replacement: "",
      },
      {
        name: "makes a fault of every refusal",
        find: "cause instanceof SpillwayError ? cause : establishError(cause)",
        replacement: "establishError(cause)",
      },
    ],
  },
  {
    file: "src/core/transport/head.ts",
    tests: ["test/core/establish"],
    mutations: [
      {
        name: "loses what is behind the head",
        find: "if (length < this.#length) this.#reader.unread(this.#buffer.slice(length, this.#length));",
        replacement: "",
      },
      {
        name: "gives back more than is behind the head",
        find: "this.#buffer.slice(length, this.#length)",
        replacement: "this.#buffer.slice(length)",
      },
      {
        name: "reads a head without end",
        find: "if (this.#length <= MAX_HEAD_BYTES) return this.#read();",
        replacement: "return this.#read();",
      },
      {
        name: "loses the beginning of a head that outgrows its buffer",
        find: "larger.set(this.#buffer.subarray(0, this.#length));",
        replacement: "",
      },
      {
        name: "listens to its signal when the head is read",
        find: 'this.#signal?.removeEventListener("abort", this.#onAbort);',
        replacement: "",
      },
      {
        name: "begins although its signal has been given",
        find: "if (this.#signal?.aborted === true) return this.#reject(this.#signal.reason);",
        replacement: "",
      },
      {
        name: "takes what comes after it has given up",
        find: "this.#reader.forget();",
        replacement: "",
      },
      {
        name: "believes any length",
        find: "|| length > this.#length) {",
        replacement: ") {",
      },
    ],
  },
  {
    file: "src/core/server/acceptor.ts",
    tests: ["test/core/establish"],
    mutations: [
      {
        name: "takes any number into their steps",
        find: " && (steps.length === 0 || size < this.#limits.maxEstablishing)",
        replacement: "",
      },
      {
        name: "leaves those in their steps out of maxConnections",
        find: "this.#owner.isFull(size)",
        replacement: "this.#owner.isFull(0)",
      },
      {
        name: "lets the drain wait for the steps",
        find: "for (const establishing of this.#establishing) establishing.abort(drainedError());",
        replacement: "",
      },
      {
        name: "goes on with steps that begin in the drain",
        find: "if (this.#stopped) establishing.abort(drainedError());",
        replacement: "",
      },
      {
        name: "wakes nobody when a connection is established",
        find: "this.#owner.onConnection(connection, establishing.id);\n    this.onRoom();",
        replacement: "this.#owner.onConnection(connection, establishing.id);",
      },
      {
        name: "wakes nobody when a connection is refused",
        find: "this.#owner.onRoom();\n    this.onRoom();",
        replacement: "this.#owner.onRoom();",
      },
      {
        name: "does not say that a refusal makes room",
        find: "this.#owner.onRoom();\n    this.onRoom();",
        replacement: "this.onRoom();",
      },
      {
        name: "ends the grace while connections are in their steps",
        find: "await this.#establishing.whenEmpty();",
        replacement: "",
      },
      {
        name: "does not count whom it refuses",
        find: "this.failed += 1;",
        replacement: "",
      },
    ],
  },
];
