import { describe, expect, it } from "vitest";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("maxConnections: wait", () => {
  it("leaves further connections in the backlog until there is room", async () => {
    const harness = await served({ maxConnections: 2 });
    const peers = [await harness.connect(), await harness.connect(), await harness.connect(), await harness.connect()];
    for (const [at, peer] of peers.entries()) await peer.send(`${at}\n`);
    expect(peers.map(({ received }) => received)).toEqual(["0\n", "1\n", "", ""]);
    expect(harness.server.stats()).toMatchObject({ connections: 2, accepted: 2, refused: 0 });
    await peers[0]?.finish();
    expect(peers.map(({ received }) => received)).toEqual(["0\n", "1\n", "2\n", ""]);
    await peers[1]?.reset();
    expect(peers[3]?.received).toBe("3\n");
    expect(harness.server.stats()).toMatchObject({ connections: 2, accepted: 4, refused: 0 });
  });

  it("makes connecting wait when the backlog is full too", async () => {
    const harness = await served({ maxConnections: 1, backlog: 1 });
    const first = await harness.connect();
    await harness.connect();
    let third = "connecting";
    void harness.connect().then(() => {
      third = "connected";
    });
    await harness.clock.advance(1_000);
    expect(third).toBe("connecting");
    await first.finish();
    await harness.settle();
    expect(third).toBe("connected");
  });

  it("is told once, when it is reached and when there has been room for a second", async () => {
    const harness = await served({ maxConnections: 2 });
    const peers = [await harness.connect()];
    expect(harness.of("connections-full")).toEqual([]);
    for (let count = 0; count < 4; count++) peers.push(await harness.connect());
    expect(harness.of("connections-full")).toEqual([{ type: "connections-full", connections: 2 }]);
    for (const peer of peers.slice(0, 3)) {
      await harness.clock.advance(700);
      await peer.finish();
    }
    await harness.clock.advance(700);
    await peers[3]?.finish();
    // There is room from here on, and nobody waits.
    await harness.clock.advance(999);
    expect(harness.of("connections-available")).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.of("connections-available")).toEqual([{ type: "connections-available", fullMs: 2_800 }]);
    expect(harness.of("connections-full")).toHaveLength(1);
    await harness.connect();
    expect(harness.of("connections-full")).toHaveLength(2);
  });

  it("is told anew only after it was over, however short the room was", async () => {
    const harness = await served({ maxConnections: 1 });
    for (let count = 0; count < 5; count++) {
      const peer = await harness.connect();
      await harness.clock.advance(100);
      await peer.finish();
      await harness.clock.advance(900);
    }
    expect(harness.of("connections-full")).toHaveLength(1);
    await harness.clock.advance(100);
    expect(harness.of("connections-available")).toEqual([{ type: "connections-available", fullMs: 4_100 }]);
  });

  it("does not keep a shutdown from ending", async () => {
    const harness = await served({ maxConnections: 1, handler: answers().handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown({ timeoutMs: 50 });
    await harness.clock.advance(50);
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
  });
});

describe("maxConnections: reject", () => {
  it("tells further connections so, and closes them", async () => {
    const harness = await served({ maxConnections: 1, beyondMaxConnections: "reject" });
    const first = await harness.connect();
    const second = await harness.connect();
    expect(second.received).toBe("error: too-many-connections\n");
    expect(second.ended).toBe(true);
    expect(harness.of("connections-full")).toEqual([]);
    expect(harness.closed).toMatchObject([
      { reason: "too-many-connections", framesIn: 0, error: { code: "too-many-connections" } },
    ]);
    expect(harness.server.stats()).toMatchObject({ connections: 1, accepted: 1, refused: 1 });
    await first.send("a\n");
    expect(first.received).toBe("A\n");
    await first.finish();
    const third = await harness.connect();
    await third.send("b\n");
    expect(third.received).toBe("B\n");
  });

  it("handles nothing of what a refused connection sends", async () => {
    const pending = answers();
    const harness = await served({ maxConnections: 1, beyondMaxConnections: "reject", handler: pending.handler });
    await harness.connect();
    const second = await harness.connect({ finishes: false });
    await second.send("a\n");
    await second.finish();
    expect(pending.frames).toEqual([]);
    expect(harness.reasons).toEqual(["too-many-connections"]);
  });

  it("releases a refused connection that does not let go", async () => {
    const harness = await served({ maxConnections: 1, beyondMaxConnections: "reject", lingerTimeoutMs: 100 });
    await harness.connect();
    await harness.connect({ finishes: false });
    await harness.clock.advance(99);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["too-many-connections"]);
  });

  it("resets beyond a thousand at a time instead of telling them", async () => {
    const harness = await served({ maxConnections: 1, beyondMaxConnections: "reject" });
    await harness.connect();
    for (let count = 0; count < 1_024; count++) void harness.connect({ finishes: false });
    await harness.settle();
    const flooded = await harness.connect();
    expect(flooded.received).toBe("");
    expect(flooded.error?.code).toBe("connection-reset");
    expect(harness.reasons).toEqual(["too-many-connections"]);
    expect(harness.server.stats()).toMatchObject({ connections: 1, refused: 1_025 });
  });

  it("ends refused connections when a drain is forced", async () => {
    const harness = await served({ maxConnections: 1, beyondMaxConnections: "reject", lingerTimeoutMs: 5_000 });
    await harness.connect();
    await harness.connect({ finishes: false });
    const drained = harness.server.shutdown({ timeoutMs: 100 });
    await harness.clock.advance(100);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(harness.reasons.toSorted()).toEqual(["drained", "too-many-connections"]);
  });
});
