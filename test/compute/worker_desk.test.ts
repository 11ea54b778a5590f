import { describe, expect, it } from "vitest";
import { fleetError } from "../../src/compute/errors.ts";
import type { FleetWorkerEvent } from "../../src/compute/mod.ts";
import { WorkerDesk } from "../../src/compute/worker_desk.ts";

const STEPS = { stop: () => Promise.resolve(), queued: () => 0, leave: () => Promise.resolve() };

function deskOf(events: FleetWorkerEvent[] = []): WorkerDesk {
  return new WorkerDesk({ handler: () => undefined, observer: (event) => void events.push(event) });
}

describe("a worker of a broker", () => {
  it("is ready when the broker gives it frames, whatever was lost before", async () => {
    const events: FleetWorkerEvent[] = [];
    const desk = deskOf(events);
    const error = fleetError("no-workers", "not reached", new Error("refused"));
    desk.onDown("broker:1", error, 250);
    desk.onReady();
    await desk.ready;
    expect(events).toEqual([{ type: "worker-down", address: "broker:1", error, delayMs: 250 }]);
  });

  it("is never ready without the package of the broker, and says so", async () => {
    const desk = deskOf();
    const missing = fleetError("fleet-unavailable", "the package does not load");
    desk.onDown("broker:1", fleetError("no-workers", "not reached", missing), 250);
    await expect(desk.ready).rejects.toBe(missing);
  });

  it("is never ready when it drains before", async () => {
    const desk = deskOf();
    expect(await desk.drain({}, STEPS)).toEqual({ drained: 0, aborted: 0 });
    await expect(desk.ready).rejects.toMatchObject({ code: "fleet-closed" });
  });
});
