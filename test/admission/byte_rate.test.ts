import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteRateOptions, byteRate } from "../../src/admission/mod.ts";
import {
  type Bytes,
  type Connection,
  type ConnectionOwner,
  readHead,
  type SpillwayError,
  type TransportConnection,
} from "../../src/core/mod.ts";
import { type ManualClock, manualClock, memoryTransport } from "../../src/testing/mod.ts";

/** Two ends of a connection in memory, of which `near` reads at a limited rate. */
interface Ends {
  readonly clock: ManualClock;
  readonly near: TransportConnection;
  readonly far: Connection;
  readonly underneath: Connection;
}

async function ends(options: Omit<ByteRateOptions, "clock">, maxLinkBytes: number = 65_536): Promise<Ends> {
  const clock = manualClock();
  const transport = memoryTransport({ maxLinkBytes });
  const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 16 });
  const far = await transport.connect(listener.address);
  const { value } = await listener[Symbol.asyncIterator]().next();
  listener.close();
  const underneath = value as Connection;
  return { clock, far, underneath, near: byteRate({ ...options, clock })(underneath) };
}

/** An owner that reads as a session does, and notes what it is told. */
class Reading implements ConnectionOwner {
  readonly readsOn = true;
  readonly received: number[] = [];
  readonly at: number[] = [];
  readonly sizes: number[] = [];
  ended = false;
  failed: unknown;
  dropped = 0;
  closed: SpillwayError | "in order" | undefined;

  constructor({ near, clock }: Ends, recycles = false) {
    const { reader } = near.own?.(this) ?? {};
    const read = (): void => {
      reader?.read().then(
        ({ done, value }) => {
          if (done) {
            this.ended = true;
            return;
          }
          this.at.push(clock.now());
          this.sizes.push(value.length);
          this.received.push(...value);
          if (recycles) reader.recycle?.(value);
          read();
        },
        (error: unknown) => {
          this.failed = error;
        },
      );
    };
    read();
  }

  onClosed(error: SpillwayError | undefined): void {
    this.closed = error ?? "in order";
  }

  onDropped(bytes: number): void {
    this.dropped += bytes;
  }

  onTaken(): void {}
}

const bytes = (length: number, from = 0): Bytes => Uint8Array.from({ length }, (_, index) => (from + index) % 251);

function ownOf(connection: TransportConnection): NonNullable<TransportConnection["own"]> {
  if (connection.own === undefined) throw new Error("the connection cannot be owned");
  return connection.own.bind(connection);
}

/** Writes from the far end, without waiting until it is sent. */
function sender({ far }: Ends): (chunk: Bytes) => void {
  const writer = far.writable.getWriter();
  return (chunk) => void writer.write(chunk).catch(() => {});
}

