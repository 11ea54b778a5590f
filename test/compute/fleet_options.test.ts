// The options that fleets refuse at the call.
import { describe, expect, it } from "vitest";
import { nats, natsWorker, redisStreams, redisWorker, remote, workService } from "../../src/compute/mod.ts";
import { lines } from "../../src/core/mod.ts";

const handler = (line: string) => line;

/** Each option of each function, with a value that it does not take, and a part of what is said. */
const REFUSED: readonly (readonly [what: string, call: () => unknown, message: string])[] = [
  ...[
    [{ targets: undefined }, "targets must be a list"],
    [{ targets: [] }, "targets must name 1 to 1024 servers, not 0"],
    [{ targets: ["nowhere"] }, 'a target must be host:port, [ipv6]:port or unix:/path, not "nowhere"'],
    [{ targets: ["a:70000"] }, "the port of a target must be a whole number from 1 to 65535, not 70000"],
    [{ targets: [{ hostname: "a" }] }, "a target must be text, { hostname, port } or { path }"],
    [{ maxInFlight: 0 }, "maxInFlight must be a whole number of at least 1"],
    [{ maxQueue: -1 }, "maxQueue must be a whole number of at least 1"],
    [{ connections: 1.5 }, "connections must be a whole number of at least 1"],
    [{ maxTries: Infinity }, "maxTries must be a whole number of at least 1"],
    [{ tryTimeoutMs: 0 }, "tryTimeoutMs must be more than 0 ms"],
    [{ waitForWorkersMs: -1 }, "waitForWorkersMs must be at least 0 ms, not -1"],
    [{ minEjectionMs: 100, maxEjectionMs: 10 }, "maxEjectionMs must be at least minEjectionMs (100), not 10"],
    [{ idempotent: "yes" }, "idempotent must be true or false, not string"],
    [{ hedgeAfterMs: 5 }, "hedgeAfterMs needs idempotent: true"],
    [{ isGoodbye: () => true }, "isGoodbye needs a codec"],
    [{ codec: lines(), maxFrameBytes: 5 }, "maxFrameBytes is for workers of a fleet"],
    [{ resolve: 1 }, "resolve must be a function"],
    [{ maxInFlihgt: 1 }, "unknown option maxInFlihgt; did you mean maxInFlight?"],
  ].map(
    ([options, message]) =>
      [
        `remote(${Object.keys(options as object).join(", ")})`,
        () => remote({ targets: "a:1", ...(options as object) }),
        message as string,
      ] as const,
  ),
  ["nats(subject)", () => nats({ subject: "a.*" }), "subject must be a subject without wildcards"],
  [
    "nats(password)",
    () => nats({ subject: "a", servers: "nats://us:50%@localhost" }),
    "user and password in servers must be percent-encoded",
  ],
  ["nats(servers)", () => nats({ subject: "a", servers: [] }), "servers must be a NATS server"],
  [
    "nats(unknown)",
    () => nats({ subject: "a", subjects: "b" } as never),
    "unknown option subjects; did you mean subject?",
  ],
  ["natsWorker(handler)", () => natsWorker({ subject: "a", handler: 1 as never }), "handler must be a function"],
  [
    "natsWorker(queue)",
    () => natsWorker({ subject: "a", handler, queue: "" }),
    "queue must be a subject without wildcards",
  ],
  [
    "natsWorker(concurrency)",
    () => natsWorker({ subject: "a", handler, concurrency: 0 }),
    "concurrency must be a whole number",
  ],
  ["redisStreams(url)", () => redisStreams({ stream: "a", url: "http://a" }), "url must be that of a Redis server"],
  ["redisStreams(stream)", () => redisStreams({ stream: "" }), "stream must be a name that is not empty"],
  [
    "redisStreams(withoutWorkers)",
    () => redisStreams({ stream: "a", withoutWorkers: "wait" as never }),
    'withoutWorkers must be "refuse" or "keep", not "wait"',
  ],
  [
    "redisWorker(claimAfterMs)",
    () => redisWorker({ stream: "a", handler, claimAfterMs: Infinity }),
    "claimAfterMs must be at most",
  ],
  [
    "redisWorker(maxDeliveries)",
    () => redisWorker({ stream: "a", handler, maxDeliveries: 0 }),
    "maxDeliveries must be a whole number",
  ],
  ["workService(handler)", () => workService(undefined as never), "handler must be a function"],
  [
    "workService(options)",
    () => workService(handler, { concurrrency: 1 } as never),
    "unknown option concurrrency; did you mean concurrency?",
  ],
];

describe("an invalid option is refused at the call", () => {
  it.each(REFUSED)("as a TypeError or a RangeError by %s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(
      expect.toSatisfy((error: unknown) => error instanceof TypeError || error instanceof RangeError),
    );
  });

  it("but a fleet that is not used connects to nothing", async () => {
    for (const fleet of [remote({ targets: "127.0.0.1:9" }), nats({ subject: "a" }), redisStreams({ stream: "a" })]) {
      expect(fleet.stats()).toMatchObject({ workers: 0, busy: 0, queued: 0 });
      await fleet.close();
    }
  });
});
