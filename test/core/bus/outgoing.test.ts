import { describe, expect, it } from "vitest";
import { type BusConnection, CONTROL_TOPIC } from "../../../src/core/bus/bus.ts";
import { Outgoing } from "../../../src/core/bus/outgoing.ts";
import { type Batch, readMessage, writeFrame } from "../../../src/core/bus/wire.ts";
import { manualClock } from "../../../src/testing/mod.ts";

/** Returns an `Outgoing` over a connection that confirms when it is told to. */
function outgoing({ maxWaitingBytes = 100_000, maxWaitMs = 10_000 } = {}) {
  const clock = manualClock();
  const broken: unknown[] = [];
  const owner = { origin: 1, epoch: 1, maxWaitingBytes, maxWaitMs, onBroken: (cause: unknown) => broken.push(cause) };
  const out = new Outgoing(clock, owner);
  const published: { topic: number; bytes: Uint8Array }[] = [];
  let confirm: () => void = () => undefined;
  const connection: BusConnection = {
    maxPayloadBytes: 1_048_576,
    publish: (topic, bytes) => published.push({ topic, bytes }),
    subscribe: () => Promise.resolve(),
    unsubscribe: () => undefined,
    flush: () =>
      new Promise((resolve) => {
        confirm = resolve;
      }),
    close: () => undefined,
  };
  const attach = () => {
    out.attach(connection);
    out.release();
  };
  const sent = () =>
    published
      .filter(({ topic }) => topic !== CONTROL_TOPIC)
      .map(({ bytes }) => {
        const { sequence, count } = readMessage(bytes) as Batch;
        return [sequence, count];
      });
  return { clock, out, attach, connection, sent, published, broken, confirm: () => confirm() };
}

function frame(bytes: number): Uint8Array {
  return writeFrame({ to: 1, name: "g", except: "", form: 1, payload: new Uint8Array(bytes) });
}

describe("the output of a server", () => {
  it("is one message for the frames of a turn, with the sequence of the first", () => {
    const { out, attach, sent } = outgoing();
    attach();
    for (let turn = 0; turn < 3; turn++) {
      for (let index = 0; index < 10; index++) out.add(7, frame(100));
      out.endTurn();
    }
    expect(sent()).toEqual([
      [0, 10],
      [10, 10],
      [20, 10],
    ]);
  });

  it("has a hole where a frame was dropped, and does not close it", () => {
    const { out, attach, sent } = outgoing({ maxWaitingBytes: 1_000 });
    out.add(7, frame(300));
    out.add(7, frame(900));
    out.add(7, frame(300));
    attach();
    expect(sent()).toEqual([
      [0, 1],
      [2, 1],
    ]);
    expect(out.counts()).toMatchObject({ framesSent: 3, framesDropped: 1 });
  });

  it("waits for confirmation when a window is in flight, and goes on then", async () => {
    const { out, attach, sent, confirm } = outgoing({ maxWaitingBytes: 10_000_000 });
    attach();
    for (let index = 0; index < 40; index++) out.add(7, frame(50_000));
    out.endTurn();
    const first = sent().length;
    expect(first).toBe(20);
    confirm();
    await Promise.resolve();
    await Promise.resolve();
    expect(sent().length).toBeGreaterThan(first);
    expect(out.waitingBytes).toBeGreaterThan(900_000);
  });

  it("forgets what was in flight with its connection, and keeps what waits", () => {
    const { out, attach, sent } = outgoing({ maxWaitingBytes: 10_000_000 });
    attach();
    for (let index = 0; index < 30; index++) out.add(7, frame(50_000));
    out.endTurn();
    const first = sent().length;
    out.detach();
    expect(out.waitingBytes).toBe((30 - first) * (50_000 + 20));
    attach();
    expect(sent()).toHaveLength(30);
  });

  it("gathers frames while the connection is away, so that they are few messages", () => {
    const { out, attach, sent } = outgoing();
    for (let turn = 0; turn < 50; turn++) {
      out.add(7, frame(10));
      out.endTurn();
    }
    attach();
    expect(sent()).toEqual([[0, 50]]);
  });

  it("drops what is stale, whether it was a message already or not", () => {
    const { clock, out, attach, sent } = outgoing();
    out.add(7, frame(10));
    out.seal();
    out.add(8, frame(10));
    clock.jump(10_001);
    out.add(9, frame(10));
    attach();
    expect(sent()).toEqual([[0, 1]]);
    expect(out.counts()).toMatchObject({ framesSent: 3, framesDropped: 2, waitingBytes: 28 });
  });

  it("holds frames until it is released, and sends what is urgent", () => {
    const { out, connection, published } = outgoing();
    out.attach(connection);
    out.add(7, frame(10));
    out.endTurn();
    out.urgent(Uint8Array.of(1));
    expect(published.map(({ topic }) => topic)).toEqual([CONTROL_TOPIC]);
    out.release();
    expect(published.map(({ topic }) => topic)).toEqual([CONTROL_TOPIC, 7]);
  });

  it("drops a message that has become too large for the broker", () => {
    const { out, connection, sent } = outgoing();
    out.add(7, frame(2_000));
    out.attach({ ...connection, maxPayloadBytes: 1_000 });
    out.release();
    expect(sent()).toEqual([]);
    expect(out.counts()).toMatchObject({ framesDropped: 1, waitingBytes: 0 });
  });

  it("reports a confirmation that fails", async () => {
    const { out, connection, broken } = outgoing();
    out.attach({ ...connection, flush: () => Promise.reject(new Error("gone")) });
    out.release();
    out.confirm();
    await Promise.resolve();
    await Promise.resolve();
    expect(broken).toEqual([new Error("gone")]);
  });
});
