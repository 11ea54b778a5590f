// A fleet on a real NATS server, which the tests start, kill, stop and restart.
import { describe, expect, it } from "vitest";
import { type NatsOptions, type NatsWorkerOptions, nats, natsWorker } from "../../src/compute/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import { brokerFleet } from "./support/broker_fleet.ts";
import { ask, type BrokerKind, BrokerTrial, closeBrokerTrialsAfterEach } from "./support/broker_trial.ts";
import { HeldWork } from "./support/remote_trial.ts";

const NATS: BrokerKind<NatsOptions, NatsWorkerOptions> = {
  broker: "nats",
  fleet: (url, options) => nats<string>({ servers: url, subject: "test.work", observer: () => undefined, ...options }),
  worker: (url, handler, options) =>
    natsWorker({ servers: url, subject: "test.work", handler, observer: () => undefined, ...options }),
  impatient: { fleet: { tryTimeoutMs: Infinity, connection: { pingInterval: 200 } }, worker: {} },
};

const start = () => BrokerTrial.start(NATS);
closeBrokerTrialsAfterEach();

describe("a fleet on NATS", { timeout: 60_000 }, () => {
  brokerFleet(NATS);

  it("refuses what the server does not take, without a word to it", async () => {
    const trial = await start();
    await trial.worker((line) => (line === "grow" ? "x".repeat(1_048_576) : line.slice(0, 3)));
    const fleet = trial.fleet();
    expect(await ask(fleet, "x".repeat(1_048_576))).toBe("payload-too-large");
    expect(await ask(fleet, "x".repeat(1_048_575))).toBe("xxx");
    expect(await ask(fleet, "grow")).toBe("payload-too-large");
  });

  it("sends what a full worker refuses to another", async () => {
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler, { concurrency: 1, maxQueue: 1 });
    await trial.worker(() => "free");
    const fleet = trial.fleet({ maxTries: 20 });
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
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler, { concurrency: 1, maxQueue: 1 });
    const fleet = trial.fleet();
    const all = ["a", "b"].map((line) => ask(fleet, line));
    await eventually(() => work.frames.length === 1);
    expect(await ask(fleet, "c")).toBe("fleet-busy");
    work.answer(1);
    await eventually(() => work.frames.length === 2);
    work.answer(1);
    expect(await Promise.all(all)).toEqual(["done", "done"]);
  });

  it("rejects what has no reply as worker-lost when the server is killed, and goes on when it is back", async () => {
    const trial = await start();
    const work = new HeldWork();
    const worker = await trial.worker(work.handler);
    const fleet = trial.fleet({ waitForWorkersMs: 20_000 });
    const lost = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    await trial.broker.kill();
    expect(await lost).toBe("worker-lost");
    work.answer(1);
    // It waits for the server, and is sent once.
    const waiting = ask(fleet, "b");
    await eventually(() => fleet.stats().queued === 1);
    await eventually(() => !worker.stats().connected);
    await trial.broker.start();
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

  it("tries again what took too long if it is idempotent: a stopped worker goes on being fed", async () => {
    const trial = await start();
    const hung = new HeldWork();
    await trial.worker(hung.handler, { concurrency: 64, maxQueue: 64, handlerTimeoutMs: Infinity });
    await trial.worker(() => "good");
    const fleet = trial.fleet({ idempotent: true, tryTimeoutMs: 50, maxTries: 30 });
    const replies = await Promise.all(Array.from({ length: 20 }, (_, line) => ask(fleet, `${line}`)));
    expect(replies).toEqual(replies.map(() => "good"));
    const strict = trial.fleet({ tryTimeoutMs: 50 });
    const both = await Promise.all(Array.from({ length: 40 }, (_, line) => ask(strict, `${line}`)));
    expect(new Set(both)).toEqual(new Set(["good", "worker-timeout"]));
    hung.answer(hung.frames.length);
  });
});
