import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DriverConnection, type ServeOptions, type Session, SpillwayError } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { ParkingLot } from "./parking_lot.ts";
import { ScriptedDriver } from "./scripted_driver.ts";
import { answers } from "./support/answers.ts";
import { fate } from "./support/fate.ts";
import { type Served, served } from "./support/served.ts";

/** An owner to whom all is the same. */
const nobody = { onWake: () => {}, onClosed: () => {}, onDropped: () => {}, onTaken: () => {} };

const PARK_AFTER_MS = 1_000;

/** A server whose parking is watched. */
async function parked(
  options: Partial<ServeOptions<string, string>> = {},
  lot = new ParkingLot(),
  maxLinkBytes = 65_536,
) {
  const harness: Served = await served(options, maxLinkBytes, lot.around);
  return { harness, lot };
}

describe("a session", () => {
  it("is parked from the start, and makes no stream for that", async () => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    await harness.clock.advance(60_000);
    expect([lot.answers, lot.wakes, lot.streams.size]).toEqual([[true], 0, 0]);
    await other.send("hello\n");
    expect(other.received).toBe("HELLO\n");
    expect([lot.wakes, lot.streams.size]).toEqual([1, 2]);
  });

  it("is parked again after exactly a second of quiet", async () => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    await other.send("a\n");
    await harness.clock.advance(600);
    await other.send("b\n");
    await harness.clock.advance(PARK_AFTER_MS - 1);
    expect(lot.parks).toBe(1);
    await harness.clock.advance(1);
    expect(lot.parks).toBe(2);
    await harness.clock.advance(60_000);
    expect(lot.answers).toEqual([true, true]);
    await other.send("c\n");
    expect(other.received).toBe("A\nB\nC\n");
    expect([lot.wakes, lot.streams.size]).toEqual([2, 4]);
  });

  it("makes no new streams for each line of a heartbeat", async () => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    for (let beat = 0; beat < 5; beat++) {
      await other.send("a\n");
      await harness.clock.advance(15_000);
    }
    // Parked from the start, and behind the first line: the second showed how long its pauses are.
    expect([lot.parks, lot.streams.size]).toEqual([2, 4]);
  });

  it("makes no new streams for each push of a heartbeat", async () => {
    const sessions: Session<string>[] = [];
    const { harness, lot } = await parked({ onConnect: (session) => void sessions.push(session) });
    const other = await harness.connect();
    for (let beat = 0; beat < 5; beat++) {
      expect(sessions[0]?.send("tick")).toBe("sent");
      await harness.clock.advance(15_000);
    }
    expect(other.received).toBe("tick\n".repeat(5));
    expect([lot.parks, lot.streams.size]).toEqual([2, 2]);
    // A line between two of them is no pause of its own.
    for (let beat = 0; beat < 5; beat++) {
      await other.send("a\n");
      await harness.clock.advance(5_000);
      sessions[0]?.send("tick");
      await harness.clock.advance(10_000);
    }
    expect([lot.parks, lot.streams.size]).toEqual([2, 3]);
  });

  it.each([
    [1_000, 2_000],
    [1_001, 2_002],
    [20_000, 40_000],
    [20_001, 1_000],
  ])("that paused for %i ms is parked after %i ms next time", async (pauseMs, parkedAfterMs) => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    await other.send("a\n");
    await harness.clock.advance(pauseMs);
    expect(lot.parks).toBe(2);
    await other.send("b\n");
    await harness.clock.advance(parkedAfterMs - 1);
    expect(lot.parks).toBe(2);
    await harness.clock.advance(1);
    expect(lot.parks).toBe(3);
  });

  it("takes for a pause only the time in which nothing happened", async () => {
    const pending = answers();
    const { harness, lot } = await parked({ handler: pending.handler });
    const other = await harness.connect();
    // The first pause is 10 seconds from the reply to the next first byte, whatever comes before and behind.
    await other.send("a\n");
    await harness.clock.advance(7_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(10_000);
    await other.send("b");
    await harness.clock.advance(4_000);
    await other.send("b\n");
    await harness.clock.advance(8_000);
    pending.of("bb").resolve("B");
    await harness.settle();
    expect(lot.parks).toBe(2);
    await harness.clock.advance(19_999);
    expect(lot.parks).toBe(2);
    await harness.clock.advance(1);
    expect(lot.parks).toBe(3);
  });

  it("that paused for long at last is parked after a second again", async () => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    for (const pauseMs of [0, 10_000, 19_999, 20_001]) {
      await harness.clock.advance(pauseMs);
      await other.send("a\n");
    }
    expect(lot.parks).toBe(3);
    await harness.clock.advance(PARK_AFTER_MS);
    expect(lot.parks).toBe(4);
  });

  it("counts the quiet from its own last word, too", async () => {
    const pending = answers();
    const { harness, lot } = await parked({ handler: pending.handler });
    const other = await harness.connect();
    await other.send("a\n");
    await harness.clock.advance(5 * PARK_AFTER_MS);
    expect(lot.parks).toBe(1);
    pending.of("a").resolve("A");
    await harness.clock.advance(PARK_AFTER_MS - 1);
    expect([other.received, lot.parks]).toEqual(["A\n", 1]);
    await harness.clock.advance(1);
    expect(lot.parks).toBe(2);
  });

  it("is not parked in the middle of a frame", async () => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    await other.send("hel");
    await harness.clock.advance(5 * PARK_AFTER_MS);
    expect(lot.parks).toBe(1);
    await other.send("lo\n");
    expect(other.received).toBe("HELLO\n");
    await harness.clock.advance(PARK_AFTER_MS);
    expect(lot.parks).toBe(2);
  });

  it("is not parked while a reply waits to be taken", async () => {
    const { harness, lot } = await parked({ handler: (line) => line.repeat(50) }, undefined, 100);
    const other = await harness.connect({ reads: false });
    await other.send("0123456789\n");
    await harness.clock.advance(5 * PARK_AFTER_MS);
    expect(lot.parks).toBe(1);
    await other.read();
    expect(other.receivedBytes).toBe(501);
    await harness.clock.advance(PARK_AFTER_MS);
    expect(lot.parks).toBe(2);
  });

  it.each(["never", "not at all"] as const)("works on connections that park %s", async (parking) => {
    const { harness } = await parked({ idleTimeoutMs: 10_000 }, new ParkingLot(parking));
    const other = await harness.connect();
    for (const line of ["a\n", "b\n"]) {
      await harness.clock.advance(3 * PARK_AFTER_MS);
      await other.send(line);
    }
    expect(other.received).toBe("A\nB\n");
    await harness.clock.advance(10_000);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 16_000 }]);
  });

  it("loses no byte and no order, however often it is parked and woken", async () => {
    // Pauses around the second and the longest that counts, frames in pieces, a link that is small or large.
    const piece = fc.record({
      text: fc.stringMatching(/^[a-z\n]{0,12}$/),
      pauseMs: fc.constantFrom(0, 1, 999, 1_000, 1_001, 2_003, 20_001),
    });
    const pieces = fc.array(piece, { maxLength: 20 });
    const property = fc.asyncProperty(pieces, fc.constantFrom(1, 7, 65_536), async (all, maxLinkBytes) => {
      const { harness } = await parked({ idleTimeoutMs: Infinity, frameTimeoutMs: Infinity }, undefined, maxLinkBytes);
      const other = await harness.connect();
      for (const { text, pauseMs } of all) {
        await other.send(text);
        await harness.clock.advance(pauseMs);
      }
      await other.send("\n");
      const sent = `${all.map(({ text }) => text).join("")}\n`;
      expect(other.received).toBe(sent.toUpperCase());
      await other.finish();
      expect(harness.closed).toMatchObject([{ reason: "remote-closed", bytesIn: sent.length, bytesOut: sent.length }]);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it("answers what was sent together with FIN", async () => {
    const { harness, lot } = await parked();
    const other = await harness.connect();
    void other.send("a\nb\n");
    await other.finish();
    expect([other.received, other.ended, lot.wakes]).toEqual(["A\nB\n", true, 1]);
    expect(harness.reasons).toEqual(["remote-closed"]);
  });
});

describe.each(["from the start", "again"])("a session that is parked %s", (when) => {
  async function asleep(options: Partial<ServeOptions<string, string>> = {}, finishes = true) {
    const { harness, lot } = await parked(options);
    const other = await harness.connect({ finishes });
    if (when === "again") {
      await other.send("a\n");
      await harness.clock.advance(PARK_AFTER_MS);
    }
    expect(lot.parks - lot.wakes).toBe(1);
    return { harness, lot, other };
  }

  it("ends with the peer's FIN", async () => {
    const { harness, lot, other } = await asleep();
    await other.finish();
    expect([harness.reasons, other.ended, lot.parks - lot.wakes]).toEqual([["remote-closed"], true, 0]);
    expect(harness.clock.pending).toBe(0);
  });

  it("ends with the peer's reset", async () => {
    const { harness, other } = await asleep();
    await other.reset();
    expect(harness.closed).toMatchObject([{ reason: "connection-reset", error: { code: "connection-reset" } }]);
    expect(harness.clock.pending).toBe(0);
  });

  it("is drained at once", async () => {
    const { harness, other } = await asleep();
    const drained = harness.server.shutdown();
    await harness.settle();
    expect([harness.reasons, other.ended]).toEqual([["drained"], true]);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(harness.clock.pending).toBe(0);
  });

  it("ends with a forced drain, without a wait for the peer", async () => {
    const { harness } = await asleep({}, false);
    void harness.server.shutdown();
    const drained = harness.server.shutdown();
    await harness.settle();
    // All had been answered, so the drain itself was decided; only the peer's FIN was not waited for.
    expect(harness.closed).toMatchObject([{ reason: "drained", unconfirmed: true }]);
    expect(await drained).toEqual({ drained: 1, aborted: 0, unconfirmed: 1 });
    expect(harness.clock.pending).toBe(0);
  });

  it("reaches its idle deadline, to the millisecond", async () => {
    const { harness, other } = await asleep({ idleTimeoutMs: 4_000 });
    await harness.clock.advance(4_000 - harness.clock.now() - 1);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "idle-timeout", durationMs: 4_000 }]);
    expect(other.ended).toBe(true);
  });

  it("reaches the end of its life", async () => {
    const { harness } = await asleep({ lifetimeMs: 5_000 });
    await harness.clock.advance(5_000 - harness.clock.now() - 1);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "lifetime-reached", durationMs: 5_000 }]);
  });

  it.each(["input first", "drain first"])("wakes and drains in one turn: %s", async (order) => {
    const { harness, other } = await asleep();
    const sent = () => void other.send("last\n");
    if (order === "input first") sent();
    const drained = harness.server.shutdown();
    if (order === "drain first") sent();
    await harness.settle();
    expect([harness.reasons, other.ended]).toEqual([["drained"], true]);
    expect(await drained).toEqual({ drained: 1, aborted: 0, bytesDiscarded: 5 });
  });

  it("wakes at the moment at which it would be parked", async () => {
    const { harness, lot, other } = await asleep();
    await other.send("b\n");
    harness.clock.setTimeout(() => void other.send("c\n"), PARK_AFTER_MS);
    await harness.clock.advance(PARK_AFTER_MS);
    await harness.clock.advance(PARK_AFTER_MS - 1);
    await other.send("d\n");
    expect(other.received.endsWith("B\nC\nD\n")).toBe(true);
    expect(lot.parks - lot.wakes).toBe(0);
  });
});

