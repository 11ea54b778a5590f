// A fleet on a real Redis server, which the tests start, kill, stop and restart.
import { createClient } from "@redis/client";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Fleet,
  type FleetContext,
  type FleetHandler,
  type FleetWorker,
  type RedisStreamsOptions,
  type RedisWorkerOptions,
  redisStreams,
  redisWorker,
} from "../../src/compute/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import { Broker, removeBrokersAfterEach } from "./support/broker.ts";
import { codeOf, HeldWork } from "./support/remote_trial.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
removeBrokersAfterEach();

const STREAM = "work";

function fleetOf(broker: Broker, options: Partial<RedisStreamsOptions<string>> = {}): Fleet<string, string> {
  const fleet = redisStreams<string>({ url: broker.url, stream: STREAM, observer: () => undefined, ...options });
  open.push(fleet);
  return fleet;
}

async function workerOf(
  broker: Broker,
  handler: FleetHandler<string, string>,
  options: Partial<RedisWorkerOptions> = {},
): Promise<FleetWorker> {
  const worker = redisWorker({ url: broker.url, stream: STREAM, handler, observer: () => undefined, ...options });
  open.unshift(worker);
  await worker.ready();
  return worker;
}

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

function ask(fleet: Fleet<string, string>, frame: string, signal: AbortSignal = new AbortController().signal) {
  return fleet.handler(frame, { signal }).catch(codeOf);
}

