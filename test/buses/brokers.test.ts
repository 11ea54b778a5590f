import { describe, expect, it } from "vitest";
import { SpillwayError } from "../../src/mod.ts";
import { BROKERS, broker } from "./support/broker.ts";
import { onABroker } from "./support/on_a_broker.ts";

const LIMIT_MS = 40_000;

describe.each(BROKERS)("the %s bus", (name) => {
  it("carries broadcasts between servers, in order, and nothing back", { timeout: LIMIT_MS }, async (context) => {
    const place = await broker(context, name);
    await place.start();
    const one = await onABroker(context, place.bus());
    const other = await onABroker(context, place.bus());
    const expected: string[] = [];
    for (let turn = 0; turn < 20; turn++) {
      for (let index = 0; index < 50; index++) {
        one.server.group("all").broadcast(`${turn}.${index}`);
        expected.push(`${turn}.${index}`);
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await other.until(() => other.received.length >= expected.length);
    expect(other.received).toEqual(expected);
    expect(await one.server.bus?.settled()).toBe(true);
    await one.until(() => one.received.length >= expected.length);
    expect(one.received).toEqual(expected);
    expect(one.server.bus?.stats()).toMatchObject({ framesSent: 1_000, framesReceived: 0, invalid: 0 });
    expect(other.server.bus?.stats()).toMatchObject({ framesReceived: 1_000, framesFiltered: 0 });
    expect(await one.server.group("all").presence()).toEqual({ members: 2, servers: 2, complete: true });
    const [session] = other.server.sessions;
    one.server.to(session?.id ?? "").send("for you");
    await other.until(() => other.received.includes("for you"));
    expect([one.gaps(), other.gaps()]).toEqual([[], []]);
  });

  it("may be down at the start, killed and started again, with one gap", { timeout: LIMIT_MS }, async (context) => {
    const place = await broker(context, name);
    const one = await onABroker(context, place.bus(), { waits: false });
    const other = await onABroker(context, place.bus(), { waits: false });
    await one.until(() => one.events.some(({ type }) => type === "bus-down"));
    await place.start();
    await one.until(() => one.server.bus?.up === true);
    await other.until(() => other.server.bus?.up === true);
    await Promise.all([one.server.bus?.settled(), other.server.bus?.settled()]);
    one.server.group("all").broadcast("before");
    await other.until(() => other.received.includes("before"));

    await place.kill();
    await other.until(() => other.events.filter(({ type }) => type === "bus-down").length === 2);
    await one.until(() => one.events.filter(({ type }) => type === "bus-down").length === 2);
    // So many that some are dropped: sixteen megabytes wait.
    const line = "x".repeat(100_000);
    for (let index = 0; index < 300; index++) one.server.group("all").broadcast(`${index} ${line}`);
    const { framesDropped, waitingBytes } = one.server.bus?.stats() ?? {};
    expect(framesDropped).toBeGreaterThan(100);
    expect(waitingBytes).toBeLessThanOrEqual(16_777_216);
    await place.start();
    one.server.group("all").broadcast("after");
    await other.until(() => other.gaps().length > 0);
    await one.until(() => one.received.includes("after"));
    expect(one.received).toHaveLength(302);
    expect(other.gaps()).toEqual([
      { origin: one.server.bus?.origin, missed: expect.any(Number), why: expect.any(String) },
    ]);
    one.server.group("all").broadcast("at last");
    await other.until(() => other.received.includes("at last"));
    const { framesMissed } = other.server.bus?.stats() ?? {};
    expect(other.received.length + (framesMissed ?? 0)).toBe(303);
    expect(one.gaps()).toEqual([]);
    expect(other.gaps()).toHaveLength(1);
  });

  it("refuses a frame that is too large at the call, and carries one that is not", {
    timeout: LIMIT_MS,
  }, async (context) => {
    const place = await broker(context, name);
    await place.start();
    const one = await onABroker(context, place.bus());
    const other = await onABroker(context, place.bus());
    const codes: unknown[] = [];
    try {
      one.server.group("all").broadcast("x".repeat(1_048_576));
    } catch (error) {
      codes.push(error instanceof SpillwayError && error.code);
    }
    expect(codes).toEqual(["bus-frame-too-large"]);
    const large = "x".repeat(1_048_500);
    one.server.group("all").broadcast(large);
    await other.until(() => other.received.length > 0);
    expect(other.received[0]?.length).toBe(large.length);
    expect(one.server.bus?.stats().connects).toBe(1);
  });

  it("carries the broadcasts of 10,000 groups", { timeout: LIMIT_MS }, async (context) => {
    const place = await broker(context, name);
    await place.start();
    const one = await onABroker(context, place.bus());
    const other = await onABroker(context, place.bus());
    const [session] = other.server.sessions;
    for (let group = 0; group < 10_000; group++) session?.join(`group ${group}`);
    expect(await other.server.bus?.settled()).toBe(true);
    // The broker knows topics, and not groups.
    expect(other.server.bus?.stats().topics).toBeLessThanOrEqual(257);
    for (let group = 0; group < 10_000; group++) one.server.group(`group ${group}`).broadcast(`${group}`);
    await other.until(() => other.received.length >= 10_000);
    expect(new Set(other.received).size).toBe(10_000);
    expect(one.server.bus?.stats().messagesSent).toBeLessThan(400);
    expect(other.gaps()).toEqual([]);
  });

  it("is quiet when a server ends: the others hear that, and no gap", { timeout: LIMIT_MS }, async (context) => {
    const place = await broker(context, name);
    await place.start();
    const one = await onABroker(context, place.bus());
    const other = await onABroker(context, place.bus());
    one.server.group("all").broadcast("last words");
    await one.server.shutdown();
    await other.until(() => other.received.includes("last words"));
    await other.server.bus?.settled();
    expect(other.server.bus?.stats().servers).toBe(0);
    expect(other.gaps()).toEqual([]);
  });
});