describe("byteRate", () => {
  it("gives a burst at once, and then so many bytes a second", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 300 });
    const reading = new Reading(all);
    sender(all)(bytes(1_000));
    await all.clock.advance(0);
    expect(reading.received.length).toBe(300);
    await all.clock.advance(99);
    expect(reading.received.length).toBe(300);
    await all.clock.advance(1);
    expect(reading.received.length).toBe(400);
    await all.clock.advance(500);
    expect(reading.received.length).toBe(900);
    await all.clock.advance(100);
    expect(reading.received).toEqual([...bytes(1_000)]);
    expect(reading.sizes).toEqual([300, ...Array<number>(7).fill(100)]);
    expect(all.clock.pending).toBe(0);
  });

  it("has no timer while the peer is silent, and fills the bucket meanwhile", async () => {
    const all = await ends({ bytesPerSecond: 1_000 });
    const reading = new Reading(all);
    const send = sender(all);
    send(bytes(1_000));
    await all.clock.advance(0);
    expect([reading.received.length, all.clock.pending]).toEqual([1_000, 0]);
    await all.clock.advance(400);
    send(bytes(500));
    await all.clock.advance(0);
    expect([reading.received.length, all.clock.pending]).toEqual([1_400, 1]);
    await all.clock.advance(100);
    expect([reading.received.length, all.clock.pending]).toEqual([1_500, 0]);
    await all.clock.advance(60_000);
    send(bytes(1_001));
    await all.clock.advance(0);
    expect(reading.received.length).toBe(2_500);
  });

  it("pushes back: the peer cannot send more than the rate takes", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 1_000 }, 4_096);
    const reading = new Reading(all);
    const writer = all.far.writable.getWriter();
    let sent = 0;
    const send = async (): Promise<void> => {
      for (;;) {
        await writer.write(bytes(512));
        sent += 512;
      }
    };
    send().catch(() => {});
    await all.clock.advance(10_000);
    // All but what is less than a step.
    expect(reading.received.length).toBeLessThanOrEqual(11_000);
    expect(reading.received.length).toBeGreaterThan(11_000 - 100);
    // The bytes in the link, and a chunk that was read.
    expect(sent).toBeLessThanOrEqual(11_000 + 2 * 4_096 + 512);
    all.near.abort();
    await all.clock.advance(0);
  });

  it("limits the native stream as well", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 250 });
    sender(all)(bytes(400));
    const reader = all.near.readable.getReader();
    expect((await reader.read()).value).toEqual(bytes(250));
    const next = reader.read();
    let came = false;
    void next.then(() => {
      came = true;
    });
    await all.clock.advance(99);
    expect(came).toBe(false);
    await all.clock.advance(1);
    expect((await next).value).toEqual(bytes(100, 250));
    await all.clock.advance(50);
    expect((await reader.read()).value).toEqual(bytes(50, 350));
    await reader.cancel();
    await all.near.writable.getWriter().close();
    await all.far.close();
    expect(await all.near.closed).toBeUndefined();
    expect(all.clock.pending).toBe(0);
  });

  it("gives its owner a native stream that was read before", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 250 });
    const send = sender(all);
    send(bytes(100));
    const reader = all.near.readable.getReader();
    expect((await reader.read()).value).toEqual(bytes(100));
    reader.releaseLock();
    const reading = new Reading(all);
    send(bytes(200));
    await all.clock.advance(0);
    expect(reading.received.length).toBe(150);
    await all.clock.advance(50);
    expect(reading.received.length).toBe(200);
    all.far.abort();
    await all.clock.advance(0);
    expect(reading.closed).toMatchObject({ code: "connection-reset" });
    expect(reading.failed).toMatchObject({ code: "connection-reset" });
  });

  it("limits a connection that cannot be owned", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 250 });
    const { underneath, clock } = all;
    const plain: Connection = {
      readable: underneath.readable,
      writable: underneath.writable,
      remoteAddress: underneath.remoteAddress,
      localAddress: underneath.localAddress,
      closed: underneath.closed,
      close: () => underneath.close(),
      abort: (reason) => underneath.abort(reason),
    };
    const near: TransportConnection = byteRate({ bytesPerSecond: 1_000, burstBytes: 250, clock })(plain);
    const reading = new Reading({ ...all, near });
    sender(all)(bytes(300));
    await clock.advance(0);
    expect(reading.received.length).toBe(250);
    near.finish?.();
    await all.far.close();
    await clock.advance(0);
    expect([reading.ended, reading.closed, clock.pending]).toEqual([true, "in order", 0]);
  });

  it("recycles a chunk only when it was given whole", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 100 });
    const underneath: TransportConnection = all.underneath;
    const recycled: Bytes[] = [];
    const own = ownOf(underneath);
    underneath.own = (owner) => {
      const { reader, writer } = own(owner);
      return { reader: { read: () => reader.read(), recycle: (chunk) => void recycled.push(chunk) }, writer };
    };
    const reading = new Reading(all, true);
    const send = sender(all);
    send(bytes(50));
    send(bytes(350, 50));
    send(bytes(20, 400));
    await all.clock.advance(1_000);
    expect(reading.received).toEqual([...bytes(420)]);
    expect(recycled).toEqual([bytes(50), bytes(20, 400)]);
  });

  it("is everything else that the connection is", async () => {
    const { near, underneath, far, clock } = await ends({ bytesPerSecond: 1_000 });
    expect(near.remoteAddress).toEqual(underneath.remoteAddress);
    expect(near.localAddress).toEqual(underneath.localAddress);
    expect(near.writable).toBe(underneath.writable);
    expect(near.closed).toBe(underneath.closed);
    const received = far.readable.getReader().read();
    await near.writable.getWriter().write(bytes(5_000));
    expect((await received).value).toEqual(bytes(5_000));
    far.abort();
    await clock.advance(0);
  });

  it("has one owner, as every connection", async () => {
    const all = await ends({ bytesPerSecond: 1_000 });
    expect(new Reading(all).ended).toBe(false);
    expect(() => new Reading(all)).toThrow(TypeError);
    expect(all.near.readable.locked).toBe(true);
    all.near.abort();
  });

  it.each<[Partial<ByteRateOptions>, ErrorConstructor, string]>([
    [{ bytesPerSecond: 0 }, RangeError, "bytesPerSecond must be a whole number of at least 1, not 0"],
    [{ bytesPerSecond: Infinity }, RangeError, "bytesPerSecond must be a whole number of at least 1"],
    [{}, TypeError, "bytesPerSecond must be a number, not undefined"],
    [{ bytesPerSecond: 1, burstBytes: 1.5 }, RangeError, "burstBytes must be a whole number of at least 1, not 1.5"],
    [{ bytesPerSecond: 1, burst: 1 } as object, TypeError, "unknown option burst; did you mean burstBytes?"],
  ])("refuses the options %j at the call", (options, kind, message) => {
    expect(() => byteRate(options as ByteRateOptions)).toThrow(kind);
    expect(() => byteRate(options as ByteRateOptions)).toThrow(message);
  });

  it("never gives more than its bucket, and loses no byte, however they come", async () => {
    const chunk = fc.record({ length: fc.integer({ min: 1, max: 700 }), afterMs: fc.nat(700) });
    const options = fc.record({
      bytesPerSecond: fc.integer({ min: 1, max: 5_000 }),
      burstBytes: fc.integer({ min: 1, max: 500 }),
    });
    await fc.assert(
      fc.asyncProperty(options, fc.array(chunk, { minLength: 1, maxLength: 8 }), async (rate, chunks) => {
        const all = await ends(rate);
        const reading = new Reading(all, true);
        const send = sender(all);
        let sent = 0;
        for (const { length, afterMs } of chunks) {
          send(bytes(length, sent));
          sent += length;
          await all.clock.advance(afterMs);
        }
        const { bytesPerSecond, burstBytes } = rate;
        const stepMs = Math.ceil((1_000 * Math.min(burstBytes, Math.ceil(bytesPerSecond / 10))) / bytesPerSecond);
        await all.clock.advance((stepMs + 1) * sent);
        expect(reading.received).toEqual([...bytes(sent)]);
        expect(all.clock.pending).toBe(0);
        let given = 0;
        for (const [index, size] of reading.sizes.entries()) {
          given += size;
          const most = burstBytes + ((reading.at[index] as number) / 1_000) * bytesPerSecond;
          expect(given).toBeLessThanOrEqual(most + 0.001);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("byteRate with one owner after the other", () => {
  it("gives the next owner what the last one did not get, at the same rate", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 100 });
    const first = new Reading(all);
    const send = sender(all);
    send(bytes(150));
    await all.clock.advance(0);
    all.near.disown?.(first);
    expect([first.received.length, all.clock.pending]).toEqual([100, 0]);
    send(bytes(100, 150));
    await all.clock.advance(20);
    const second = new Reading(all);
    await all.clock.advance(29);
    expect(second.received.length).toBe(0);
    await all.clock.advance(1);
    expect(second.received).toEqual([...bytes(50, 100)]);
    await all.clock.advance(100);
    expect(second.received).toEqual([...bytes(150, 100)]);
    expect([first.received.length, first.closed]).toEqual([100, undefined]);
    all.far.abort();
    await all.clock.advance(0);
    expect(first.closed).toBeUndefined();
    expect(second.closed).toMatchObject({ code: "connection-reset" });
  });

  it("gives the native stream what the last owner did not get", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 100 });
    const first = new Reading(all);
    sender(all)(bytes(150));
    await all.clock.advance(0);
    all.near.disown?.(new Reading(await ends({ bytesPerSecond: 1 })));
    expect(all.clock.pending).toBe(1);
    all.near.disown?.(first);
    const read = all.near.readable.getReader().read();
    await all.clock.advance(50);
    expect((await read).value).toEqual(bytes(50, 100));
    all.near.abort();
    await all.clock.advance(0);
  });
});

