import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BusGap } from "../../../src/core/mod.ts";
import { type MemoryBusMessage, manualClock, memoryBus } from "../../../src/testing/mod.ts";
import { onABus } from "./support/on_a_bus.ts";

/** Two servers, of which the second has a member of "all". */
async function pair(options: Parameters<typeof memoryBus>[0] = {}, more: object = {}) {
  const clock = manualClock();
  const bus = memoryBus(options);
  const one = await onABus(bus, clock, more);
  const other = await onABus(bus, clock, more);
  const peer = await other.member("all");
  await clock.advance(1_500);
  const say = (line: string) => one.server.group("all").broadcast(line);
  return { clock, bus, one, other, peer, say };
}

/** Loses the messages with these numbers, counted from 0, of those with frames for the second server. */
function losing(numbers: readonly number[]) {
  let seen = -1;
  let armed = false;
  const loses = ({ topic, from, to }: MemoryBusMessage) => {
    if (!armed || topic === 256 || from === to || to !== 1) return false;
    seen += 1;
    return numbers.includes(seen);
  };
  return { loses, arm: () => (armed = true) };
}

describe("a gap", () => {
  it.each([
    ["in the middle", [1], 5],
    ["at the beginning", [0], 5],
    ["at the end", [4], 5],
    ["of several messages", [1, 2, 3], 5],
    ["of everything", [0, 1, 2, 3, 4], 5],
    ["in two places, between two beacons", [1, 3], 5],
  ])("%s is reported once, with what is missing", async (_, lost, count) => {
    const { loses, arm } = losing(lost);
    const { clock, one, other, peer, say } = await pair({ loses });
    arm();
    for (let index = 0; index < count; index++) {
      say(`a${index}`);
      say(`b${index}`);
      await clock.advance(10);
    }
    await clock.advance(5_000);
    expect(other.gaps).toEqual([{ origin: one.origin, missed: 2 * lost.length, why: "lost" }]);
    expect(other.stats).toMatchObject({ gaps: 1, framesMissed: 2 * lost.length });
    expect(peer.received.split("\n")).toHaveLength(2 * (count - lost.length) + 1);
    expect(one.gaps).toEqual([]);
  });

  it("is told to onGap, whose errors are reported", async () => {
    const { loses, arm } = losing([0]);
    const told: BusGap[] = [];
    const onGap = async (gap: BusGap) => {
      told.push(gap);
      throw new Error("cannot resynchronise");
    };
    const { clock, one, other, say } = await pair({ loses }, { onGap });
    arm();
    say("lost");
    await clock.advance(3_000);
    expect(told).toEqual([{ origin: one.origin, missed: 1, why: "lost" }]);
    expect(other.of("bus-error").map(({ error }) => [error.code, error.message])).toEqual([
      ["handler-failed", "onGap threw: cannot resynchronise"],
    ]);
  });

  it("is reported without a beacon after three seconds", async () => {
    let deaf = false;
    const { loses, arm } = losing([0]);
    const { clock, other, say } = await pair({
      loses: (message) => (deaf && message.topic === 256 && message.to === 1) || loses(message),
    });
    deaf = true;
    arm();
    say("lost");
    await clock.advance(10);
    say("found");
    await clock.advance(2_000);
    expect(other.gaps).toEqual([]);
    await clock.advance(3_000);
    expect(other.gaps).toMatchObject([{ missed: 1 }]);
  });

  it("is none when a server joins a group late, or leaves it for a while", async () => {
    const { clock, other, peer, say } = await pair();
    await peer.send("leave all\n");
    await clock.advance(10_000);
    for (let index = 0; index < 10; index++) say("unheard");
    await clock.advance(3_000);
    await peer.send("join all\n");
    for (let index = 0; index < 50; index++) {
      say("x");
      await clock.advance(100);
    }
    await clock.advance(3_000);
    expect(other.gaps).toEqual([]);
    expect(peer.received.split("x").length).toBeGreaterThan(48);
  });

  it("is one for all topics, after this server was cut off", async () => {
    const { clock, bus, one, other } = await pair();
    for (let group = 0; group < 40; group++) await other.member(`group-${group}`);
    await clock.advance(1_500);
    bus.cut(1);
    for (let group = 0; group < 40; group++) one.server.group(`group-${group}`).broadcast("x");
    await clock.advance(10_000);
    expect(other.gaps).toEqual([{ origin: one.origin, missed: 40, why: "disconnected" }]);
    expect(one.gaps).toEqual([]);
    expect(other.of("bus-down")).toHaveLength(1);
    expect(other.of("bus-up")).toHaveLength(2);
  });

  it("is none when this server was cut off and nothing was sent meanwhile", async () => {
    const { clock, bus, other, peer, say } = await pair();
    bus.cut(1);
    await clock.advance(1_000);
    say("x");
    await clock.advance(5_000);
    expect(other.gaps).toEqual([]);
    expect(peer.received).toBe("x\n");
  });

  it("says that the origin was cut off", async () => {
    const { clock, bus, one, other, say } = await pair();
    say("under way");
    await clock.advance(0.2);
    bus.cut(0);
    await clock.advance(10_000);
    expect(other.gaps).toEqual([{ origin: one.origin, missed: 1, why: "disconnected" }]);
  });

  it("is one when the server was too slow for the broker", async () => {
    const { clock, bus, one, other, say, peer } = await pair({ maxQueuedBytes: 10_000 });
    bus.stall(1);
    for (let turn = 0; turn < 100; turn++) {
      say("x".repeat(1_000));
      await clock.advance(1);
    }
    await clock.advance(10_000);
    say("y");
    await clock.advance(100);
    expect(other.gaps).toMatchObject([{ origin: one.origin, why: "disconnected" }]);
    const [{ missed }] = other.gaps as [BusGap];
    expect(peer.received.split("\n").length - 2 + missed).toBe(100);
  });

  it("says that too much waited at the origin", async () => {
    const { clock, bus, one, other } = await pair();
    const small = await onABus({ via: bus, maxWaitingBytes: 1_000 }, clock);
    await clock.advance(1_500);
    bus.stop();
    await clock.advance(1_000);
    for (let index = 0; index < 100; index++) small.server.group("all").broadcast("x".repeat(90));
    bus.start();
    await clock.advance(10_000);
    expect(small.stats).toMatchObject({ framesSent: 100, framesDropped: 91 });
    expect(other.gaps).toMatchObject([{ origin: small.origin, missed: 91 }]);
    expect(one.gaps).toEqual([]);
  });
});

