import { describe, expect, it } from "vitest";
import { BrokerRequests } from "../../src/compute/broker_requests.ts";
import { fleetError } from "../../src/compute/errors.ts";
import type { FleetEvent } from "../../src/compute/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";

describe("requests to a broker whose package is not installed", () => {
  it("fail as fleet-unavailable at once, and so does ready()", async () => {
    const events: FleetEvent[] = [];
    let gaveUp = 0;
    const fleet = {
      trying: true,
      start: () => undefined,
      onTimeout: () => undefined,
      giveUp: () => void (gaveUp += 1),
    };
    const requests = new BrokerRequests(
      {
        maxInFlight: 4,
        maxQueue: 4,
        maxTries: 3,
        idempotent: true,
        waitForWorkersMs: 60_000,
        replyTimeoutMs: 60_000,
        observer: (event) => void events.push(event),
        clock: manualClock(),
      },
      fleet,
    );
    const { signal } = new AbortController();
    const outcomes = Promise.allSettled([requests.ready(), requests.reply(signal, () => undefined)]);
    const missing = fleetError("fleet-unavailable", "the package does not load");
    requests.onDown("broker:1", fleetError("no-workers", "not reached", missing), 250);
    const late = requests.reply(signal, () => undefined);
    await expect(late).rejects.toBe(missing);
    expect(await outcomes).toMatchObject([
      { status: "rejected", reason: missing },
      { status: "rejected", reason: missing },
    ]);
    expect(events.map(({ type }) => type)).toEqual(["worker-down"]);
    expect(gaveUp).toBe(1);
  });
});