describe("park", () => {
  it("lets go of both streams, locked or not, and of the read in progress", async () => {
    const driver = new ScriptedDriver();
    const { connection } = driver;
    connection.own(nobody);
    const { readable, writable } = connection;
    const read = fate(readable.getReader().read());
    writable.getWriter();
    expect(connection.park()).toBe(true);
    expect([connection.readable === readable, connection.writable === writable]).toEqual([false, false]);
    driver.push(1);
    expect((await connection.readable.getReader().read()).value).toEqual(new Uint8Array([1]));
    expect(read.now).toBe("pending");
  });

  it("does nothing while a chunk is queued, or on its way out", async () => {
    const driver = new ScriptedDriver();
    const { connection } = driver;
    connection.own(nobody);
    driver.push(1);
    expect(connection.park()).toBe(false);
    const reader = connection.readable.getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([1]));
    reader.releaseLock();
    const writer = connection.writable.getWriter();
    void writer.write(new Uint8Array(1));
    writer.releaseLock();
    expect(connection.park()).toBe(false);
    driver.takeWrite();
    await tickEnd();
    expect(connection.park()).toBe(true);
  });

  it("does nothing while nobody is told to wake", () => {
    expect(new ScriptedDriver().connection.park()).toBe(false);
  });

  it("does nothing when a direction has ended, or is ending", async () => {
    const ends: Record<string, (connection: DriverConnection) => unknown> = {
      end: (connection) => connection.end(),
      closeWritable: ({ writable }) => writable.close(),
      abortWritable: ({ writable }) => writable.abort(),
      cancel: ({ readable }) => readable.cancel(),
      close: (connection) => connection.close(),
      abort: (connection) => connection.abort(),
    };
    for (const [name, end] of Object.entries(ends)) {
      const { connection } = new ScriptedDriver();
      connection.own(nobody);
      void end(connection);
      expect(connection.park(), name).toBe(false);
    }
  });

  it("asks for input, wakes once, and gives all that came", async () => {
    const driver = new ScriptedDriver();
    const { connection } = driver;
    let wakes = 0;
    connection.own({ ...nobody, onWake: () => void (wakes += 1) });
    connection.park();
    expect(driver.pulls).toBe(1);
    driver.push(1);
    driver.push(2);
    connection.end();
    expect(wakes).toBe(1);
    const chunks: number[] = [];
    for await (const chunk of connection.readable) chunks.push(...chunk);
    expect(chunks).toEqual([1, 2]);
  });

  it("is over, without a wake, when the connection is closed meanwhile", async () => {
    const driver = new ScriptedDriver();
    const { connection } = driver;
    let wakes = 0;
    connection.own({ ...nobody, onWake: () => void (wakes += 1) });
    connection.park();
    const closed = connection.close();
    driver.push(1);
    connection.end();
    await closed;
    expect(wakes).toBe(0);
    expect((await connection.readable.getReader().read()).done).toBe(true);
  });
});

