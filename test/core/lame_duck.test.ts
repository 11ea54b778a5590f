import { describe, expect, it } from "vitest";
import type { Connection, Listener, Transport } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import type { Peer } from "./support/peer.ts";
import { type Served, served } from "./support/served.ts";

/** A connection without a byte counts as busy for so long: its first line is on its way. */
const FRESH_MS = 2_000;

async function connected(harness: Served, count: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (let made = 0; made < count; made++) peers.push(await harness.connect());
  return peers;
}

const open = (peers: readonly Peer[]) => peers.filter(({ ended }) => !ended).length;
const attempt = (harness: Served) =>
  harness.transport.connect(harness.server.address).then(
    () => "connected",
    (error: { code: string }) => error.code,
  );

describe("stopAccepting", () => {
  it("refuses new connections, and goes on serving those that are there", async () => {
    const harness = await served();
    const peer = await harness.connect();
    harness.server.stopAccepting();
    harness.server.stopAccepting();
    expect(await attempt(harness)).toBe("connection-refused");
    await harness.clock.advance(100_000);
    await peer.send("still\n");
    expect(peer.received).toBe("STILL\n");
    expect(harness.of("accepting-stopped")).toEqual([{ type: "accepting-stopped", connections: 1 }]);
    expect(harness.of("draining")).toEqual([]);
    expect(await harness.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    expect(await harness.server.finished).toEqual({ drained: 1, aborted: 0 });
  });

  it("serves what was accepted and waits for its turn", async () => {
    const harness = await served({ maxConnections: 1 });
    const [first, second, third] = await connected(harness, 3);
    await third?.send("third\n");
    harness.server.stopAccepting();
    await first?.finish();
    await second?.send("second\n");
    expect(second?.received).toBe("SECOND\n");
    await second?.finish();
    expect(third?.received).toBe("THIRD\n");
    expect(harness.server.stats()).toMatchObject({ accepted: 3, connections: 1 });
  });

  it("closes a listener that has no way to finish", async () => {
    const around = ({ name, listen, connect }: Transport): Transport => ({
      name,
      connect,
      listen: async (options) => withoutFinish(await listen(options)),
    });
    const harness = await served({}, 65_536, (transport) => around(bound(transport)));
    const peer = await harness.connect();
    harness.server.stopAccepting();
    expect(await attempt(harness)).toBe("connection-refused");
    await peer.send("still\n");
    expect(peer.received).toBe("STILL\n");
  });

  it("does nothing once a drain has begun", async () => {
    const harness = await served({ handler: answers().handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown();
    harness.server.stopAccepting();
    expect(harness.of("accepting-stopped")).toEqual([]);
  });
});

describe("a shutdown with grace", () => {
  it("spreads the closes of idle connections over the time, evenly but for chance", async () => {
    const harness = await served({ random: () => 0.5, idleTimeoutMs: Infinity });
    const peers = await connected(harness, 10);
    await harness.clock.advance(FRESH_MS);
    const drained = harness.server.shutdown({ graceMs: 10_000 });
    const counts: number[] = [];
    for (let second = 0; second < 10; second++) {
      counts.push(open(peers));
      await harness.clock.advance(1_000);
    }
    expect(counts).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await drained).toEqual({ drained: 10, aborted: 0 });
    expect(harness.reasons).toEqual(Array(10).fill("drained"));
    // The oldest goes first.
    expect(harness.closed.map(({ connection }) => connection.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("does not close what was just opened before its first line", async () => {
    const harness = await served({ random: () => 0.5 });
    const [old] = (await connected(harness, 1)) as [Peer];
    await harness.clock.advance(FRESH_MS);
    const [fresh] = (await connected(harness, 1)) as [Peer];
    void harness.server.shutdown({ graceMs: 10_000 });
    await harness.clock.advance(FRESH_MS - 1);
    await fresh.send("first\n");
    expect(fresh.received).toBe("FIRST\n");
    await harness.clock.advance(8_001);
    expect([old.ended, fresh.ended]).toEqual([true, true]);
  });

  it("closes a crowd in steps of at least 10 ms", async () => {
    const harness = await served({ random: () => 0.5, idleTimeoutMs: Infinity });
    for (let count = 0; count < 1_000; count++) void harness.connect();
    await harness.settle();
    await harness.clock.advance(FRESH_MS);
    void harness.server.shutdown({ graceMs: 1_000 });
    await harness.clock.advance(500);
    const half = harness.closed.length;
    expect(half).toBeGreaterThan(400);
    expect(half).toBeLessThan(600);
    expect(new Set(harness.closed.map(({ durationMs }) => durationMs)).size).toBeLessThanOrEqual(50);
  });

  it("is the same for the same chance, and another for another", async () => {
    const instants = async (seed: number) => {
      let state = seed;
      const random = () => {
        state = (state * 16_807) % 2_147_483_647;
        return state / 2_147_483_647;
      };
      const harness = await served({ random });
      await connected(harness, 20);
      const drained = harness.server.shutdown({ graceMs: 5_000 });
      await harness.clock.advance(5_000);
      await drained;
      return harness.closed.map(({ durationMs }) => durationMs);
    };
    const [one, again, other] = [await instants(1), await instants(1), await instants(2)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(one.toSorted((a, b) => a - b)).toEqual(one);
  });

  it("goes on serving: busy ones are passed over, and new requests are answered", async () => {
    const pending = answers();
    const harness = await served({ random: () => 0.5, handler: pending.handler, handlerTimeoutMs: Infinity });
    const [busy, idle] = (await connected(harness, 2)) as [Peer, Peer];
    await busy.send("a\n");
    const drained = harness.server.shutdown({ graceMs: 10_000, timeoutMs: 500 });
    expect(harness.of("accepting-stopped")).toEqual([{ type: "accepting-stopped", connections: 2, graceMs: 10_000 }]);
    await harness.clock.advance(9_000);
    expect([busy.ended, idle.ended]).toEqual([false, true]);
    pending.of("a").resolve("A");
    await harness.settle();
    await busy.send("b\n");
    pending.of("b").resolve("B");
    await harness.settle();
    await busy.send("c\n");
    await harness.clock.advance(999);
    expect(harness.of("draining")).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.of("draining")).toEqual([{ type: "draining", connections: 1 }]);
    pending.of("c").resolve("C");
    await harness.settle();
    expect(busy.received).toBe("A\nB\nC\n");
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
  });

  it("closes in its time what was busy when it was first looked at", async () => {
    const pending = answers();
    const harness = await served({ random: () => 0.5, handler: pending.handler });
    const [busy, peer] = (await connected(harness, 4)) as [Peer, Peer];
    await busy.send("a\n");
    await peer.send("b\n");
    void harness.server.shutdown({ graceMs: 8_000 });
    await harness.clock.advance(2_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(5_999);
    expect([busy.ended, peer.ended]).toEqual([true, false]);
    expect(harness.of("draining")).toEqual([]);
  });

  it("also closes what was accepted before it and served within it", async () => {
    const harness = await served({ random: () => 0, maxConnections: 1 });
    const [first, second] = (await connected(harness, 2)) as [Peer, Peer];
    const drained = harness.server.shutdown({ graceMs: 10_000 });
    await first.finish();
    await second.send("second\n");
    expect(second.received).toBe("SECOND\n");
    await harness.clock.advance(5_000);
    expect(second.ended).toBe(true);
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
  });

  it("ends at once when no connection is left", async () => {
    const harness = await served();
    expect(await harness.server.shutdown({ graceMs: 60_000 })).toEqual({ drained: 0, aborted: 0 });
    const other = await served();
    const left = await other.connect();
    const drained = other.server.shutdown({ graceMs: 60_000 });
    await left.finish();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(other.clock.pending).toBe(0);
  });

  it("a second call forces the end, whatever the first one is at", async () => {
    const harness = await served({ maxConnections: 2, handler: answers().handler });
    const [busy, idle, waiting] = (await connected(harness, 3)) as [Peer, Peer, Peer];
    await busy.send("a\n");
    const first = harness.server.shutdown({ graceMs: 60_000 });
    await harness.clock.advance(10);
    const second = harness.server.shutdown({ graceMs: 60_000 });
    await harness.settle();
    for (const asked of [first, second, harness.server.finished])
      expect(await asked).toEqual({ drained: 0, aborted: 2 });
    expect([busy, idle, waiting].map(({ error }) => error?.code)).toEqual(Array(3).fill("connection-reset"));
    expect(harness.clock.now()).toBe(10);
    expect(harness.of("drained")).toHaveLength(1);
  });

  it("follows stopAccepting(), and is told of", async () => {
    const harness = await served({ random: () => 0.5 });
    await connected(harness, 1);
    harness.server.stopAccepting();
    await harness.clock.advance(1_000);
    const drained = harness.server.shutdown({ graceMs: 1_000 });
    await harness.clock.advance(1_000);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(harness.of("accepting-stopped")).toMatchObject([{ connections: 1 }, { connections: 1, graceMs: 1_000 }]);
  });

  it.each([0, -1, Number.NaN, Infinity])("refuses a graceMs of %d, and goes on serving", async (graceMs) => {
    const harness = await served();
    expect(() => harness.server.shutdown({ graceMs })).toThrow(RangeError);
    expect(() => harness.server.shutdown({ graceMs })).toThrow("graceMs");
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("A\n");
  });
});

function bound(transport: Transport): Transport {
  return {
    name: transport.name,
    listen: (options) => transport.listen(options),
    connect: (options) => transport.connect(options),
  };
}

function withoutFinish(listener: Listener): Listener {
  return {
    address: listener.address,
    [Symbol.asyncIterator]: (): AsyncIterator<Connection> => listener[Symbol.asyncIterator](),
    close: () => listener.close(),
  };
}
