import { expect, it } from "vitest";
import type { FleetEvent, FleetOptions, FleetWorkerOptions } from "../../../src/compute/mod.ts";
import { eventually, gate } from "../../conformance/support/platform.ts";
import { ask, type BrokerKind, BrokerTrial } from "./broker_trial.ts";
import { HeldWork } from "./remote_trial.ts";

/** The options that all fleets on brokers have. */
interface Requester extends FleetOptions {
  readonly maxInFlight?: number;
}

/** The contract of a fleet on a broker, whichever the broker is. */
export function brokerFleet(kind: BrokerKind<Requester, FleetWorkerOptions>): void {
  const start = () => BrokerTrial.start(kind);

  it("fails as no-workers while no worker is there", async () => {
    const trial = await start();
    const fleet = trial.fleet();
    expect(await ask(fleet, "a")).toBe("no-workers");
    expect(fleet.stats()).toMatchObject({ workers: 1, busy: 0, failed: 1 });
  });

  it("has its frames computed by all workers, whose errors it gets", async () => {
    const trial = await start();
    const fleet = trial.fleet();
    const working = new Set<string>();
    const all = gate();
    const by = (name: string) => async (line: string) => {
      if (line === "bad") throw new RangeError("no");
      if (working.add(name).size === 2) all.open();
      await all.promise;
      return name;
    };
    await Promise.all(["one", "two"].map((name) => trial.worker(by(name))));
    const replies = await Promise.all(Array.from({ length: 60 }, (_, line) => ask(fleet, `${line}`)));
    expect(new Set(replies)).toEqual(new Set(["one", "two"]));
    expect(await ask(fleet, "bad")).toBe("RangeError");
  });

  it("takes user and password from the address of the broker, and shows them to nobody", async () => {
    const trial = await BrokerTrial.start(kind, "p@ss:word");
    await trial.worker((line) => line);
    expect(await ask(trial.fleet(), "a")).toBe("a");
    const events: FleetEvent[] = [];
    const observer = (event: FleetEvent) => void events.push(event);
    const refused = trial.fleet({ observer }, trial.broker.urlWith("wr@ng"));
    expect(await ask(refused, "b")).toBe("no-workers");
    const shown = events.map((event) => ("error" in event ? event.error.message : event.type));
    expect(shown.length).toBeGreaterThan(0);
    expect(`${shown.join()} ${events.map(({ address }) => address).join()}`).not.toMatch(/wr(@|%40)ng/);
  });

  it("carries bytes and JSON", async () => {
    const trial = await start();
    await trial.worker(((frame: unknown) => frame) as never);
    const fleet = trial.fleet();
    const { signal } = new AbortController();
    for (const frame of [Uint8Array.of(0, 255, 10, 13), { a: [null, "ä"] }, ""]) {
      expect(await fleet.handler(frame as never, { signal })).toEqual(frame);
    }
  });

  it("has no more in flight than maxInFlight, and refuses what waits beyond maxQueue", async () => {
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler);
    const fleet = trial.fleet({ maxInFlight: 2, maxQueue: 1 });
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

  it("loses nothing and has nothing handled twice when workers leave and come under load", async () => {
    const trial = await start();
    const handled = new Map<string, number>();
    const handler = async (line: string) => {
      handled.set(line, (handled.get(line) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return line;
    };
    const fleet = trial.fleet();
    let workers = await Promise.all([trial.worker(handler), trial.worker(handler)]);
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
      const joined = await trial.worker(handler);
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

  it("fails as no-workers after waitForWorkersMs while the broker is away", async () => {
    const trial = await start();
    const fleet = trial.fleet({ waitForWorkersMs: 100 });
    await fleet.ready();
    await trial.broker.kill();
    await eventually(() => fleet.stats().workers === 0);
    expect(await ask(fleet, "a")).toBe("no-workers");
  });

  it("notices a broker that hangs: a frame without a reply is lost, and the fleet is back with the broker", async () => {
    const trial = await start();
    await trial.worker((line) => line, kind.impatient.worker);
    const fleet = trial.fleet({ ...kind.impatient.fleet, waitForWorkersMs: 30_000 });
    expect(await ask(fleet, "a")).toBe("a");
    trial.broker.signal("SIGSTOP");
    let reply: string | undefined;
    do reply = await ask(fleet, "b");
    while (reply === "b");
    expect(reply).toBe("worker-lost");
    trial.broker.signal("SIGCONT");
    // The fleet may be back before the worker, or be cut off once more.
    do reply = await ask(fleet, "c");
    while (reply === "no-workers" || reply === "worker-lost");
    expect(reply).toBe("c");
  });

  it("rejects with the reason of a signal at once, and drops the late reply", async () => {
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler);
    const fleet = trial.fleet();
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

  it("fails a frame without a reply as fleet-closed when it is closed, and each later one", async () => {
    const trial = await start();
    const work = new HeldWork();
    await trial.worker(work.handler);
    const fleet = trial.fleet();
    const asked = ask(fleet, "a");
    await eventually(() => work.frames.length === 1);
    await fleet.close();
    expect([await asked, await ask(fleet, "b")]).toEqual(["fleet-closed", "fleet-closed"]);
    work.answer(1);
  });

  it("is told of a frame that a worker aborts because its drain takes too long", async () => {
    const trial = await start();
    const signals: AbortSignal[] = [];
    const worker = await trial.worker((_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const fleet = trial.fleet();
    const asked = ask(fleet, "a");
    await eventually(() => signals.length === 1);
    expect(await worker.drain({ timeoutMs: 50 })).toEqual({ drained: 0, aborted: 1 });
    expect([await asked, signals[0]?.aborted]).toEqual(["drain-timeout", true]);
  });
}
