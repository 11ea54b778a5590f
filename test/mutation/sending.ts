import type { Mutated } from "./mutation.ts";

/** The mutations of sending. */
export const SENDING: readonly Mutated[] = [
  {
    file: "src/core/output/outbox.ts",
    tests: [
      "test/core/outbox",
      "test/core/session_send",
      "test/core/session_backpressure",
      "test/core/flush",
      "test/core/budget",
      "test/core/session_deadlines",
    ],
    mutations: [
      {
        name: "has room for a reply when it is exactly full",
        find: "return this.pending < this.#settings.limits.maxOutboundBytes;",
        replacement: "return this.pending <= this.#settings.limits.maxOutboundBytes;",
      },
      {
        name: "lets one push too many wait",
        find: "this.waitingPushes < maxOutboundFrames;",
        replacement: "this.waitingPushes <= maxOutboundFrames;",
      },
      {
        name: "counts dropped frames as sent",
        find: "this.framesOut -= 1;",
        replacement: "",
      },
      {
        name: "writes before the last write is done",
        find: "  flush(now?: number): void {\n    if (this.writing) return this.#account();",
        replacement: "  flush(now?: number): void {",
      },
      {
        name: "does not note that a write was taken",
        find: "    else this.noteProgress(this.#unwritten - this.#taken, now, limits.minWriteBytesPerSecond);\n",
        replacement: "",
      },
      {
        name: "takes its own stall for the peer's",
        find: "const late = now - this.behindSince >= limits.writeTimeoutMs;",
        replacement: "const late = false;",
      },
      {
        name: "does not tell the budget of a push that waits",
        find: "this.#queue.add(bytes, true);\n      this.#account();",
        replacement: "this.#queue.add(bytes, true);",
      },
      {
        name: "leaves who waits for a flush waiting when the connection is over",
        find: "this.#flushes?.end();",
        replacement: "",
      },
      {
        name: "waits for what was dropped to be written",
        find: "this.#flushes?.shorten(this.bytesOut + this.#unwritten + buffer.length, dropped);",
        replacement: "",
      },
      {
        name: "tells of a slow consumer once and never again",
        find: "if (this.pending === 0) this.#slow = false;",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/output/frame_queue.ts",
    tests: ["test/core/frame_queue", "test/core/outbox"],
    mutations: [
      {
        name: "counts bytes that were taken off as droppable",
        find: "this.droppableBytes -= this.#first();",
        replacement: "",
      },
      {
        name: "drops the replies before the oldest push too",
        find: "if (kept > 0) buffer.bytes(this.#bytes.take(kept));",
        replacement: "if (kept > 0) this.#bytes.take(kept);",
      },
    ],
  },
  {
    file: "src/core/output/flush_waiters.ts",
    tests: ["test/core/flush_waiters", "test/core/session_send"],
    mutations: [
      {
        name: "waits for one byte more",
        find: "(this.#waiters[count] as Waiter).at <= bytes",
        replacement: "(this.#waiters[count] as Waiter).at < bytes",
      },
    ],
  },
  {
    file: "src/core/output/output_buffer.ts",
    tests: ["test/core/output_buffer", "test/core/codecs/lines_encode", "test/core/session_faults"],
    mutations: [
      {
        name: "sends half of a frame that could not be encoded",
        find: "this.#text = text;\n      this.#parts.length",
        replacement: "this.#parts.length",
      },
      {
        name: "cuts a character of a long text in two",
        find: "before >= 0xd800 && before < 0xdc00 ? at - 1 : at",
        replacement: "at",
      },
      {
        name: "sends a line of bytes with a line break in it",
        find: ">= 0) return false;",
        replacement: ">= 0) continue;",
      },
    ],
  },
  {
    file: "src/core/session/served_session.ts",
    tests: ["test/core/group", "test/core/session_send"],
    mutations: [
      {
        name: "sends when it is over",
        find: 'if (!this.sendable) return "closed";\n    let bytes',
        replacement: "let bytes",
      },
      {
        name: "forgets which groups it is in",
        find: "this.#memberships.groups.add(group);",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/session/groups.ts",
    tests: ["test/core/group"],
    mutations: [
      {
        name: "sends a broadcast to who is left out",
        find: "if (member === except) continue;",
        replacement: "",
      },
      {
        name: "keeps groups without members",
        find: "    table.delete(name);\n",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/output/budget.ts",
    tests: ["test/core/budget"],
    mutations: [
      {
        name: "ends the smallest first",
        find: "other.bytes - one.bytes",
        replacement: "one.bytes - other.bytes",
      },
      {
        name: "ends everybody",
        find: "used -= share.bytes;",
        replacement: "",
      },
      {
        name: "does not see that there is room again",
        find: "if (armed) return this.#deadlines.disarm(this.#deadline);",
        replacement: "if (armed) return;",
      },
    ],
  },
];
