// A fleet on a real Redis server, which the tests start, kill, stop and restart.
import { createClient } from "@redis/client";
import { describe, expect, it } from "vitest";
import {
  type FleetContext,
  type RedisStreamsOptions,
  type RedisWorkerOptions,
  redisStreams,
  redisWorker,
} from "../../src/compute/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import type { Broker } from "./support/broker.ts";
import { brokerFleet } from "./support/broker_fleet.ts";
import { ask, type BrokerKind, BrokerTrial, closeBrokerTrialsAfterEach } from "./support/broker_trial.ts";
import { HeldWork } from "./support/remote_trial.ts";

const STREAM = "work";
const IMPATIENT = { connection: { pingInterval: 100, socket: { socketTimeout: 1_500 } } };

const REDIS: BrokerKind<RedisStreamsOptions<string>, RedisWorkerOptions> = {
  broker: "redis",
  fleet: (url, options) => redisStreams<string>({ url, stream: STREAM, observer: () => undefined, ...options }),
  worker: (url, handler, options) =>
    redisWorker({ url, stream: STREAM, handler, observer: () => undefined, ...options }),
  impatient: { fleet: { replyTimeoutMs: Infinity, ...IMPATIENT }, worker: IMPATIENT },
};

const start = () => BrokerTrial.start(REDIS);
closeBrokerTrialsAfterEach();

