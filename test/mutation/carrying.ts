import type { Mutated } from "./mutation.ts";

/** The mutations of traffic with other servers. */
export const CARRYING: readonly Mutated[] = [
  {
    file: "src/core/bus/outgoing.ts",
    tests: ["test/core/bus"],
    mutations: [
      {
        name: "numbers no frame that it drops",
        find: "this.sequences[topic] = sequence + 1;",
        replacement: "if (this.fits(frame.length)) this.sequences[topic] = sequence + 1;",
      },
      {
        name: "goes on in the batch before a frame that it dropped",
        find: "      this.#sealOne(topic);\n      return;",
        replacement: "      return;",
      },
      { name: "lets everything wait", find: "if (!this.fits(frame.length)) {", replacement: "if (this.fits(-1)) {" },
      {
        name: "keeps in flight what a lost connection had",
        find: "    this.#inFlight = 0;\n    this.askedAt",
        replacement: "    this.askedAt",
      },
      { name: "sends what is stale", find: "if (message.at < stale ||", replacement: "if (" },
      {
        name: "sends at once although the others are not back",
        find: "    this.held = true;",
        replacement: "    this.held = false;",
      },
      {
        name: "never asks for a confirmation",
        find: "    this.askedAt = this.#clock.now();\n",
        replacement: "    return;\n",
      },
      {
        name: "gathers more than a message may have",
        find: "this.#batchBytes = Math.min(BATCH_BYTES, connection.maxPayloadBytes - BATCH_HEADER_BYTES);",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/bus/origins.ts",
    tests: ["test/core/bus"],
    mutations: [
      {
        name: "knows what comes next before the broker has confirmed the topic",
        find: "if (this.#subscriptions.isReady(topic)) origin.expected[topic] = next;",
        replacement: "origin.expected[topic] = next;",
      },
      {
        name: "misses no last frame",
        find: "if (expected !== UNKNOWN && next > expected)",
        replacement: "if (next < 0)",
      },
      {
        name: "delivers twice what comes twice",
        find: "return Math.min(count, Math.max(0, expected - sequence));",
        replacement: "return 0;",
      },
      {
        name: "reports a gap again",
        find: "    origin.missed = 0;\n    this.#suspects",
        replacement: "    this.#suspects",
      },
      {
        name: "takes a topic that was left for one that is known",
        find: "for (const { expected } of this.#known.values()) expected[topic] = UNKNOWN;",
        replacement: "void topic;",
      },
      {
        name: "blames the broker for a lost connection",
        find: 'return "disconnected";',
        replacement: 'return "lost";',
      },
      {
        name: "keeps servers that have ended",
        find: "if (beacon.ends) this.#forget(beacon.origin, origin);",
        replacement: "",
      },
      {
        name: "never reports without a beacon",
        find: "if (origin.missedAt <= before) this.#report(origin, origin);",
        replacement: "void before;",
      },
    ],
  },
  {
    file: "src/core/bus/subscriptions.ts",
    tests: ["test/core/bus"],
    mutations: [
      { name: "never forgets a topic", find: "if (wanted.names > 0) return;", replacement: "return;" },
      {
        name: "asks for nothing again after a lost connection",
        find: 'wanted.state = "new";\n',
        replacement: "void wanted;\n",
      },
      {
        name: "is ready before the broker says so",
        find: 'return this.#wanted.get(topic)?.state === "ready";',
        replacement: "return this.#wanted.has(topic);",
      },
    ],
  },
  {
    file: "src/core/bus/bus_link.ts",
    tests: ["test/core/bus"],
    mutations: [
      {
        name: "waits for a broker that does not answer",
        find: "    this.#timer = clock.setTimeout(late, CONNECT_MS);\n",
        replacement: "    void late;\n",
      },
      {
        name: "keeps a connection that came too late",
        find: "if (attempt.over) return connection.close();",
        replacement: "if (attempt.over) return;",
      },
      { name: "asks again without pauses that grow", find: "    this.#failures += 1;\n", replacement: "" },
      {
        name: "hears a connection that it has left",
        find: "if (!attempt.over) this.#owner.onMessage(topic, bytes);",
        replacement: "this.#owner.onMessage(topic, bytes);",
      },
    ],
  },
  {
    file: "src/core/bus/incoming.ts",
    tests: ["test/core/bus"],
    mutations: [
      {
        name: "lets everything wait",
        find: "this.#bytes + bytes.length > this.#owner.maxWaitingBytes && this.#bytes > 0",
        replacement: "this.#bytes < 0",
      },
      { name: "holds the event loop", find: "if (scheduler.exhausted) {", replacement: "if (scheduler.rounds < 0) {" },
    ],
  },
  {
    file: "src/core/bus/receiver.ts",
    tests: ["test/core/bus"],
    mutations: [
      {
        name: "delivers its own frames",
        find: "if (message.origin === this.#owner.origin) return this.#onOwn(topic, message);",
        replacement: "",
      },
      {
        name: "reports each message that it cannot read",
        find: "if (now - this.#complainedAt < COMPLAINT_MS) return;",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/bus/bus_endpoint.ts",
    tests: ["test/core/bus"],
    mutations: [
      {
        name: "has beacons although nobody is there",
        find: "if (this.#timer !== undefined || this.#closed || !this.#active) return;",
        replacement: "if (this.#timer !== undefined || this.#closed) return;",
      },
      {
        name: "stays with a broker that hangs",
        find: "if (connection !== undefined && this.#hung) {",
        replacement: "if (connection === undefined) {",
      },
      { name: "says no goodbye", find: "      this.#beacons.send(true);\n", replacement: "" },
      {
        name: "waits for a broker at its end",
        find: "const timer = clock.setTimeout(() => this.#onLost(), CLOSE_MS);",
        replacement: "const timer = undefined;",
      },
      { name: "takes frames of any size", find: "if (bytes.length > most) {", replacement: "if (bytes.length < 0) {" },
    ],
  },
];
