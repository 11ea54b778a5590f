import { describe, expect, it } from "vitest";
import { metrics } from "../../../src/observers/metrics/mod.ts";
import { manualClock, memoryBus } from "../../../src/testing/mod.ts";
import { onABus } from "../../core/bus/support/on_a_bus.ts";
import { scraped } from "./support/scraped.ts";

describe("metrics of a bus", () => {
  it("are those of all servers, and keep what a drained one has counted", async () => {
    const clock = manualClock();
    const m = metrics({ clock });
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock, { observer: m }), await onABus(bus, clock, { observer: m })];
    await other.member("all");
    one.server.group("all").broadcast("x");
    await clock.advance(100);
    const values = await scraped(m);
    const of = (name: string) => values.get(`spillway_bus_${name}`);
    expect([of("up"), of("connects_total"), of("frames_sent_total"), of("frames_received_total")]).toEqual([
      2, 2, 1, 1,
    ]);
    expect(of("topics")).toBe(one.stats.topics + other.stats.topics);
    expect(of("sent_bytes_total")).toBe(one.stats.bytesSent + other.stats.bytesSent);
    const ended = Promise.all([one.server.shutdown(), other.server.shutdown()]);
    await clock.advance(5_000);
    await ended;
    const after = await scraped(m);
    expect(after.get("spillway_bus_up")).toBe(0);
    expect(after.get("spillway_bus_frames_sent_total")).toBe(1);
    expect(after.get("spillway_bus_topics")).toBe(0);
  });
});
