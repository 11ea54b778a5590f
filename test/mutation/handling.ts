import type { Mutated } from "./mutation.ts";

/** Frames on their way through the handler. */
export const HANDLING: readonly Mutated[] = [
  {
    file: "src/core/handler/pipeline.ts",
    tests: [
      "test/core/pipeline",
      "test/core/session_backpressure",
      "test/core/session_order",
      "test/core/session_streams",
      "test/core/session_faults",
      "test/core/session_deadlines",
      "test/core/session_upgrade",
      "test/core/session_signal",
    ],
    mutations: [
      {
        name: "lets a synchronous reply overtake another that is not finished",
        find: "if (this.length === 0) return this.#answer(exchange, reply, fault);",
        replacement: "if (this.length <= 1) return this.#answer(exchange, reply, fault);",
      },
      {
        name: "hands out replies whether there is room or not",
        find: "if (!this.#owner.roomy) break;",
        replacement: "",
      },
      {
        name: "asks a stream for frames whether there is room or not",
        find: "if (stream.waiting || !this.#owner.roomy || !this.#owner.mayPull()) return;",
        replacement: "if (stream.waiting) return;",
      },
      {
        name: "keeps the permits of handlers whose connection is over",
        find: "this.#rest(one);\n      one.exchange.abort(why);",
        replacement: "one.exchange.abort(why);",
      },
      {
        name: "does not signal handlers that nobody waits for",
        find: "one.exchange.abort(why);\n      one.stream?.stop();",
        replacement: "one.stream?.stop();",
      },
      {
        name: "fails a handler again that was out of time",
        find: "if (pending.exchange.finished) return;\n    pending.exchange.finished = true;",
        replacement: "pending.exchange.finished = true;",
      },
      {
        name: "takes the new encoder before the replies of the old one are out",
        find: "last.next = encoder;",
        replacement: "exchange.next = encoder;",
      },
      {
        name: "sets no deadline for a stream's frame",
        find: "pending.startedAt = this.#clock.now();",
        replacement: "",
      },
      {
        name: "does not stop a stream that came too late",
        find: "if (pending.exchange.finished) pending.stream.stop();",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/handler/pipeline.ts",
    tests: [
      "test/core/pipeline",
      "test/core/session_backpressure",
      "test/core/session_deadlines",
      "test/core/session_order",
    ],
    mutations: [
      {
        name: "answers the last first",
        find: "this.#pending.push(pending);",
        replacement: "this.#pending.unshift(pending);",
      },
    ],
  },
  {
    file: "src/core/handler/reply_stream.ts",
    tests: ["test/core/session_streams"],
    mutations: [
      {
        name: "does not tell the iterator that nobody wants the rest",
        find: "void this.#return();",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/handler/semaphore.ts",
    tests: ["test/core/semaphore", "test/core/session_semaphore"],
    mutations: [
      {
        name: "gives one permit too many",
        find: "return this.used < this.#max && (",
        replacement: "return this.used <= this.#max && (",
      },
      {
        name: "keeps a waiter that is gone",
        find: "if (this.#waiters.delete(waiter)) this.#schedule();",
        replacement: "",
      },
      {
        name: "lets a session that comes pass those that wait",
        find: "(this.#waiters.size === 0 || this.#serving === waiter)",
        replacement: "waiter !== undefined",
      },
    ],
  },
  {
    file: "src/core/session/served_session.ts",
    tests: [
      "test/core/session_order",
      "test/core/session_faults",
      "test/core/session_input",
      "test/core/session_send",
      "test/core/session_semaphore",
      "test/core/session_draining",
      "test/core/drain_goodbye",
      "test/core/establish",
    ],
    mutations: [
      {
        name: "handles what came with the head before onConnect",
        find: "this.#advancing = true;\n    this.inbox.run(reader);",
        replacement: "this.inbox.run(reader);",
      },
      {
        name: "lets what came with the head wait for more",
        find: "if (this.#advanceAgain) this.#advance();\n      return;",
        replacement: "return;",
      },
      {
        name: "takes one frame more than concurrency",
        find: "this.#inFlight >= atOnce ||",
        replacement: "this.#inFlight > atOnce ||",
      },
      {
        name: "takes frames whether there is room for replies or not",
        find: "this.#inFlight >= atOnce || !this.roomy)",
        replacement: "this.#inFlight >= atOnce)",
      },
      {
        name: "goes on behind a broken frame",
        find: "if (!skipped) this.fail(error);",
        replacement: "",
      },
      {
        name: "skips where nobody knows where the next frame begins",
        find: "&& isSkippable(error) && !this.inbox.lost;",
        replacement: "&& isSkippable(error);",
      },
      {
        name: "reads on behind a fault",
        find: "this.inbox.stop();\n    this.pipeline.fault(error);",
        replacement: "this.pipeline.fault(error);",
      },
      {
        name: "does not flush when a tick ends",
        find: 'if (this.#pause !== "flushed") this.outbox.flush(now);',
        replacement: "",
      },
      {
        name: "does not see that the input has ended",
        find: "if (inbox.eof) this.#takeEnd();",
        replacement: "",
      },
      {
        name: "keeps a slow consumer",
        find: 'if (policy === "reset") this.breakOff("slow-consumer", slowConsumerError());',
        replacement: "",
      },
      {
        name: "waits for a permit still when it is over",
        find: "this.settings.semaphore.forget(this);",
        replacement: "",
      },
      {
        name: "says no goodbye",
        find: "if (ending) this.#sayGoodbye();",
        replacement: "",
      },
    ],
  },
];
