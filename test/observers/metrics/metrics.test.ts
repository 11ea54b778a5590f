import { Counter, Registry } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { admission } from "../../../src/admission/mod.ts";
import { type Connection, lines, type Observer, SpillwayError, serve } from "../../../src/core/mod.ts";
import { isMetricsError, type Metrics, type MetricsOptions, metrics } from "../../../src/observers/metrics/mod.ts";
import { manualClock, memoryTransport } from "../../../src/testing/mod.ts";
import { answers } from "../../core/support/answers.ts";
import { type Served, served } from "../../core/support/served.ts";
import { parseExposition } from "./support/exposition.ts";
import { byLabel, happened, scraped } from "./support/scraped.ts";

/** The metrics that are read from `server.stats()`, and the counts that they show. */
const OF_STATS = {
  spillway_connections_open: "connections",
  spillway_connections_establishing: "establishing",
  spillway_connections_accepted_total: "accepted",
  spillway_connections_refused_total: "refused",
  spillway_frames_received_total: "framesIn",
  spillway_frames_sent_total: "framesOut",
  spillway_frames_dropped_total: "framesDropped",
  spillway_received_bytes_total: "bytesIn",
  spillway_sent_bytes_total: "bytesOut",
  spillway_discarded_bytes_total: "bytesDiscarded",
  spillway_inbound_waiting_bytes: "waitingInboundBytes",
  spillway_outbound_waiting_bytes: "waitingOutboundBytes",
  spillway_handlers_in_flight: "handlers",
  spillway_observer_errors_total: "observerErrors",
  spillway_groups: "groups",
} as const;

function shown(values: ReadonlyMap<string, number>): Record<string, number | undefined> {
  return Object.fromEntries(Object.keys(OF_STATS).map((name) => [name, values.get(name)]));
}

/** Returns the sums of the servers' counts. */
function counted(...harnesses: readonly Served[]): Record<string, number> {
  const all = harnesses.map(({ server }) => server.stats());
  return Object.fromEntries(
    Object.entries(OF_STATS).map(([name, count]) => [
      name,
      all.reduce((total, stats) => total + (stats[count] ?? 0), 0),
    ]),
  );
}

type Options = Parameters<typeof served>[0];

async function measured(options: Options = {}, m?: Metrics): Promise<{ harness: Served; m: Metrics }> {
  const clock = options?.clock ?? manualClock();
  const measuring = m ?? metrics({ clock });
  const observer: Observer = measuring;
  const harness = await served({ observer, middleware: [measuring.middleware], ...options, clock });
  return { harness, m: measuring };
}