/** Another program that looks into the server. */
async function lookInto<Found>(
  broker: Broker,
  look: (send: (...parts: string[]) => Promise<unknown>) => Promise<Found>,
): Promise<Found> {
  const client = createClient({ url: broker.url, RESP: 2 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await look((...parts) => client.sendCommand(parts));
  } finally {
    client.destroy();
  }
}

describe("a fleet on Redis streams", { timeout: 60_000 }, () => {
  brokerFleet(REDIS);

  it("leaves neither a refused frame nor a handled one in the stream", async () => {
    const trial = await start();
    const fleet = trial.fleet();
    expect(await ask(fleet, "a")).toBe("no-workers");
    expect(await lookInto(trial.broker, (send) => send("XLEN", STREAM))).toBe(0);
    await trial.worker((line) => {
      if (line === "bad") throw new RangeError("no");
      return line;
    });
    const replies = await Promise.all(["b", "bad", "c"].map((line) => ask(fleet, line)));
    expect(replies).toEqual(["b", "RangeError", "c"]);
    expect(await lookInto(trial.broker, (send) => send("XLEN", STREAM))).toBe(0);
  });

  it("keeps a frame for the next worker if it is asked to", async () => {
    const trial = await start();
    const fleet = trial.fleet({ withoutWorkers: "keep" });
    const kept = ask(fleet, "a");
    await eventually(() => fleet.stats().busy === 1);
    await trial.worker((line) => `${line}!`);
    expect(await kept).toBe("a!");
  });

  it("refuses a frame as fleet-busy instead of trimming what nobody has handled", async () => {
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler, { concurrency: 1 });
    const fleet = trial.fleet({ maxLength: 3 });
    const all = ["a", "b", "c", "d"].map((line) => ask(fleet, line));
    expect(await all[3]).toBe("fleet-busy");
    for (let done = 1; done <= 3; done++) {
      await eventually(() => work.frames.length >= done);
      work.answer(1);
    }
    expect([await Promise.all(all.slice(0, 3)), work.frames]).toEqual([
      ["done", "done", "done"],
      ["a", "b", "c"],
    ]);
  });

  it("has no consumer for a worker that has drained", async () => {
    const trial = await start();
    const works = [new HeldWork(), new HeldWork()];
    const [leaving] = await Promise.all(works.map(({ handler }) => trial.worker(handler, { concurrency: 1 })));
    const fleet = trial.fleet();
    const all = ["a", "b"].map((line) => ask(fleet, line));
    await eventually(() => works.every(({ frames }) => frames.length === 1));
    const consumers = () =>
      lookInto(trial.broker, async (send) => {
        const lists = (await send("XINFO", "CONSUMERS", STREAM, "spillway")) as unknown[];
        return lists.length;
      });
    expect(await consumers()).toBe(2);
    for (const work of works) work.answer();
    expect(await Promise.all(all)).toEqual(["done", "done"]);
    await leaving?.drain();
    expect(await consumers()).toBe(1);
  });

  it("does not give what a worker is still at to another, however long it takes", async () => {
    const trial = await start();
    const work = new HeldWork();
    // A busy machine runs timers late: so long is it away only when it was stopped.
    await trial.worker(work.handler, { claimAfterMs: 1_500 });
    await trial.worker(work.handler, { claimAfterMs: 1_500 });
    const fleet = trial.fleet();
    const asked = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    // The other one has looked for what is left several times.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    work.answer(1);
    expect([await asked, work.frames]).toEqual(["done", ["a"]]);
  });

  it("puts a frame aside that was delivered too often, and tells its requester", async () => {
    const trial = await start();
    const fleet = trial.fleet({ withoutWorkers: "keep", key: (line) => `key of ${line}` });
    const asked = ask(fleet, "poison");
    await eventually(() => fleet.stats().busy === 1);
    // Workers that read it, and die.
    await lookInto(trial.broker, async (send) => {
      while (Number(await send("XLEN", STREAM)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await send("XGROUP", "CREATE", STREAM, "spillway", "0");
      await send("XREADGROUP", "GROUP", "spillway", "dead", "STREAMS", STREAM, ">");
      await send("XAUTOCLAIM", STREAM, "spillway", "dead too", "0", "0");
    });
    const events: unknown[] = [];
    const handled: FleetContext[] = [];
    const handler = (_: string, context: FleetContext) => {
      handled.push(context);
      return "done";
    };
    await trial.worker(handler, {
      claimAfterMs: 100,
      maxDeliveries: 2,
      observer: (event) => void events.push(event),
    });
    expect(await asked).toBe("worker-failed");
    expect(handled).toEqual([]);
    await eventually(() => events.length > 1);
    expect(events).toContainEqual({ type: "dead-letter", id: expect.any(String), deliveries: 2 });
    const [[, fields]] = (await lookInto(trial.broker, (send) => send("XRANGE", `${STREAM}:dead`, "-", "+"))) as [
      [string, string[]],
    ];
    expect(fields).toEqual(["f", "tpoison", "k", "key of poison", "id", expect.any(String), "deliveries", "2"]);
    expect(await lookInto(trial.broker, (send) => send("XLEN", STREAM))).toBe(0);
  });

  it("gives what a dead worker has left to another, with the same key and the number of the delivery", async () => {
    const trial = await start();
    const fleet = trial.fleet({ withoutWorkers: "keep", key: (line) => `key of ${line}` });
    const asked = ask(fleet, "a");
    await lookInto(trial.broker, async (send) => {
      while (Number(await send("XLEN", STREAM)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await send("XGROUP", "CREATE", STREAM, "spillway", "0");
      await send("XREADGROUP", "GROUP", "spillway", "dead", "STREAMS", STREAM, ">");
    });
    await trial.worker((line, { deliveries, key }) => `${line} ${key} ${deliveries}`, { claimAfterMs: 100 });
    expect(await asked).toBe("a key of a 2");
  });

  it("has a frame handled although its requester is gone", async () => {
    const trial = await start();
    const fleet = trial.fleet({ withoutWorkers: "keep" });
    const asked = ask(fleet, "a");
    await eventually(() => fleet.stats().busy === 1);
    await lookInto(trial.broker, async (send) => {
      while (Number(await send("XLEN", STREAM)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await fleet.close();
    expect(await asked).toBe("fleet-closed");
    const handled: string[] = [];
    await trial.worker((line) => {
      handled.push(line);
      return "done";
    });
    await eventually(() => handled.length === 1);
    // Replies that nobody takes do not stay for ever.
    const lives = await lookInto(trial.broker, async (send) => {
      let keys: string[] = [];
      while (keys.length === 0) keys = (await send("KEYS", `${STREAM}:replies:*`)) as string[];
      return Number(await send("PTTL", keys[0] as string));
    });
    expect(lives).toBeGreaterThan(0);
  });

  it("keeps what waits for a reply while the server is killed and restarted", async () => {
    const trial = await start();
    const work = new HeldWork();
    const worker = await trial.worker(work.handler, { claimAfterMs: 500 });
    const fleet = trial.fleet({ waitForWorkersMs: 20_000 });
    const asked = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    // When the next one has come, the requester has been told that the first one is in the stream.
    const next = ask(fleet, "b");
    await eventually(() => work.frames.length === 2);
    await trial.broker.kill();
    await eventually(() => !worker.stats().connected && fleet.stats().workers === 0);
    const later = ask(fleet, "c");
    await trial.broker.start();
    await eventually(() => worker.stats().connected);
    work.answer(2);
    expect(await asked).toBe("done");
    expect(["done", "worker-lost"]).toContain(await next);
    await eventually(() => work.frames.includes("c"));
    work.answer(work.frames.length);
    expect(await later).toBe("done");
  });

  it("goes on when somebody empties the database", async () => {
    const trial = await start();
    await trial.worker((line) => line);
    const fleet = trial.fleet({ withoutWorkers: "keep" });
    expect(await ask(fleet, "a")).toBe("a");
    await lookInto(trial.broker, (send) => send("FLUSHALL"));
    expect(await ask(fleet, "b")).toBe("b");
  });

  it("fails as worker-timeout, and the frame is handled all the same", async () => {
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler);
    const fleet = trial.fleet({ replyTimeoutMs: 100 });
    expect(await ask(fleet, "a")).toBe("worker-timeout");
    await eventually(() => work.frames.length === 1);
    work.answer(1);
    const next = ask(trial.fleet(), "b");
    await eventually(() => work.frames.length === 2);
    work.answer(1);
    expect(await next).toBe("done");
  });
});