describe("a fleet on Redis streams", { timeout: 60_000 }, () => {
  it("refuses a frame as no-workers while no worker is there", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker);
    expect(await ask(fleet, "a")).toBe("no-workers");
    expect(await lookInto(broker, (send) => send("XLEN", STREAM))).toBe(0);
  });

  it("keeps a frame for the next worker if it is asked to", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker, { withoutWorkers: "keep" });
    const kept = ask(fleet, "a");
    await eventually(() => fleet.stats().busy === 1);
    await workerOf(broker, (line) => `${line}!`);
    expect(await kept).toBe("a!");
  });

  it("has its frames computed by all workers, whose errors it gets, and leaves nothing in the stream", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker);
    const by = (name: string) => async (line: string) => {
      if (line === "bad") throw new RangeError("no");
      await new Promise((resolve) => setTimeout(resolve, 1));
      return name;
    };
    await Promise.all([
      workerOf(broker, by("one"), { concurrency: 2 }),
      workerOf(broker, by("two"), { concurrency: 2 }),
    ]);
    const replies = await Promise.all(Array.from({ length: 60 }, (_, line) => ask(fleet, `${line}`)));
    expect(new Set(replies)).toEqual(new Set(["one", "two"]));
    expect(await ask(fleet, "bad")).toBe("RangeError");
    expect(await lookInto(broker, (send) => send("XLEN", STREAM))).toBe(0);
  });

  it("carries bytes and JSON", async () => {
    const broker = await Broker.start("redis");
    await workerOf(broker, ((frame: unknown) => frame) as never);
    const fleet = fleetOf(broker);
    const { signal } = new AbortController();
    for (const frame of [Uint8Array.of(0, 255, 10, 13), { a: [null, "ä"] }, ""]) {
      expect(await fleet.handler(frame as never, { signal })).toEqual(frame);
    }
  });

  it("refuses a frame as fleet-busy instead of trimming what nobody has handled", async () => {
    const broker = await Broker.start("redis");
    const work = new HeldWork();
    await workerOf(broker, work.handler, { concurrency: 1 });
    const fleet = fleetOf(broker, { maxLength: 3 });
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

  it("has no more in flight than maxInFlight, and refuses what waits beyond maxQueue", async () => {
    const broker = await Broker.start("redis");
    const work = new HeldWork();
    await workerOf(broker, work.handler);
    const fleet = fleetOf(broker, { maxInFlight: 2, maxQueue: 1 });
    await fleet.ready();
    const all = ["a", "b", "c", "d"].map((line) => ask(fleet, line));
    expect(await all[3]).toBe("fleet-busy");
    await eventually(() => work.frames.length === 2);
    expect(fleet.stats()).toMatchObject({ busy: 2, queued: 1 });
    for (let done = 1; done <= 3; done++) {
      await eventually(() => work.frames.length >= done);
      work.answer(1);
    }
    await Promise.all(all);
  });

  it("loses nothing and has nothing handled twice when workers leave and come under load", async () => {
    const broker = await Broker.start("redis");
    const handled = new Map<string, number>();
    const handler = async (line: string) => {
      handled.set(line, (handled.get(line) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return line;
    };
    const fleet = fleetOf(broker);
    let workers = await Promise.all([workerOf(broker, handler), workerOf(broker, handler)]);
    let next = 0;
    const traffic = { running: true };
    const failures: unknown[] = [];
    const load = Array.from({ length: 10 }, async () => {
      while (traffic.running) {
        const line = `${next++}`;
        const reply = await ask(fleet, line);
        if (reply !== line) failures.push([line, reply]);
      }
    });
    for (let round = 0; round < 3; round++) {
      const joined = await workerOf(broker, handler);
      const [leaving, staying] = workers;
      expect(await leaving.drain()).toMatchObject({ aborted: 0 });
      workers = [staying, joined];
    }
    traffic.running = false;
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect([handled.size, [...handled.values()].every((count) => count === 1)]).toEqual([next, true]);
    const consumers = (await lookInto(broker, (send) => send("XINFO", "CONSUMERS", STREAM, "spillway"))) as unknown[];
    expect(consumers).toHaveLength(2);
  });

  it("does not give what a worker is still at to another, however long it takes", async () => {
    const broker = await Broker.start("redis");
    const work = new HeldWork();
    // A busy machine runs timers late: so long is it away only when it was stopped.
    await workerOf(broker, work.handler, { claimAfterMs: 1_500 });
    await workerOf(broker, work.handler, { claimAfterMs: 1_500 });
    const fleet = fleetOf(broker);
    const asked = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    // The other one has looked for what is left several times.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    work.answer(1);
    expect([await asked, work.frames]).toEqual(["done", ["a"]]);
  });

  it("puts a frame aside that was delivered too often, and tells its requester", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker, { withoutWorkers: "keep", key: (line) => `key of ${line}` });
    const asked = ask(fleet, "poison");
    await eventually(() => fleet.stats().busy === 1);
    // Workers that read it, and die.
    await lookInto(broker, async (send) => {
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
    await workerOf(broker, handler, {
      claimAfterMs: 100,
      maxDeliveries: 2,
      observer: (event) => void events.push(event),
    });
    expect(await asked).toBe("worker-failed");
    expect(handled).toEqual([]);
    await eventually(() => events.length > 1);
    expect(events).toContainEqual({ type: "dead-letter", id: expect.any(String), deliveries: 2 });
    const [[, fields]] = (await lookInto(broker, (send) => send("XRANGE", `${STREAM}:dead`, "-", "+"))) as [
      [string, string[]],
    ];
    expect(fields).toEqual(["f", "tpoison", "k", "key of poison", "id", expect.any(String), "deliveries", "2"]);
    expect(await lookInto(broker, (send) => send("XLEN", STREAM))).toBe(0);
  });

  it("gives what a dead worker has left to another, with the same key and the number of the delivery", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker, { withoutWorkers: "keep", key: (line) => `key of ${line}` });
    const asked = ask(fleet, "a");
    await lookInto(broker, async (send) => {
      while (Number(await send("XLEN", STREAM)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await send("XGROUP", "CREATE", STREAM, "spillway", "0");
      await send("XREADGROUP", "GROUP", "spillway", "dead", "STREAMS", STREAM, ">");
    });
    await workerOf(broker, (line, { deliveries, key }) => `${line} ${key} ${deliveries}`, { claimAfterMs: 100 });
    expect(await asked).toBe("a key of a 2");
  });

  it("has a frame handled although its requester is gone", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker, { withoutWorkers: "keep" });
    const asked = ask(fleet, "a");
    await eventually(() => fleet.stats().busy === 1);
    await lookInto(broker, async (send) => {
      while (Number(await send("XLEN", STREAM)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await fleet.close();
    expect(await asked).toBe("fleet-closed");
    const handled: string[] = [];
    await workerOf(broker, (line) => {
      handled.push(line);
      return "done";
    });
    await eventually(() => handled.length === 1);
    // Replies that nobody takes do not stay for ever.
    const lives = await lookInto(broker, async (send) => {
      let keys: string[] = [];
      while (keys.length === 0) keys = (await send("KEYS", `${STREAM}:replies:*`)) as string[];
      return Number(await send("PTTL", keys[0] as string));
    });
    expect(lives).toBeGreaterThan(0);
  });

  it("keeps what waits for a reply while the server is killed and restarted", async () => {
    const broker = await Broker.start("redis");
    const work = new HeldWork();
    const worker = await workerOf(broker, work.handler, { claimAfterMs: 500 });
    const fleet = fleetOf(broker, { waitForWorkersMs: 20_000 });
    const asked = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    // When the next one has come, the requester has been told that the first one is in the stream.
    const next = ask(fleet, "b");
    await eventually(() => work.frames.length === 2);
    await broker.kill();
    await eventually(() => !worker.stats().connected && fleet.stats().workers === 0);
    const later = ask(fleet, "c");
    await broker.start();
    await eventually(() => worker.stats().connected);
    work.answer(2);
    expect(await asked).toBe("done");
    expect(["done", "worker-lost"]).toContain(await next);
    await eventually(() => work.frames.includes("c"));
    work.answer(work.frames.length);
    expect(await later).toBe("done");
  });

  it("fails as no-workers after waitForWorkersMs while the server is away", async () => {
    const broker = await Broker.start("redis");
    const fleet = fleetOf(broker, { waitForWorkersMs: 100 });
    await fleet.ready();
    await broker.kill();
    await eventually(() => fleet.stats().workers === 0);
    expect(await ask(fleet, "a")).toBe("no-workers");
  });

  it("notices a server that hangs, and goes on when it is back", async () => {
    const broker = await Broker.start("redis");
    const connection = { pingInterval: 100, socket: { socketTimeout: 1_500 } };
    await workerOf(broker, (line) => line, { connection });
    const fleet = fleetOf(broker, { waitForWorkersMs: 30_000, connection });
    expect(await ask(fleet, "a")).toBe("a");
    broker.signal("SIGSTOP");
    let reply: string | undefined;
    do reply = await ask(fleet, "b");
    while (reply === "b");
    // It may have been added.
    expect(reply).toBe("worker-lost");
    broker.signal("SIGCONT");
    do reply = await ask(fleet, "c");
    while (reply === "no-workers" || reply === "worker-lost");
    expect(reply).toBe("c");
  });

  it("goes on when somebody empties the database", async () => {
    const broker = await Broker.start("redis");
    await workerOf(broker, (line) => line);
    const fleet = fleetOf(broker, { withoutWorkers: "keep" });
    expect(await ask(fleet, "a")).toBe("a");
    await lookInto(broker, (send) => send("FLUSHALL"));
    expect(await ask(fleet, "b")).toBe("b");
  });

  it("fails as worker-timeout, and the frame is handled all the same", async () => {
    const broker = await Broker.start("redis");
    const work = new HeldWork();
    await workerOf(broker, work.handler);
    const fleet = fleetOf(broker, { replyTimeoutMs: 100 });
    expect(await ask(fleet, "a")).toBe("worker-timeout");
    await eventually(() => work.frames.length === 1);
    work.answer(1);
    const next = ask(fleetOf(broker), "b");
    await eventually(() => work.frames.length === 2);
    work.answer(1);
    expect(await next).toBe("done");
  });
});
