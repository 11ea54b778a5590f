import { metrics as meters } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { metrics, openTelemetryMetrics } from "../../../src/observers/metrics/mod.ts";
import { manualClock } from "../../../src/testing/mod.ts";
import { answers } from "../../core/support/answers.ts";
import { served } from "../../core/support/served.ts";
import { CollectedMeter } from "./support/collected_meter.ts";
import { parseExposition } from "./support/exposition.ts";

/** The name that an exporter for Prometheus makes of an instrument. */
function exported({ name, kind }: { name: string; kind: string }): string {
  return `${name.replaceAll(".", "_")}${kind === "counter" ? "_total" : ""}`;
}

describe("metrics for OpenTelemetry", () => {
  it("are those for Prometheus, by other names", async () => {
    const meter = new CollectedMeter();
    openTelemetryMetrics({ meter });
    const families = parseExposition(await metrics().text());
    const created = meter.created.map((one) => [exported(one), { type: one.kind, help: one.description }] as const);
    const expected = [...families].map(([name, { type, help }]) => [name, { type, help }] as const);
    expect(new Map(created)).toEqual(new Map(expected));
    expect(meter.created.filter(({ name }) => !/^spillway(\.[a-z]+)+$/.test(name))).toEqual([]);
  });

  it("have the numbers of those for Prometheus", async () => {
    const clock = manualClock();
    const meter = new CollectedMeter();
    const pools = { primes: { stats: () => ({ workers: 4, busy: 3, ending: 0, queued: 2, waiting: 1 }) } };
    const counts = { admitted: 5, openAddresses: 3, ratedAddresses: 4, forgottenAddresses: 1 };
    const admissions = { public: { stats: () => ({ ...counts, refused: { denied: 2, "connects-too-fast": 0 } }) } };
    const other = metrics({ clock, pools, admissions });
    const m = openTelemetryMetrics({ meter, clock, pools, admissions });
    const pending = answers();
    const harness = await served({
      clock,
      observer: [m, other],
      middleware: [m.middleware, other.middleware],
      onConnect: (session) => session.join("everyone"),
      handler: (line, context) => (line === "wait" ? pending.handler(line, context) : line),
    });
    const peer = await harness.connect();
    const another = await harness.connect();
    await peer.send("a\nb\n");
    await another.send("wait\n");
    await clock.advance(250);
    await peer.finish();
    const families = parseExposition(await other.text());
    const byName = new Map(meter.created.map((created) => [created.name, created]));
    const collected = [...meter.collect()].map(([key, value]) => {
      const [, name = "", labels = ""] = /^([^{]+)(.*)$/.exec(key) ?? [];
      const created = byName.get(name);
      if (created === undefined) throw new Error(`${name} was not created`);
      return [`${exported(created)}${labels}`, value] as const;
    });
    const read = [...families.values()].flatMap(({ type, values }) => (type === "histogram" ? [] : [...values]));
    expect(new Map(collected)).toEqual(new Map(read));
    expect(byName.get("spillway.handler.seconds")?.recorded).toEqual([0, 0]);
    expect(byName.get("spillway.connection.seconds")?.recorded).toEqual([0.25]);
    expect(byName.get("spillway.event.loop.delay.seconds")?.recorded).toEqual([0, 0]);
    for (const { name, kind, unit, bounds } of meter.created) {
      const word = name.split(".").at(-1) ?? "";
      expect(unit, name).toBe({ bytes: "By", seconds: "s" }[word] ?? "");
      expect(bounds === undefined, name).toBe(kind !== "histogram");
    }
  });

  it("are collected no more when they are closed", () => {
    const meter = new CollectedMeter();
    const m = openTelemetryMetrics({ meter });
    expect(meter.collect().size).toBeGreaterThan(10);
    m.close();
    expect(meter.collect().size).toBe(0);
  });

  it("cost nothing where no SDK is registered", () => {
    const m = openTelemetryMetrics({ meter: meters.getMeter("spillway") });
    expect(m.close()).toBeUndefined();
  });

  it("need a meter", () => {
    expect(() => openTelemetryMetrics({ meter: {} as never })).toThrow(
      new TypeError('meter must be a Meter of @opentelemetry/api, such as metrics.getMeter("spillway")'),
    );
  });
});
