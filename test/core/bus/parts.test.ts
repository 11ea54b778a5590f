import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BusGap, BusStats } from "../../../src/core/bus/bus.ts";
import { BusLink } from "../../../src/core/bus/bus_link.ts";
import { Incoming } from "../../../src/core/bus/incoming.ts";
import { Origins } from "../../../src/core/bus/origins.ts";
import { Subscriptions } from "../../../src/core/bus/subscriptions.ts";
import { topicOf } from "../../../src/core/bus/topic_of.ts";
import {
  type Batch,
  type Beacon,
  FORM,
  readMessage,
  TO,
  type WireFrame,
  writeBatch,
  writeBeacon,
  writeFrame,
  writeQuestion,
} from "../../../src/core/bus/wire.ts";
import type { Bus, BusContext } from "../../../src/core/mod.ts";
import { Scheduler } from "../../../src/core/time/scheduler.ts";
import { manualClock, memoryBus } from "../../../src/testing/mod.ts";
import { onABus } from "./support/on_a_bus.ts";

describe("a message on the wire", () => {
  const names = fc.string({ unit: "grapheme" });
  const numbers = fc.nat(Number.MAX_SAFE_INTEGER);
  const headers = fc.record({ origin: fc.nat(2 ** 48 - 1), epoch: fc.nat(2 ** 32 - 1) });
  const frames = fc.record({
    to: fc.constantFrom(...Object.values(TO)),
    name: names,
    except: names,
    form: fc.constantFrom(...Object.values(FORM)),
    payload: fc.uint8Array(),
  });

  it("is read as it was written: a batch", () => {
    fc.assert(
      fc.property(headers, numbers, fc.array(frames), (header, sequence, all) => {
        const bytes = all.map(writeFrame);
        const length = bytes.reduce((total, one) => total + one.length, 0);
        const batch = readMessage(writeBatch(header, sequence, bytes, length)) as Batch;
        expect(batch).toMatchObject({ type: "batch", ...header, sequence, count: all.length });
        const read: WireFrame[] = [];
        for (let frame = batch.next(); frame !== undefined; frame = batch.next()) read.push(frame);
        expect(read).toEqual(all);
      }),
    );
  });

  it("is read as it was written: a beacon, and a question", () => {
    fc.assert(
      fc.property(
        headers,
        fc.boolean(),
        numbers,
        fc.array(numbers, { maxLength: 256 }),
        (header, ends, dropped, all) => {
          const { sequences, ...beacon } = readMessage(
            writeBeacon({ ...header, ends, dropped }, Float64Array.from(all)),
          ) as Beacon;
          expect(beacon).toEqual({ type: "beacon", ...header, ends, dropped });
          expect([...sequences]).toEqual([...all.entries()].filter(([, next]) => next > 0));
        },
      ),
    );
    fc.assert(
      fc.property(headers, numbers, fc.array(names), (header, number, all) => {
        const asked = all.map((name) => ({ to: TO.group, name }));
        expect(readMessage(writeQuestion({ ...header, number, names: asked }))).toEqual({
          type: "question",
          ...header,
          number,
          names: asked,
        });
      }),
    );
  });

  it("is refused with an error of its own, whatever it is, or read to its end", () => {
    const seemingly = fc
      .tuple(fc.constantFrom(1, 2, 3), fc.uint8Array({ maxLength: 60 }))
      .map(([kind, rest]) => Uint8Array.of(1, kind, ...rest));
    fc.assert(
      fc.property(fc.oneof(seemingly, fc.uint8Array()), (bytes) => {
        try {
          const message = readMessage(bytes);
          if (message.type === "batch") while (message.next() !== undefined);
        } catch (error) {
          expect((error as Error).constructor.name).toBe("WireError");
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the topics of names", () => {
  it("are spread evenly", () => {
    const counts = Array.from({ length: 256 }, () => 0);
    for (let index = 0; index < 25_600; index++) counts[topicOf(TO.group, `room ${index}`)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(160);
  });
});

describe("a topic", () => {
  it("is ready when the broker says so, and not before", () => {
    const subscriptions = new Subscriptions(manualClock(), []);
    expect(subscriptions.retain(5)).toBe(true);
    expect(subscriptions.isReady(5)).toBe(false);
    expect(subscriptions.take()).toEqual([5]);
    expect([subscriptions.isReady(5), subscriptions.take()]).toEqual([false, []]);
    subscriptions.confirm([5]);
    expect([subscriptions.isReady(5), [...subscriptions.ready()]]).toEqual([true, [5]]);
    subscriptions.reset();
    expect([subscriptions.isReady(5), subscriptions.take()]).toEqual([false, [5]]);
  });
});

/** Another server, as one hears it. */
function heard() {
  const clock = manualClock();
  const gaps: BusGap[] = [];
  const subscriptions = new Subscriptions(clock, []);
  subscriptions.retain(5);
  const own = { epoch: 1, inboundDropped: 0 };
  const origins = new Origins(clock, subscriptions, own, (gap) => gaps.push(gap));
  const batch = (sequence: number, count = 1, epoch = 1) =>
    origins.onBatch(5, { type: "batch", origin: 7, epoch, sequence, count, next: () => undefined });
  const beacon = (next: number, more: Partial<Beacon> = {}) =>
    origins.onBeacon({
      type: "beacon",
      origin: 7,
      epoch: 1,
      ends: false,
      dropped: 0,
      sequences: new Map([[5, next]]),
      ...more,
    });
  const ready = () => subscriptions.confirm(subscriptions.take());
  return { clock, gaps, own, origins, subscriptions, batch, beacon, ready };
}

describe("the record of another server", () => {
  it("begins when the subscription is effective: what came before need not be followed by the next", () => {
    const { gaps, batch, beacon, ready } = heard();
    batch(3);
    ready();
    batch(9);
    beacon(10);
    expect(gaps).toEqual([]);
    batch(11);
    beacon(12);
    expect(gaps).toMatchObject([{ missed: 1 }]);
  });

  it.each([
    ["disconnected", () => ({ epoch: 2 }), () => undefined],
    ["disconnected", () => ({}), (own: { epoch: number }) => void (own.epoch = 2)],
    ["behind", () => ({}), (own: { inboundDropped: number }) => void (own.inboundDropped = 1)],
    ["origin-full", () => ({ dropped: 4 }), () => undefined],
    ["lost", () => ({}), () => undefined],
  ] as const)("says why frames are missing: %s", (why, more, change) => {
    const { gaps, own, beacon, ready } = heard();
    ready();
    beacon(0);
    change(own);
    beacon(4, more());
    expect(gaps).toEqual([{ origin: "000000000007", missed: 4, why }]);
    beacon(5, more());
    expect(gaps[1]?.why).toBe("lost");
  });

  it("is forgotten when it says goodbye, after what is missing", () => {
    const { gaps, origins, beacon, ready } = heard();
    ready();
    beacon(0);
    expect(origins.live()).toEqual([7]);
    beacon(2, { ends: true });
    expect([origins.live(), gaps]).toMatchObject([[], [{ missed: 2 }]]);
    // Another begins with this number anew.
    beacon(1);
    expect(gaps).toHaveLength(1);
  });

  it("is bounded: the one that was not heard for longest is forgotten first", () => {
    const { clock, origins, ready } = heard();
    ready();
    for (let origin = 0; origin < 2_000; origin++) {
      clock.jump(1);
      origins.onBeacon({ type: "beacon", origin, epoch: 1, ends: false, dropped: 0, sequences: new Map() });
    }
    expect(origins.live(Infinity)).toHaveLength(1_024);
    expect(Math.min(...origins.live(Infinity))).toBe(2_000 - 1_024);
  });
});

describe("messages that come", () => {
  it("wait in bounds, and what finds no room is dropped", () => {
    const clock = manualClock();
    const scheduler = new Scheduler(clock, () => undefined);
    const opened: number[] = [];
    const incoming = new Incoming(scheduler, {
      maxWaitingBytes: 100,
      open: (topic) => {
        opened.push(topic);
        return undefined;
      },
    });
    scheduler.yield();
    for (let topic = 0; topic < 10; topic++) incoming.push(topic, new Uint8Array(30));
    expect([opened, incoming.waitingBytes, incoming.dropped]).toEqual([[], 90, 7]);
    scheduler.exhausted = false;
    incoming.onSlice();
    expect([opened, incoming.waitingBytes]).toEqual([[0, 1, 2], 0]);
  });

  it("of any size come when nothing else waits", () => {
    const incoming = new Incoming(new Scheduler(manualClock(), () => undefined), {
      maxWaitingBytes: 1,
      open: () => undefined,
    });
    incoming.push(0, new Uint8Array(30));
    expect(incoming.dropped).toBe(0);
  });

  it("share the event loop: the frames of a message are handled in slices", () => {
    const scheduler = new Scheduler(manualClock(), () => undefined);
    let left = 100_000;
    const incoming = new Incoming(scheduler, { maxWaitingBytes: 100, open: () => () => (left -= 1) > 0 });
    incoming.push(0, new Uint8Array(1));
    expect(left).toBeGreaterThan(50_000);
    expect(scheduler.exhausted).toBe(true);
  });
});

describe("a link to a broker", () => {
  it("hears nothing of a connection that it has left", async () => {
    const clock = manualClock();
    const contexts: BusContext[] = [];
    const heardTopics: number[] = [];
    const bus: Bus = {
      name: "scripted",
      connect: async (context) => {
        contexts.push(context);
        return {
          maxPayloadBytes: 1,
          publish: () => undefined,
          subscribe: async () => undefined,
          unsubscribe: () => undefined,
          flush: async () => undefined,
          close: () => undefined,
        };
      },
    };
    const downs: string[] = [];
    const link = new BusLink(bus, {
      clock,
      transport: { connect: () => Promise.reject(new Error("none")) },
      random: () => 0,
      takeTopics: () => [],
      onUp: () => undefined,
      onDown: ({ message }) => downs.push(message),
      onMessage: (topic) => heardTopics.push(topic),
    });
    link.start();
    await clock.advance(0);
    contexts[0]?.onMessage(1, new Uint8Array(1));
    link.fail(new Error("no answer"));
    contexts[0]?.onMessage(2, new Uint8Array(1));
    await clock.advance(200);
    contexts[0]?.onClosed({} as never);
    contexts[1]?.onMessage(3, new Uint8Array(1));
    expect([heardTopics, downs, link.epoch]).toEqual([[1, 3], ["the connection to the broker failed: no answer"], 2]);
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    link.close();
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(clock.pending).toBe(0);
  });
});

describe("a server that ends", () => {
  it("says goodbye: the others forget it at once, and know what it sent last", async () => {
    const clock = manualClock();
    const bus = memoryBus();
    const [one, other] = [await onABus(bus, clock), await onABus(bus, clock)];
    await other.member("all");
    await one.member("all");
    await clock.advance(1_500);
    const servers = (): Pick<BusStats, "servers"> => ({ servers: other.stats.servers });
    expect(servers()).toEqual({ servers: 1 });
    const ended = one.server.shutdown();
    await clock.advance(30);
    await ended;
    expect(servers()).toEqual({ servers: 0 });
  });
});