describe("metrics", () => {
  it("equal what the server counts, at every step of its life", async () => {
    const pending = answers();
    const { harness, m } = await measured({
      invalidFrame: "skip",
      codec: lines({ maxFrameBytes: 16 }),
      handler: (line, context) => (line.startsWith("wait") ? pending.handler(line, context) : line),
      onConnect: (session) => session.join("everyone"),
    });
    const agree = async () => expect(shown(await scraped(m))).toEqual(counted(harness));
    await agree();
    const peer = await harness.connect();
    const another = await harness.connect();
    await agree();
    await peer.send("a\nfar too long for a frame\nb\n");
    await another.send("wait\nbehind it\n");
    await agree();
    expect(shown(await scraped(m))).toMatchObject({
      spillway_connections_open: 2,
      spillway_frames_received_total: 3,
      spillway_handlers_in_flight: 1,
      spillway_groups: 1,
    });
    expect(await happened(m, "spillway_frame_errors_total")).toEqual({ "frame-too-large": 1 });
    pending.of("wait").resolve("done");
    await peer.finish();
    await agree();
    await another.send("wait again\n");
    await another.reset();
    await harness.settle();
    await agree();
    expect(await happened(m, "spillway_connections_closed_total")).toEqual({
      "remote-closed": 1,
      "connection-reset": 1,
    });
    const values = await scraped(m);
    expect(values.get("spillway_connections_open")).toBe(0);
    expect(values.get("spillway_connection_seconds_count")).toBe(2);
  });

  it("are what Prometheus reads, with nothing missing before anything happened", async () => {
    const m = metrics();
    const families = parseExposition(await m.text());
    expect(m.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(families.get("spillway_handler_seconds")?.type).toBe("histogram");
    const ends = await byLabel(m, "spillway_connections_closed_total");
    expect(ends).toMatchObject({ "remote-closed": 0, "budget-exceeded": 0 });
    expect(new Set(Object.values(ends))).toEqual(new Set([0]));
    expect(await happened(m, "spillway_connections_closed_total")).toEqual({});
    expect(await byLabel(m, "spillway_servers")).toEqual({
      listening: 0,
      "accepting-stopped": 0,
      draining: 0,
      closed: 0,
    });
    expect(shown(await scraped(m))).toEqual(counted());
  });

  it("have a histogram of the times of handlers, each of which is counted while they are few", async () => {
    const pending = answers();
    const { harness, m } = await measured({
      handler: (line, context) => (line === "now" ? line : pending.handler(line, context)),
    });
    const peer = await harness.connect();
    await peer.send("now\nnow\nlater\n");
    await harness.clock.advance(2_000);
    pending.of("later").resolve("later");
    await harness.settle();
    const values = await scraped(m);
    expect(values.get("spillway_handler_seconds_count")).toBe(3);
    expect(values.get("spillway_handler_seconds_sum")).toBe(2);
    expect(values.get('spillway_handler_seconds_bucket{le="0.00001"}')).toBe(2);
    expect(values.get('spillway_handler_seconds_bucket{le="1"}')).toBe(2);
    expect(values.get('spillway_handler_seconds_bucket{le="2.5"}')).toBe(3);
  });

  it("have the times of handlers in buckets that were asked for", async () => {
    const clock = manualClock();
    const { harness, m } = await measured({ clock }, metrics({ clock, handlerBuckets: [0.5, 7] }));
    await (await harness.connect()).send("a\n");
    const buckets = [...(await scraped(m))].filter(([name]) => name.startsWith("spillway_handler_seconds_bucket"));
    expect(buckets).toEqual([
      ['spillway_handler_seconds_bucket{le="0.5"}', 1],
      ['spillway_handler_seconds_bucket{le="7"}', 1],
      ['spillway_handler_seconds_bucket{le="+Inf"}', 1],
    ]);
  });

  it("count refusals, failures and slow consumers by what they are", async () => {
    const { harness, m } = await measured({
      maxConnections: 1,
      beyondMaxConnections: "reject",
      slowConsumer: "drop",
      maxOutboundBytes: 64,
      establish: [
        (connection, { id }) => {
          if (id === 2) throw new SpillwayError<"quota-exceeded">("quota-exceeded", "no");
          return connection;
        },
      ],
      handler: (line, { session }) => {
        if (line === "fail") throw new Error("no");
        for (let sent = 0; sent < 3_000; sent += 1) session.send("x".repeat(60));
      },
    });
    const peer = await harness.connect({ reads: false });
    await harness.connect();
    await harness.connect();
    await peer.send("push\n");
    await peer.send("fail\n");
    await peer.read();
    await harness.settle();
    expect(await happened(m, "spillway_establish_failures_total")).toEqual({ "quota-exceeded": 1 });
    expect(await happened(m, "spillway_handler_errors_total")).toEqual({ "handler-failed": 1 });
    expect(await happened(m, "spillway_connections_closed_total")).toEqual({
      "too-many-connections": 1,
      "handler-failed": 1,
    });
    const values = await scraped(m);
    expect(shown(values)).toEqual(counted(harness));
    expect(values.get("spillway_connections_refused_total")).toBe(1);
    expect(values.get("spillway_slow_consumers_total")).toBe(harness.of("slow-consumer").length);
    expect(values.get("spillway_slow_consumers_total")).toBeGreaterThan(0);
    expect(values.get("spillway_frames_dropped_total")).toBeGreaterThan(0);
  });

  it("count errors of accepting, and how often a server was full", async () => {
    const m = metrics();
    const error = new SpillwayError("out-of-descriptors", "none left");
    m({ type: "accept-error", error, retryInMs: 100 });
    m({ type: "accept-error", error: new SpillwayError("accept-failed", "broken") });
    m({ type: "connections-full", connections: 3 });
    expect(await happened(m, "spillway_accept_errors_total")).toEqual({ "out-of-descriptors": 1, "accept-failed": 1 });
    expect((await scraped(m)).get("spillway_connections_full_total")).toBe(1);
  });

  it("show no more codes of a label than a database should keep", async () => {
    const m = metrics();
    const connection = {
      id: 1,
      remoteAddress: { hostname: "::1", port: 1 },
      localAddress: { hostname: "::1", port: 2 },
    };
    for (let code = 0; code < 1_000; code += 1) {
      const error = new SpillwayError<string>(`code-${code}`, "no");
      m({ type: "establish-failed", connection, error, durationMs: 0 });
    }
    const failures = await happened(m, "spillway_establish_failures_total");
    // Three are known before they happen.
    expect(Object.keys(failures)).toHaveLength(98);
    expect(failures).toMatchObject({ "code-0": 1, "code-96": 1, other: 903 });
  });

  it("show how late the event loop is, and stop to look when the servers have drained", async () => {
    const { harness, m } = await measured();
    await harness.clock.advance(300);
    harness.clock.jump(700);
    await harness.settle();
    const values = await scraped(m);
    expect(values.get("spillway_event_loop_delay_seconds_count")).toBe(4);
    expect(values.get("spillway_event_loop_delay_seconds_sum")).toBeCloseTo(0.6);
    expect(values.get('spillway_event_loop_delay_seconds_bucket{le="0.5"}')).toBe(3);
    await harness.server.shutdown();
    expect(harness.clock.pending).toBe(0);
  });

  it("show the pools of worker threads that they are given", async () => {
    const stats = () => ({ workers: 4, busy: 3, ending: 0, queued: 2, waiting: 1 });
    const m = metrics({ pools: { primes: { stats } } });
    const pools = [...(await scraped(m))].filter(([name]) => name.startsWith("spillway_pool"));
    expect(pools).toEqual([
      ['spillway_pool_workers{pool="primes"}', 4],
      ['spillway_pool_busy{pool="primes"}', 3],
      ['spillway_pool_ending{pool="primes"}', 0],
      ['spillway_pool_queued{pool="primes"}', 2],
      ['spillway_pool_waiting{pool="primes"}', 1],
    ]);
  });
});

describe("metrics of admission", () => {
  const step = admission({ deny: ["10.0.0.0/8"], maxPerAddress: 1, connectsPerSecond: 5, clock: manualClock() });
  const connection = (hostname: string): Connection =>
    ({ remoteAddress: { hostname, port: 1 }, closed: new Promise(() => undefined) }) as Connection;
  for (const hostname of ["10.0.0.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
    try {
      step(connection(hostname));
    } catch {
      // It is counted.
    }
  }

  it("show what a step has admitted and refused, and its tables", async () => {
    const m = metrics({ admissions: { public: step } });
    const series = [...(await scraped(m))].filter(([name]) => name.startsWith("spillway_admission"));
    expect(series).toEqual([
      ['spillway_admission_admitted_total{admission="public"}', 2],
      ['spillway_admission_refused_total{admission="public",reason="denied"}', 1],
      ['spillway_admission_refused_total{admission="public",reason="too-many-per-address"}', 1],
      ['spillway_admission_refused_total{admission="public",reason="connects-too-fast"}', 0],
      ['spillway_admission_open_addresses{admission="public"}', 2],
      ['spillway_admission_rated_addresses{admission="public"}', 2],
      ['spillway_admission_forgotten_addresses_total{admission="public"}', 0],
    ]);
  });

  it("have no series without a step", async () => {
    const series = [...(await scraped(metrics())).keys()].filter((name) => name.startsWith("spillway_admission"));
    expect(series).toEqual([]);
  });
});

describe("the sizes of groups", () => {
  async function grouped(options: MetricsOptions, sizes: Record<string, number>) {
    const clock = manualClock();
    const m = metrics({ ...options, clock });
    const { harness } = await measured(
      {
        clock,
        handler: (line, { session }) => {
          for (const [name, size] of Object.entries(sizes)) if (Number(line) < size) session.join(name);
        },
      },
      m,
    );
    for (let member = 0; member < Math.max(...Object.values(sizes)); member += 1) {
      await (await harness.connect()).send(`${member}\n`);
    }
    return m;
  }

  it("are those of the largest", async () => {
    const m = await grouped({ groups: 2 }, { small: 1, large: 4, middle: 2 });
    expect(await byLabel(m, "spillway_group_members")).toEqual({ large: 4, middle: 2 });
    expect((await scraped(m)).get("spillway_groups")).toBe(3);
  });

  it("are not shown when none are asked for", async () => {
    expect(await byLabel(await grouped({ groups: 0 }, { one: 1 }), "spillway_group_members")).toEqual({});
  });

  it("are in a line of the format, whatever the names of the groups are", async () => {
    const names = { 'a"b\\c\nd}': 1, "": 1, [`${"x".repeat(500)}1`]: 1, [`${"x".repeat(500)}2`]: 1, other: 1 };
    const m = await grouped({}, names);
    const sizes = Object.values(await byLabel(m, "spillway_group_members"));
    expect(sizes.reduce((total, size) => total + size, 0)).toBe(5);
  });
});

describe("metrics of several servers", () => {
  it("are their sums, and stay what they are when one drains", async () => {
    const clock = manualClock();
    const m = metrics({ clock });
    const { harness: first } = await measured({ clock }, m);
    const { harness: second } = await measured({ clock }, m);
    await (await first.connect()).send("a\nb\n");
    await (await second.connect()).send("c\n");
    expect(shown(await scraped(m))).toEqual(counted(first, second));
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ listening: 2, closed: 0 });
    await first.server.shutdown();
    expect(clock.pending).toBeGreaterThan(0);
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ listening: 1, closed: 1 });
    expect(shown(await scraped(m))).toEqual(counted(first, second));
    expect((await scraped(m)).get("spillway_frames_received_total")).toBe(3);
    await second.server.shutdown();
    const last = shown(await scraped(m));
    expect(last).toEqual(counted(first, second));
    const { harness: third } = await measured({ clock }, m);
    await (await third.connect()).send("d\n");
    expect(shown(await scraped(m))).toEqual(counted(first, second, third));
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ listening: 1, closed: 2 });
    await third.server.shutdown();
  });

  it("never fall, whatever happens between two scrapes", async () => {
    const clock = manualClock();
    const m = metrics({ clock });
    let before = new Map<string, number>();
    const check = async () => {
      const families = parseExposition(await m.text());
      const values = new Map([...families.values()].flatMap((one) => (one.type === "gauge" ? [] : [...one.values])));
      for (const [name, value] of before) expect(values.get(name), name).toBeGreaterThanOrEqual(value);
      before = values;
    };
    for (let round = 0; round < 3; round += 1) {
      const { harness } = await measured({ clock }, m);
      const peer = await harness.connect();
      await check();
      await peer.send("a\n");
      await check();
      await peer.reset();
      await harness.connect();
      await check();
      const drained = harness.server.shutdown();
      await check();
      await drained;
      await check();
      await clock.advance(500);
      await check();
    }
  });

  it("count a server once, which listens on several addresses", async () => {
    const m = metrics();
    const server = await serve(memoryTransport(), {
      listen: [{ port: 0 }, { port: 0 }],
      codec: lines(),
      handler: (line) => line,
      observer: m,
    });
    expect(server.addresses).toHaveLength(2);
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ listening: 1 });
    await server.shutdown();
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ listening: 0, closed: 1 });
  });

  it("show that a server accepts no more, and that it drains", async () => {
    const pending = answers();
    const { harness, m } = await measured({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    harness.server.stopAccepting();
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ listening: 0, "accepting-stopped": 1 });
    const drained = harness.server.shutdown();
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ "accepting-stopped": 0, draining: 1 });
    pending.of("a").resolve("A");
    await harness.clock.advance(10_000);
    await drained;
    expect(await byLabel(m, "spillway_servers")).toMatchObject({ draining: 0, closed: 1 });
  });
});

