// Servers as processes that stall and crash, on a broker that loses, cuts off, hangs and dies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BusGap, lines, type Server, serve } from "../../../src/core/mod.ts";
import {
  type ManualClock,
  type MemoryBus,
  type MemoryBusMessage,
  manualClock,
  memoryBus,
  memoryTransport,
  SimulatedProcess,
  seededRandom,
} from "../../../src/testing/mod.ts";
import { Peer } from "../support/peer.ts";

const GROUPS = ["a", "b", "c"];
const MOST_BYTES = 20_000;
/** More than any pause of a broker that is left, and any stall. */
const QUIET_MS = 40_000;

/** A server in a process of its own, with one member of each group. */
class Node {
  readonly name: number;
  readonly process: SimulatedProcess;
  readonly gaps: BusGap[] = [];
  readonly members: Peer[] = [];
  server!: Server<string, string>;
  sent = 0;
  alive = true;
  /** The numbers of its connections to the broker are those that were new while it connected. */
  readonly #clock: ManualClock;

  constructor(name: number, clock: ManualClock) {
    this.name = name;
    this.#clock = clock;
    this.process = new SimulatedProcess(clock);
  }

  async start(bus: MemoryBus): Promise<void> {
    const random = seededRandom(this.name + 1);
    const transport = memoryTransport();
    this.server = await serve<string, string>(transport, {
      port: 0,
      codec: lines(),
      clock: this.process,
      bus: { via: bus, maxWaitingBytes: MOST_BYTES },
      random: () => random.next() / 2 ** 32,
      onGap: (gap) => void this.gaps.push(gap),
      handler: (line, { session }) => session.join(line),
      observer: () => undefined,
      idleTimeoutMs: Infinity,
      maxOutboundFrames: Infinity,
    });
    for (const group of GROUPS) {
      const peer = new Peer(await transport.connect(this.server.address), this.#clock);
      await peer.send(`${group}\n`);
      this.members.push(peer);
    }
  }

  say(group: number, count: number): void {
    if (!this.alive || this.process.stalled) return;
    for (let index = 0; index < count; index++) {
      this.server.group(GROUPS[group] ?? "").broadcast(`${this.name} ${this.sent}`);
      this.sent += 1;
    }
  }

  /** Returns the frames that its members have got from a server, in the order of each group. */
  heard(from: Node): number[][] {
    return this.members.map(({ received }) =>
      received
        .split("\n")
        .slice(0, -1)
        .map((line) => line.split(" ").map(Number))
        .filter(([name]) => name === from.name)
        .map(([, number = -1]) => number),
    );
  }

  missed(from: Node): number {
    const origin = from.server.bus?.origin;
    return this.gaps.filter((gap) => gap.origin === origin).reduce((total, { missed }) => total + missed, 0);
  }
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("say" as const),
      which: fc.nat(3),
      group: fc.nat(2),
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: 1_500 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("lose" as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("cut" as const), which: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("restart" as const), ms: fc.integer({ min: 0, max: 12_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("hang" as const), ms: fc.integer({ min: 0, max: 9_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stall" as const),
      which: fc.nat(2),
      ms: fc.integer({ min: 1, max: 9_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const) }) },
);

describe("a storm on a bus", () => {
  it("leaves gaps that are exact, order, no echo, and bounded memory", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const clock = manualClock();
        let toLose = 0;
        const loses = ({ topic, from, to }: MemoryBusMessage) => {
          if (toLose === 0 || topic === 256 || from === to) return false;
          toLose -= 1;
          return true;
        };
        const bus = memoryBus({ loses, maxQueuedBytes: MOST_BYTES });
        const lasting = [0, 1, 2].map((name) => new Node(name, clock));
        for (const node of lasting) await node.start(bus);
        let passing = new Node(3, clock);
        await passing.start(bus);
        const all = [...lasting, passing];
        // Everybody knows where everybody begins.
        await clock.advance(2_500);
        for (const one of steps) {
          if (one.type === "say") (lasting[one.which] ?? passing).say(one.group, one.count);
          else if (one.type === "pause") await clock.advance(one.ms);
          else if (one.type === "lose") toLose += one.count;
          else if (one.type === "cut") bus.cut(bus.connections[one.which] ?? -1);
          else if (one.type === "stall") lasting[one.which]?.process.stall(one.ms);
          else if (one.type === "hang") {
            bus.hang();
            await clock.advance(one.ms);
            bus.resume();
          } else if (one.type === "restart") {
            bus.stop();
            await clock.advance(one.ms);
            bus.start();
          } else {
            // It says no goodbye, and the next one is another.
            passing.alive = false;
            passing.process.stall(1_000_000);
            passing = new Node(all.length, clock);
            all.push(passing);
            await passing.start(bus);
          }
          for (const { server } of all) {
            const { waitingBytes = 0, waitingInboundBytes = 0 } = server.bus?.stats() ?? {};
            expect(waitingBytes).toBeLessThanOrEqual(MOST_BYTES + 3_000);
            expect(waitingInboundBytes).toBeLessThanOrEqual(MOST_BYTES);
          }
        }
        toLose = 0;
        await clock.advance(QUIET_MS);
        for (const hearer of lasting) {
          for (const speaker of all) {
            const heard = hearer.heard(speaker);
            const numbers = heard.flat();
            expect(new Set(numbers).size).toBe(numbers.length);
            for (const of_group of heard) expect(of_group).toEqual(of_group.toSorted((one, other) => one - other));
            // A server gets its own frames from itself, and all of them.
            if (hearer === speaker) expect(numbers).toHaveLength(speaker.sent);
            else if (lasting.includes(speaker)) expect(numbers.length + hearer.missed(speaker)).toBe(speaker.sent);
            // Nobody knows what one that crashed would have said, nor what the next said before it was heard.
            else expect(numbers.length + hearer.missed(speaker)).toBeLessThanOrEqual(speaker.sent);
          }
        }
        const ended = Promise.all(lasting.map(({ server }) => server.shutdown()));
        await clock.advance(QUIET_MS);
        await ended;
        expect(lasting.map(({ process }) => process.pending)).toEqual([0, 0, 0]);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