describe("readHead of a connection with byteRate", () => {
  it("leaves what is behind the head for the next reader, at the rate", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 100 });
    sender(all)(bytes(250));
    expect(await readHead(all.near, () => 30)).toEqual(bytes(30));
    const reading = new Reading(all);
    await all.clock.advance(0);
    expect(reading.received).toEqual([...bytes(100, 30)]);
    await all.clock.advance(120);
    expect(reading.received).toEqual([...bytes(220, 30)]);
    await expect(readHead(all.near, () => 1)).rejects.toThrow(TypeError);
    all.near.abort();
    await all.clock.advance(0);
  });

  it("is refused while bytes wait that came before the head", async () => {
    const all = await ends({ bytesPerSecond: 1_000, burstBytes: 100 });
    const reading = new Reading(all);
    sender(all)(bytes(250));
    await all.clock.advance(0);
    all.near.disown?.(reading);
    await expect(readHead(all.near, () => 1)).rejects.toThrow(/must come before anything else reads the connection$/);
    all.near.abort();
    await all.clock.advance(0);
  });
});

describe("byteRate at the end of a connection", () => {
  const waiting = async (): Promise<Ends & { reading: Reading; send: (chunk: Bytes) => void }> => {
    const all = await ends({ bytesPerSecond: 100, burstBytes: 10 });
    const reading = new Reading(all);
    const send = sender(all);
    send(bytes(50));
    await all.clock.advance(0);
    expect([reading.received.length, all.clock.pending]).toEqual([10, 1]);
    return { ...all, reading, send };
  };

  it("drops what waits when this side aborts", async () => {
    const { near, far, reading, clock } = await waiting();
    near.abort();
    await clock.advance(0);
    expect(reading.failed).toMatchObject({ code: "aborted" });
    expect(reading.closed).toMatchObject({ code: "aborted" });
    expect([reading.received.length, reading.dropped, clock.pending]).toEqual([10, 0, 0]);
    expect(await far.closed).toMatchObject({ code: "connection-reset" });
  });

  it("drops what waits when the peer resets", async () => {
    const { far, reading, clock } = await waiting();
    far.abort();
    await clock.advance(0);
    expect(reading.failed).toMatchObject({ code: "connection-reset" });
    expect(reading.closed).toMatchObject({ code: "connection-reset" });
    expect([reading.received.length, clock.pending]).toEqual([10, 0]);
  });

  it.each(["finish", "close"] as const)(
    "counts what waits as dropped at %s, and what comes behind it",
    async (call) => {
      const { near, far, reading, clock, send } = await waiting();
      void near[call]?.();
      await clock.advance(0);
      expect([reading.ended, reading.dropped, clock.pending]).toEqual([true, 40, 0]);
      send(bytes(1_000));
      await clock.advance(0);
      expect(reading.dropped).toBe(1_040);
      await far.close();
      await clock.advance(0);
      expect([reading.closed, reading.received.length]).toEqual(["in order", 10]);
    },
  );

  it("gives what waits, and then the end, after the peer's FIN", async () => {
    const { near, far, reading, clock } = await waiting();
    void far.close();
    await clock.advance(399);
    expect([reading.received.length, reading.ended]).toEqual([40, false]);
    await clock.advance(1);
    expect([reading.received.length, reading.ended]).toEqual([50, true]);
    near.finish?.();
    await clock.advance(0);
    expect([reading.closed, clock.pending]).toEqual(["in order", 0]);
  });

  it("gives what waits when the runtime has seen the end ahead of it", async () => {
    const all = await ends({ bytesPerSecond: 100, burstBytes: 10 });
    const underneath: TransportConnection = all.underneath;
    const own = ownOf(underneath);
    let released: (() => void) | undefined;
    underneath.own = (owner) => {
      released = () => owner.onClosed(undefined);
      return own(owner);
    };
    const reading = new Reading(all);
    sender(all)(bytes(50));
    await all.clock.advance(0);
    released?.();
    await all.clock.advance(400);
    expect([reading.closed, reading.received.length, all.clock.pending]).toEqual(["in order", 50, 0]);
    all.near.abort();
    await all.clock.advance(0);
  });

  it("leaves no timer when its native stream is cancelled", async () => {
    const all = await ends({ bytesPerSecond: 100, burstBytes: 10 });
    const reader = all.near.readable.getReader();
    const send = sender(all);
    send(bytes(50));
    await reader.read();
    const next = reader.read();
    await all.clock.advance(0);
    expect(all.clock.pending).toBe(1);
    await reader.cancel();
    expect([(await next).done, all.clock.pending]).toEqual([true, 0]);
    all.near.abort();
    await all.clock.advance(0);
  });

  it("tells at once of the FIN of a peer that is slower than the rate", async () => {
    const all = await ends({ bytesPerSecond: 1_000 });
    const reading = new Reading(all);
    sender(all)(bytes(10));
    void all.far.close();
    await all.clock.advance(0);
    expect([reading.received.length, reading.ended]).toEqual([10, true]);
    all.near.abort();
    await all.clock.advance(0);
  });
});