describe("the registry of metrics", () => {
  it("may be one's own, with one's own metrics", async () => {
    const registry = new Registry();
    const own = new Counter({ name: "own_total", help: "Own.", registers: [registry] });
    own.inc(3);
    const { m } = await measured({}, metrics({ registry }));
    expect(await m.text()).toBe(await registry.metrics());
    expect((await scraped(m)).get("own_total")).toBe(3);
    expect((await scraped(m)).get('spillway_servers{state="listening"}')).toBe(1);
    registry.resetMetrics();
    expect((await scraped(m)).get('spillway_servers{state="listening"}')).toBe(1);
  });

  it("may have another format", async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const m = metrics({ registry });
    const text = await m.text();
    expect(m.contentType).toBe(Registry.OPENMETRICS_CONTENT_TYPE);
    expect(text).toMatch(/^# TYPE spillway_frames_received counter\nspillway_frames_received_total 0$/m);
    expect(text).toMatch(/\n# EOF\n$/);
  });

  it("gives every value of a scrape from one moment", async () => {
    const { harness, m } = await measured();
    const peer = await harness.connect();
    const stats = vi.spyOn(harness.server, "stats");
    const scrape = m.text();
    await peer.send("a\n");
    await scrape;
    expect(stats).toHaveBeenCalledTimes(1);
  });

  it("takes the metrics once", () => {
    const registry = new Registry();
    metrics({ registry });
    expect(() => metrics({ registry })).toThrow(
      new TypeError("the registry does not take the metrics: give all servers one metrics(), or each its own registry"),
    );
  });
});

describe("metrics without prom-client", () => {
  it("fail when they are asked for, and say what to install", async () => {
    vi.resetModules();
    vi.doMock("prom-client", () => {
      throw new Error("Cannot find package 'prom-client'");
    });
    try {
      const m = metrics();
      const failure: unknown = await m.text().catch((error: unknown) => error);
      expect(isMetricsError(failure)).toBe(true);
      expect(failure).toMatchObject({
        code: "metrics-unavailable",
        message: "the package prom-client does not load: npm install prom-client",
        cause: expect.anything() as unknown,
      });
    } finally {
      vi.doUnmock("prom-client");
    }
  });
});

describe("the options of metrics", () => {
  it.each<readonly [string, object, string]>([
    ["a registry that is none", { registry: {} }, "registry must be a Registry of prom-client"],
    ["a number of groups that is none", { groups: -1 }, "groups must be a whole number of at least 0, not -1"],
    ["a pool that is none", { pools: { primes: {} } }, "pools.primes is not a pool: it has no stats()"],
    ["pools without names", { pools: 7 }, "pools must be an object: pools by their names"],
    [
      "an admission step that is none",
      { admissions: { a: {} } },
      "admissions.a is not an admission step: it has no stats()",
    ],
    ["admission steps without names", { admissions: 7 }, "admissions must be an object: admissions by their names"],
    ["buckets that are none", { handlerBuckets: "1" }, "handlerBuckets must be an array of numbers of seconds"],
    [
      "buckets that do not ascend",
      { handlerBuckets: [1, 1] },
      "handlerBuckets must be finite numbers of seconds above 0, each above the one before, not [1, 1]",
    ],
    [
      "no buckets",
      { handlerBuckets: [] },
      "handlerBuckets must be finite numbers of seconds above 0, each above the one before, not []",
    ],
  ])("are refused with %s", (_name, options, message) => {
    expect(() => metrics(options)).toThrow(message);
  });
});
