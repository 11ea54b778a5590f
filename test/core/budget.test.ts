import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/mod.ts";
import { Budget, type Share } from "../../src/core/output/budget.ts";
import { DeadlineQueue } from "../../src/core/time/deadline.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** Longer than a budget waits before it ends anybody. */
const PATIENCE_MS = 10;

/** A budget with shares of these sizes, and which of them it has ended. */
function budgetOf(room: number, sizes: readonly number[]) {
  const clock = manualClock();
  const ended: number[] = [];
  const shares: Share[] = sizes.map((bytes) => ({ bytes, end: () => void ended.push(bytes) }));
  const budget = new Budget(room, clock, new DeadlineQueue(clock), () => shares);
  for (const bytes of sizes) budget.add(bytes);
  return { budget, clock, ended };
}

describe("a budget", () => {
  it("ends nobody while there is room", async () => {
    const { budget, clock, ended } = budgetOf(100, [50, 30, 20]);
    expect([budget.used, clock.pending]).toEqual([100, 0]);
    await clock.advance(1_000);
    expect(ended).toEqual([]);
  });

  it("ends the largest, until an eighth of the room is free again", async () => {
    const { clock, ended } = budgetOf(80, [10, 40, 20, 30]);
    await clock.advance(PATIENCE_MS - 1);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([40]);
    const small = budgetOf(80, [10, 11, 12, 50, 0, 9]);
    await small.clock.advance(PATIENCE_MS);
    expect(small.ended).toEqual([50]);
    const even = budgetOf(80, [25, 30, 26]);
    await even.clock.advance(PATIENCE_MS);
    expect(even.ended).toEqual([30]);
  });

  it("goes on to the next largest holder where one is not enough, and passes over holders of nothing", async () => {
    const { clock, ended } = budgetOf(16, [0, 9, 0, 8, 7]);
    await clock.advance(PATIENCE_MS);
    expect(ended).toEqual([9, 8]);
  });

  it("ends nobody when there is room again in time", async () => {
    const { budget, clock, ended } = budgetOf(100, [80, 30]);
    budget.add(-10);
    expect([budget.used, clock.pending]).toEqual([100, 0]);
    await clock.advance(1_000);
    expect(ended).toEqual([]);
  });

  it("looks again when it is exceeded again", async () => {
    const { budget, clock, ended } = budgetOf(100, [80, 30]);
    await clock.advance(PATIENCE_MS);
    budget.add(-80);
    budget.add(90);
    await clock.advance(PATIENCE_MS);
    expect(ended).toEqual([80, 80]);
  });

  it("of Infinity is never exceeded", () => {
    expect(budgetOf(Infinity, [2 ** 50, 2 ** 50]).clock.pending).toBe(0);
  });
});

describe("maxTotalOutboundBytes", () => {
  it("resets the connection that holds the most, and no other", async () => {
    const harness = await served({ maxTotalOutboundBytes: 10_000, handler: (line) => "x".repeat(Number(line)) }, 16);
    const peers = [
      await harness.connect(),
      await harness.connect({ reads: false }),
      await harness.connect({ reads: false }),
    ];
    for (const [index, bytes] of ["3", "4000", "5000"].entries()) await peers[index]?.send(`${bytes}\n`);
    await harness.clock.advance(1_000);
    expect(harness.closed).toEqual([]);
    expect(harness.server.stats().waitingOutboundBytes).toBe(9_002);
    const fourth = await harness.connect({ reads: false });
    await fourth.send("2000\n");
    await harness.clock.advance(PATIENCE_MS);
    expect(harness.closed).toMatchObject([
      { connection: { id: 3 }, reason: "budget-exceeded", error: { code: "budget-exceeded" } },
    ]);
    expect(harness.closed[0]?.error?.message).toContain("maxTotalOutboundBytes");
    expect(harness.server.stats().waitingOutboundBytes).toBe(6_002);
    await peers[1]?.read();
    expect(peers[1]?.receivedBytes).toBe(4_001);
  });

  it("counts pushes that wait, and what is dropped or written no more", async () => {
    const harness = await served(
      { onConnect: (session) => session.join("all"), slowConsumer: "drop-oldest", maxOutboundBytes: 1_000 },
      16,
    );
    const peer = await harness.connect({ reads: false });
    for (let count = 0; count < 50; count++) {
      harness.server.group("all").broadcast("x".repeat(99));
      await harness.settle();
    }
    expect(harness.server.stats().waitingOutboundBytes).toBe(1_000);
    await peer.read();
    expect(harness.server.stats().waitingOutboundBytes).toBe(0);
  });
});

describe("maxTotalInboundBytes", () => {
  it("counts frames that are not whole, and resets the connection that holds the most", async () => {
    const harness = await served({ maxTotalInboundBytes: 10_000 });
    const peers = [await harness.connect(), await harness.connect(), await harness.connect()];
    await peers[0]?.send("x".repeat(4_000));
    await peers[1]?.send(`whole\n${"x".repeat(2_494)}`);
    for (let count = 0; count < 7; count++) await peers[2]?.send("x".repeat(500));
    expect(harness.server.stats().waitingInboundBytes).toBe(10_000);
    await harness.clock.advance(1_000);
    expect(harness.closed).toEqual([]);
    await peers[2]?.send("x".repeat(1_000));
    await harness.clock.advance(PATIENCE_MS);
    expect(harness.closed).toMatchObject([{ connection: { id: 3 }, reason: "budget-exceeded" }]);
    expect(harness.closed[0]?.error?.message).toContain("maxTotalInboundBytes");
    for (const peer of peers.slice(0, 2)) await peer.send("\n");
    expect(harness.server.stats().waitingInboundBytes).toBe(0);
  });

  it("counts what waits behind frames that are at work", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.send("b\nc\n");
    expect(harness.server.stats().waitingInboundBytes).toBeGreaterThanOrEqual(4);
    for (const line of ["a", "b", "c"]) {
      pending.of(line).resolve(line);
      await harness.settle();
    }
    expect(peer.received).toBe("a\nb\nc\n");
    expect(harness.server.stats().waitingInboundBytes).toBe(0);
  });

  it("does not count what is dropped of a frame that was refused", async () => {
    const harness = await served({
      invalidFrame: "skip",
      codec: lines({ maxFrameBytes: 100 }),
      maxTotalInboundBytes: 900,
    });
    const peer = await harness.connect();
    for (let count = 0; count < 100; count++) await peer.send("x".repeat(500));
    expect(harness.server.stats().waitingInboundBytes).toBeLessThanOrEqual(500);
    await peer.send("\nnext\n");
    await harness.clock.advance(1_000);
    expect(peer.received).toContain("NEXT\n");
    expect(harness.closed).toEqual([]);
  });
});
