import { describe, expect, it } from "vitest";
import { type Connection, type Listener, SpillwayError } from "../../src/core/mod.ts";
import {
  type LinkConditions,
  type ManualClock,
  manualClock,
  type SimulatedConnection,
  type SimulatedNetwork,
  simulatedNetwork,
} from "../../src/testing/mod.ts";
import { bounded } from "../support/bounded.ts";

const GOOD: LinkConditions = {
  latencyMs: 10,
  jitterMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  bufferBytes: 65_536,
  cutting: "none",
};

interface Joined {
  readonly clock: ManualClock;
  readonly network: SimulatedNetwork;
  readonly listener: Listener;
  readonly near: Connection;
  readonly far: Connection;
  readonly between: SimulatedConnection;
}

/** Two ends that are connected, at 20 ms. */
async function joined(conditions: Partial<LinkConditions> = {}, seed: number = 1): Promise<Joined> {
  const clock = manualClock();
  const network = simulatedNetwork({ clock, seed, conditions: () => ({ ...GOOD, ...conditions }) });
  const listener = await network.listen({ hostname: "127.0.0.1", port: 0, backlog: 8 });
  const connecting = network.connect(listener.address);
  await clock.advance(2 * (conditions.latencyMs ?? GOOD.latencyMs));
  const near = await connecting;
  const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  const [between] = network.connections as [SimulatedConnection];
  return { clock, network, listener, near, far, between };
}

/** Returns the chunks as they arrive, each with its instant. */
function arrivals({ readable }: Connection, clock: ManualClock): [number, number][] {
  const came: [number, number][] = [];
  const reader = readable.getReader();
  void (async () => {
    for (const step = bounded(); step(); ) {
      const { done, value } = await reader.read();
      came.push([clock.now(), done ? 0 : value.length]);
      if (done) return;
    }
  })().catch(() => undefined);
  return came;
}

function write({ writable }: Connection, ...lengths: number[]): WritableStreamDefaultWriter<Uint8Array> {
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  for (const length of lengths) writer.write(new Uint8Array(length)).catch(() => undefined);
  return writer;
}

describe("a simulated network", () => {
  it("takes its time to connect, and to carry bytes and FIN", async () => {
    const { clock, near, far } = await joined();
    expect(clock.now()).toBe(20);
    const came = arrivals(far, clock);
    void write(near, 5).close();
    await clock.advance(9);
    expect(came).toEqual([]);
    await clock.advance(1);
    expect(came).toEqual([
      [30, 5],
      [30, 0],
    ]);
  });

  it("carries so many bytes a second", async () => {
    const { clock, near, far } = await joined({ bytesPerSecond: 1_000, latencyMs: 0, cutting: "coarse" });
    const came = arrivals(far, clock);
    write(near, 2_000);
    await clock.advance(1_000);
    const half = came.reduce((sum, [, length]) => sum + length, 0);
    await clock.advance(2_000);
    expect(half).toBeLessThan(2_000);
    expect(came.reduce((sum, [, length]) => sum + length, 0)).toBe(2_000);
  });

  it("cuts and joins what was written, and loses nothing", async () => {
    const { clock, near, far } = await joined({ cutting: "coarse", jitterMs: 5 }, 3);
    const came = arrivals(far, clock);
    write(near, 100, 100, 100);
    await clock.advance(1_000);
    const lengths = came.map(([, length]) => length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(300);
    expect(lengths).not.toEqual([100, 100, 100]);
  });

  it("holds no more than its buffer: a writer waits", async () => {
    const { clock, near, far, between } = await joined({ bufferBytes: 10 });
    write(near, 25);
    await clock.advance(100);
    expect(between.forth).toMatchObject({ written: 10, read: 0, blocked: true });
    const came = arrivals(far, clock);
    await clock.advance(100);
    expect(came.map(([, length]) => length)).toEqual([10, 10, 5]);
    expect(between.forth).toMatchObject({ written: 25, read: 25, blocked: false });
  });

  it("stalls in one direction", async () => {
    const { clock, near, far, between } = await joined();
    const came = arrivals(far, clock);
    between.stall("forth", 500);
    write(near, 5);
    await clock.advance(499);
    expect(came).toEqual([]);
    await clock.advance(1);
    expect(came).toEqual([[520, 5]]);
  });

  it("tells the other end of a reset when that has arrived", async () => {
    const { clock, near, far, network } = await joined();
    let error: SpillwayError | undefined;
    void far.closed.then((reason) => {
      error = reason;
    });
    near.abort();
    await clock.advance(9);
    expect(error).toBeUndefined();
    await clock.advance(1);
    expect(error?.code).toBe("connection-reset");
    expect(network.connections).toEqual([]);
    expect(network.pending).toBe(0);
  });

  it.each([
    ["reset", "connection-reset", (between: SimulatedConnection) => between.reset()],
    ["broken", "connection-failed", (between: SimulatedConnection) => between.breakFar()],
  ] as const)("a connection is %s", async (_name, code, harm) => {
    const { clock, far, between } = await joined();
    harm(between);
    await clock.advance(0);
    expect((await far.closed)?.code).toBe(code);
  });

  it("fails the next write, or the one that waits", async () => {
    for (const bufferBytes of [65_536, 1]) {
      const { clock, far, between } = await joined({ bufferBytes });
      const writer = far.writable.getWriter();
      writer.closed.catch(() => undefined);
      const first = bufferBytes === 1 ? writer.write(new Uint8Array(5)) : undefined;
      between.failWrites();
      const failed = first ?? writer.write(new Uint8Array(5));
      await expect(failed).rejects.toMatchObject({ code: "connection-failed" });
      await clock.advance(50);
      expect((await far.closed)?.code).toBe("connection-failed");
    }
  });

  it("fails to accept", async () => {
    const { network, listener } = await joined();
    network.failAccept(listener.address, new SpillwayError("out-of-descriptors", "none left"));
    await expect(listener[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "out-of-descriptors" });
  });

  it("finds a connection by its port, even when it is over", async () => {
    const { clock, network, near, between } = await joined();
    near.abort();
    await clock.advance(50);
    expect(network.connectionFrom(between.port)).toBe(between);
    expect(network.connectionFrom(1)).toBeUndefined();
  });

  it.each([{ latencyMs: -1 }, { jitterMs: Number.NaN }, { bytesPerSecond: 0 }, { bufferBytes: 0 }])(
    "refuses the conditions %j",
    async (wrong) => {
      const clock = manualClock();
      const network = simulatedNetwork({ clock, seed: 1, conditions: () => ({ ...GOOD, ...wrong }) });
      const listener = await network.listen({ hostname: "127.0.0.1", port: 0, backlog: 1 });
      const connecting = network.connect(listener.address);
      connecting.catch(() => undefined);
      await clock.advance(100);
      await expect(connecting).rejects.toThrow(RangeError);
    },
  );

  it("refuses a seed that is none", () => {
    expect(() => simulatedNetwork({ clock: manualClock(), seed: -1 })).toThrow(RangeError);
  });
});
