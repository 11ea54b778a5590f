import type { Mutated } from "./mutation.ts";

/** Deadlines. */
export const WATCHING: readonly Mutated[] = [
  {
    file: "src/core/session/session_deadlines.ts",
    tests: [
      "test/core/session_deadlines",
      "test/core/session_close",
      "test/core/authentication",
      "test/core/session_silence",
    ],
    mutations: [
      {
        name: "has no write deadline",
        find: 'if (outbox.writing) this.#earliest(outbox.behindSince + limits.writeTimeoutMs, "write-timeout");',
        replacement: "",
      },
      {
        name: "takes any output for enough",
        find: "outbox.behindSince + limits.writeTimeoutMs",
        replacement: "outbox.progressAt + limits.writeTimeoutMs",
      },
      {
        name: "waits for the peer's FIN for ever",
        find: 'return this.#earliest(this.#lingersUntil(), "linger");',
        replacement: "return;",
      },
      {
        name: "takes no input behind FIN for a sign of life",
        find: "noteDropped(now: number): void {\n    this.#droppedAt = now;",
        replacement: "noteDropped(now: number): void {\n    void now;",
      },
      {
        name: "waits for the peer's FIN for as long as it sends",
        find: ", this.#closingAt + Math.max(lingerTimeoutMs, maxLingerMs)",
        replacement: "",
      },
      {
        name: "takes a busy connection for an idle one",
        find: "if (busy || outbox.writing || !inbox.starved) return;",
        replacement: "if (outbox.writing || !inbox.starved) return;",
      },
      {
        name: "takes only what comes for a sign of life",
        find: "Math.max(inbox.heardAt, pipeline.settledAt, outbox.progressAt)",
        replacement: "inbox.heardAt",
      },
      {
        name: "takes a peer that waits for its answer for a silent one",
        find: "const ourTurn = busy || !inbox.starved || outbox.answering;",
        replacement: "const ourTurn = outbox.answering;",
      },
      {
        name: "takes a slow reader of a reply for a silent peer",
        find: "const ourTurn = busy || !inbox.starved || outbox.answering;",
        replacement: "const ourTurn = busy || !inbox.starved;",
      },
      {
        name: "counts the time of its own turn as the peer's silence",
        find: "if (ourTurn) this.#listeningSince = -1;",
        replacement: "if (ourTurn) void 0;",
      },
      {
        name: "has no handler deadline while it stops",
        find: 'if (phase === "ending") return;',
        replacement: 'if (phase !== "serving") return;',
      },
      {
        name: "leaves the deadline of a session that is over",
        find: "this.owner.settings.deadlines.disarm(this);",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/time/deadline.ts",
    tests: ["test/core/deadline"],
    mutations: [
      {
        name: "leaves the timer when no deadline is left",
        find: "if (this.#heap.length === 0) this.#clearTimer();",
        replacement: "",
      },
      {
        name: "sets no timer for the deadlines behind one that passed",
        find: "if (this.#heap.length > 0) this.#setTimer();",
        replacement: "if (this.#heap.length > 0) void 0;",
      },
      {
        name: "lets a late deadline pass before what waits is read",
        find: "if (dueAt < now) return this.#startRounds(dueAt, now);",
        replacement: "",
      },
      {
        name: "lets a deadline pass while rounds bring something",
        find: "if (patient && this.progress !== this.#progressBefore) return this.#startRound(now);",
        replacement: "void patient;",
      },
      {
        name: "never judges while rounds bring something",
        find: "const patient = now < this.#patientUntil || this.#rounds < MIN_ROUNDS;",
        replacement: "const patient = now < this.#patientUntil || this.#rounds < Infinity;",
      },
      {
        name: "judges in a round what came due since it began",
        find: "this.#passUntil(this.#roundBegunAt, now);",
        replacement: "this.#passUntil(now, now);",
      },
      {
        name: "goes by an instant that was worked out long ago",
        find: "first.refresh();\n",
        replacement: "",
      },
      {
        name: "leaves the heap out of order",
        find: "this.#siftDown(last);",
        replacement: "",
      },
    ],
  },
];