describe("own", () => {
  const broken = new SpillwayError("connection-reset", "test");
  const inOrder = (connection: DriverConnection): void => {
    void connection.close();
    connection.end();
  };
  const reset = (connection: DriverConnection): void => connection.fail(broken);

  it.each([
    { name: "in order", end: inOrder, expected: undefined },
    { name: "broken", end: reset, expected: broken },
  ])("tells of an end $name in a microtask of its own, as closed does", async ({ end, expected }) => {
    const { connection } = new ScriptedDriver();
    const told: unknown[] = [];
    connection.own({ ...nobody, onClosed: (error) => void told.push(error) });
    end(connection);
    expect(told).toEqual([]);
    expect(await connection.closed).toBe(expected);
    expect(told).toEqual([expected]);
  });

  it("takes one owner", () => {
    const { connection } = new ScriptedDriver();
    const owner = { ...nobody };
    connection.own(owner);
    expect(() => connection.own(owner)).toThrow(TypeError);
  });

  it("tells who comes late", async () => {
    const { connection } = new ScriptedDriver();
    connection.fail(broken);
    const told: unknown[] = [];
    connection.own({ ...nobody, onClosed: (error) => void told.push(error) });
    expect(told).toEqual([]);
    await tickEnd();
    expect(told).toEqual([broken]);
  });
});
