// A fleet on a real NATS server, which the tests start, kill, stop and restart.
import { afterEach, describe, expect, it } from "vitest";
import {
  type Fleet,
  type FleetHandler,
  type FleetWorker,
  type NatsOptions,
  nats,
  natsWorker,
} from "../../src/compute/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import { Broker, removeBrokersAfterEach } from "./support/broker.ts";
import { codeOf, HeldWork } from "./support/remote_trial.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
removeBrokersAfterEach();

const SUBJECT = "test.work";

function fleetOf(broker: Broker, options: Partial<NatsOptions> = {}): Fleet<string, string> {
  const fleet = nats<string>({ servers: broker.url, subject: SUBJECT, observer: () => undefined, ...options });
  open.push(fleet);
  return fleet;
}

async function workerOf(
  broker: Broker,
  handler: FleetHandler<string, string>,
  options: object = {},
): Promise<FleetWorker> {
  const worker = natsWorker({ servers: broker.url, subject: SUBJECT, handler, observer: () => undefined, ...options });
  open.unshift(worker);
  await worker.ready();
  return worker;
}

function ask(fleet: Fleet<string, string>, frame: string, signal: AbortSignal = new AbortController().signal) {
  return fleet.handler(frame, { signal }).catch(codeOf);
}

describe("a fleet on NATS", { timeout: 60_000 }, () => {
  it("fails at once as no-workers while nobody listens", async () => {
    const fleet = fleetOf(await Broker.start("nats"));
    expect(await ask(fleet, "a")).toBe("no-workers");
    expect(fleet.stats()).toMatchObject({ workers: 1, busy: 0, failed: 1 });
  });

  it("has its frames computed by all workers, whose errors it gets", async () => {
    const broker = await Broker.start("nats");
    const fleet = fleetOf(broker);
    const by = (name: string) => (line: string) => {
      if (line === "bad") throw new RangeError("no");
      return name;
    };
    await Promise.all([workerOf(broker, by("one")), workerOf(broker, by("two"))]);
    const replies = await Promise.all(Array.from({ length: 60 }, (_, line) => ask(fleet, `${line}`)));
    expect(new Set(replies)).toEqual(new Set(["one", "two"]));
    expect(await ask(fleet, "bad")).toBe("RangeError");
  });

  it("refuses what the server does not take, without a word to it", async () => {
    const broker = await Broker.start("nats");
    await workerOf(broker, (line) => (line === "grow" ? "x".repeat(1_048_576) : line.slice(0, 3)));
    const fleet = fleetOf(broker);
    expect(await ask(fleet, "x".repeat(1_048_576))).toBe("payload-too-large");
    expect(await ask(fleet, "x".repeat(1_048_575))).toBe("xxx");
    expect(await ask(fleet, "grow")).toBe("payload-too-large");
  });

  it("has no more in flight than maxInFlight, and refuses what waits beyond maxQueue", async () => {
    const broker = await Broker.start("nats");
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
    expect(await Promise.all(all)).toEqual(["done", "done", "done", "fleet-busy"]);
  });

  it("sends what a full worker refuses to another", async () => {
    const broker = await Broker.start("nats");
    const work = new HeldWork();
    await workerOf(broker, work.handler, { concurrency: 1, maxQueue: 1 });
    await workerOf(broker, () => "free");
    const fleet = fleetOf(broker, { maxTries: 20 });
    const replies: (string | undefined)[] = [];
    const all = Array.from({ length: 40 }, (_, line) => ask(fleet, `${line}`).then((reply) => replies.push(reply)));
    await eventually(() => replies.length === 38);
    expect(new Set(replies)).toEqual(new Set(["free"]));
    expect(fleet.stats().retries).toBeGreaterThan(0);
    work.answer(1);
    await eventually(() => work.frames.length === 2);
    work.answer(1);
    await Promise.all(all);
  });

  it("fails as fleet-busy when every try was refused", async () => {
    const broker = await Broker.start("nats");
    const work = new HeldWork();
    await workerOf(broker, work.handler, { concurrency: 1, maxQueue: 1 });
    const fleet = fleetOf(broker);
    const all = ["a", "b"].map((line) => ask(fleet, line));
    await eventually(() => work.frames.length === 1);
    expect(await ask(fleet, "c")).toBe("fleet-busy");
    work.answer(1);
    await eventually(() => work.frames.length === 2);
    work.answer(1);
    expect(await Promise.all(all)).toEqual(["done", "done"]);
  });

  it("loses nothing and has nothing handled twice when workers leave and come under load", async () => {
    const broker = await Broker.start("nats");
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
    for (let round = 0; round < 6; round++) {
      const joined = await workerOf(broker, handler);
      const [leaving, staying] = workers;
      expect(await leaving.drain()).toMatchObject({ aborted: 0 });
      workers = [staying, joined];
    }
    traffic.running = false;
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(handled.size).toBe(next);
    expect([...handled.values()].every((count) => count === 1)).toBe(true);
  });

  it("rejects what has no reply as worker-lost when the server is killed, and goes on when it is back", async () => {
    const broker = await Broker.start("nats");
    const work = new HeldWork();
    const worker = await workerOf(broker, work.handler);
    const fleet = fleetOf(broker, { waitForWorkersMs: 20_000 });
    const lost = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    await broker.kill();
    expect(await lost).toBe("worker-lost");
    work.answer(1);
    // It waits for the server, and is sent once.
    const waiting = ask(fleet, "b");
    await eventually(() => fleet.stats().queued === 1);
    await eventually(() => !worker.stats().connected);
    await broker.start();
    let reply: string | undefined;
    void waiting.then((settled) => {
      reply = settled;
    });
    // The requester may be back before the worker is.
    await eventually(() => work.frames.length === 2 || reply === "no-workers");
    await eventually(() => worker.stats().connected && fleet.stats().workers === 1);
    if (reply === undefined) work.answer(1);
    expect(["done", "no-workers"]).toContain(await waiting);
  }, 60_000);

  it("fails as no-workers after waitForWorkersMs while the server is away", async () => {
    const broker = await Broker.start("nats");
    const fleet = fleetOf(broker, { waitForWorkersMs: 100 });
    await fleet.ready();
    await broker.kill();
    await eventually(() => fleet.stats().workers === 0);
    expect(await ask(fleet, "a")).toBe("no-workers");
  });

  it("notices a server that hangs: what has no reply is lost, and comes back with it", async () => {
    const broker = await Broker.start("nats");
    await workerOf(broker, (line) => line);
    const fleet = fleetOf(broker, {
      tryTimeoutMs: Infinity,
      waitForWorkersMs: 30_000,
      connection: { pingInterval: 200 },
    });
    expect(await ask(fleet, "a")).toBe("a");
    broker.signal("SIGSTOP");
    let reply: string | undefined;
    do reply = await ask(fleet, "b");
    while (reply === "b");
    expect(reply).toBe("worker-lost");
    broker.signal("SIGCONT");
    do reply = await ask(fleet, "c");
    while (reply === "no-workers");
    expect(reply).toBe("c");
  });

  it("tries again what took too long if it is idempotent: a stopped worker goes on being fed", async () => {
    const broker = await Broker.start("nats");
    const hung = new HeldWork();
    await workerOf(broker, hung.handler, { concurrency: 64, maxQueue: 64, handlerTimeoutMs: Infinity });
    await workerOf(broker, () => "good");
    const fleet = fleetOf(broker, { idempotent: true, tryTimeoutMs: 50, maxTries: 30 });
    const replies = await Promise.all(Array.from({ length: 20 }, (_, line) => ask(fleet, `${line}`)));
    expect(replies).toEqual(replies.map(() => "good"));
    const strict = fleetOf(broker, { tryTimeoutMs: 50 });
    const both = await Promise.all(Array.from({ length: 40 }, (_, line) => ask(strict, `${line}`)));
    expect(new Set(both)).toEqual(new Set(["good", "worker-timeout"]));
    hung.answer(hung.frames.length);
  });

  it("rejects with the reason of a signal at once, and drops the late reply", async () => {
    const broker = await Broker.start("nats");
    const work = new HeldWork();
    await workerOf(broker, work.handler);
    const fleet = fleetOf(broker);
    const controller = new AbortController();
    const asked = ask(fleet, "a", controller.signal);
    await eventually(() => work.frames.length === 1);
    controller.abort();
    expect(await asked).toBe("AbortError");
    expect(fleet.stats()).toMatchObject({ busy: 0 });
    work.answer(1);
    const next = ask(fleet, "b");
    await eventually(() => work.frames.length === 2);
    work.answer(1);
    expect(await next).toBe("done");
  });

  it("fails what has no reply as fleet-closed when it is closed", async () => {
    const broker = await Broker.start("nats");
    const work = new HeldWork();
    await workerOf(broker, work.handler);
    const fleet = fleetOf(broker);
    const asked = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    await fleet.close();
    expect([await asked, await ask(fleet, "b")]).toEqual(["fleet-closed", "fleet-closed"]);
    work.answer(1);
  });

  it("aborts what a worker has left when its drain takes too long: the requester is told", async () => {
    const broker = await Broker.start("nats");
    const signals: AbortSignal[] = [];
    const worker = await workerOf(broker, (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const fleet = fleetOf(broker);
    const asked = ask(fleet, "a");
    await eventually(() => signals.length === 1);
    expect(await worker.drain({ timeoutMs: 50 })).toEqual({ drained: 0, aborted: 1 });
    expect([await asked, signals[0]?.aborted]).toEqual(["drain-timeout", true]);
  });
});