describe("gaps", () => {
  it("are exact, whatever is lost and whichever server is cut off", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          type: fc.constant("say" as const),
          group: fc.nat(5),
          count: fc.integer({ min: 1, max: 5 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: 300 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ type: fc.constant("lose" as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("cut" as const), which: fc.nat(1) }) },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.constant("restart" as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const clock = manualClock();
        let toLose = 0;
        const loses = ({ topic, from, to }: MemoryBusMessage) => {
          if (toLose === 0 || topic === 256 || from === to) return false;
          toLose -= 1;
          return true;
        };
        const bus = memoryBus({ loses });
        const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
        const peers = [];
        for (let group = 0; group <= 5; group++) peers.push(await other.member(`g${group}`));
        await clock.advance(1_500);
        let sent = 0;
        for (const one_step of steps) {
          if (one_step.type === "say") {
            for (let index = 0; index < one_step.count; index++) {
              one.server.group(`g${one_step.group}`).broadcast(`${sent}`);
              sent += 1;
            }
          } else if (one_step.type === "pause") await clock.advance(one_step.ms);
          else if (one_step.type === "lose") toLose += one_step.count;
          else if (one_step.type === "cut") bus.cut(bus.connections[one_step.which] ?? 0);
          else {
            bus.stop();
            await clock.advance(one_step.ms);
            bus.start();
          }
        }
        toLose = 0;
        await clock.advance(20_000);
        const lines = peers.map(({ received }) => received.split("\n").slice(0, -1).map(Number));
        const arrived = lines.flat().length;
        expect(arrived + other.stats.framesMissed).toBe(sent);
        expect(new Set(lines.flat()).size).toBe(arrived);
        for (const of_one of lines) expect(of_one).toEqual(of_one.toSorted((a, b) => a - b));
        // Not more than a beacon of each.
        expect(one.stats.waitingBytes + other.stats.waitingBytes).toBeLessThan(200);
        // Nobody said anything to the first, which heard nothing either.
        expect(one.gaps).toEqual([]);
        const ended = Promise.all([one.server.shutdown(), other.server.shutdown()]);
        await clock.advance(20_000);
        await ended;
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
