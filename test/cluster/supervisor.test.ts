// The supervisor's decisions, with processes that the test plays.
import { describe, expect, it } from "vitest";
import { SpillwayError } from "../../src/core/mod.ts";
import type { FakeWorker } from "./support/fake_workers.ts";
import { running, supervised } from "./support/supervised.ts";

const slots = (workers: readonly FakeWorker[]) => workers.map(({ slot }) => slot);

describe("the start of a cluster", () => {
  it("is over when every worker is ready", async () => {
    const { supervisor, types, workers } = supervised({ workers: 3 });
    expect(slots(workers.all)).toEqual([1, 2, 3]);
    workers.all[2]?.say({ type: "ready" });
    workers.all[0]?.say({ type: "ready" });
    expect([supervisor.phase, supervisor.serving]).toEqual(["starting", 2]);
    workers.all[1]?.say({ type: "ready" });
    await supervisor.ready;
    expect(supervisor.phase).toBe("running");
    expect(types().filter((type) => type !== "worker-started" && type !== "worker-ready")).toEqual(["ready"]);
  });

  it("gives up at once when a worker was used wrongly, and tells its exit code", async () => {
    const { supervisor, workers } = supervised();
    workers.all[0]?.exit(2);
    expect(workers.all).toHaveLength(2);
    // The other one has not started yet: there is nothing to drain.
    expect(workers.alive).toEqual([]);
    expect(await supervisor.finished).toMatchObject({ gaveUp: 2 });
    await expect(supervisor.ready).rejects.toBeInstanceOf(SpillwayError);
  });

  it("gives up after five workers that ended before any was ready, with growing pauses between", async () => {
    const { clock, supervisor, workers } = supervised({ workers: 1 });
    const started: number[] = [];
    for (let failure = 1; failure <= 5; failure++) {
      expect(workers.all).toHaveLength(failure);
      started.push(clock.now());
      workers.last.exit(1);
      await clock.advance(10_000);
    }
    expect(workers.all).toHaveLength(5);
    expect(await supervisor.finished).toEqual({ failed: 0, gaveUp: 1 });
  });

  it("does not give up when one of the workers serves", async () => {
    const { clock, supervisor, workers } = supervised();
    workers.all[0]?.say({ type: "ready" });
    for (let failure = 0; failure < 20; failure++) {
      workers.last.exit(1);
      await clock.advance(30_000);
    }
    expect(supervisor.phase).toBe("starting");
    workers.last.say({ type: "ready" });
    await supervisor.ready;
  });

  it("kills a worker that does not get ready in time", async () => {
    const { clock, events, workers } = supervised({ workers: 1 });
    await clock.advance(30_000);
    expect(workers.alive).toHaveLength(1);
    await clock.advance(1_000);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "worker-killed", why: "it did not get ready in time" }),
    );
  });

  it("refuses a worker that must not serve, and gives up", async () => {
    const { clock, supervisor, workers } = supervised({ workers: 1, refusal: () => "the path is another's" });
    for (let failure = 0; failure < 5; failure++) {
      workers.last.say({ type: "ready" });
      expect(workers.last.over).toBe(true);
      await clock.advance(10_000);
    }
    expect(await supervisor.finished).toMatchObject({ gaveUp: 1 });
  });
});

describe("a worker that ends", () => {
  it("is replaced at once if it has served for a while", async () => {
    const { clock, events, workers } = running();
    await clock.advance(10_000);
    workers.all[1]?.exit(null, "SIGSEGV");
    expect(slots(workers.alive)).toEqual([1, 2]);
    expect(events).toContainEqual({
      type: "worker-ended",
      worker: { slot: 2, id: 2, pid: 2, state: "ended" },
      exit: { code: null, signal: "SIGSEGV" },
      expected: false,
    });
  });

  it("is replaced after pauses that double up to half a minute, while workers fail in a row", async () => {
    const { clock, events, workers } = running({ workers: 1 });
    for (let failure = 0; failure < 11; failure++) {
      workers.last.exit(1);
      await clock.advance(30_000);
      workers.last.say({ type: "ready" });
    }
    const pauses = events.flatMap((event) => (event.type === "worker-restarting" ? event.inMs : []));
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    await clock.advance(10_000);
    workers.last.exit(1);
    expect(events.at(-2)).toMatchObject({ type: "worker-restarting", inMs: 0, failures: 0 });
  });

  it("is replaced at once after a long life, whatever happened before, and to others", async () => {
    const { clock, events, workers } = running();
    for (let failure = 0; failure < 5; failure++) {
      workers.last.exit(1);
      await clock.advance(30_000);
      workers.last.say({ type: "ready" });
    }
    await clock.advance(10_000);
    workers.last.exit(1);
    workers.all[0]?.exit(1);
    const restarts = events.flatMap((event) => (event.type === "worker-restarting" ? event.inMs : []));
    expect(restarts.slice(-2)).toEqual([0, 0]);
  });

  it("is replaced while it drains, when it was told to end by a signal", async () => {
    const { clock, workers, supervisor } = running();
    await clock.advance(10_000);
    workers.all[0]?.say({ type: "draining" });
    expect(slots(workers.alive)).toEqual([1, 2, 1]);
    workers.last.say({ type: "ready" });
    workers.all[0]?.exit(0);
    expect([supervisor.serving, workers.alive.length]).toEqual([2, 2]);
  });

  it("is killed and replaced when it does not answer", async () => {
    const { clock, events, workers } = running();
    const [stopped, other] = workers.all as [FakeWorker, FakeWorker];
    stopped.stopped = true;
    await clock.advance(10_000);
    expect(stopped.over).toBe(false);
    // What a stopped process does not read stays in memory.
    expect(stopped.told.filter(({ type }) => type === "ping")).toHaveLength(1);
    await clock.advance(1_000);
    expect([stopped.over, other.over]).toEqual([true, false]);
    expect(events).toContainEqual(expect.objectContaining({ type: "worker-killed", why: "it does not answer" }));
    expect(slots(workers.alive)).toEqual([2, 1]);
  });

  it("is not blamed when the supervisor itself was stopped", async () => {
    const { clock, workers } = running();
    for (let pause = 0; pause < 5; pause++) {
      clock.jump(60_000);
      await clock.advance(1_000);
    }
    expect(workers.alive).toHaveLength(2);
    expect(workers.all.every(({ over }) => !over)).toBe(true);
  });
});

describe("a rolling restart", () => {
  it("replaces one worker after the other, and lets the old one drain when the new one is ready", async () => {
    const { supervisor, workers } = running();
    const [first, second] = workers.all as [FakeWorker, FakeWorker];
    const reloaded = supervisor.reload();
    expect(slots(workers.all)).toEqual([1, 2, 1]);
    expect(first.draining).toBe(false);
    workers.last.say({ type: "ready" });
    expect(first.told.at(-1)).toEqual({ type: "drain", graceMs: 5_000 });
    await Promise.resolve();
    expect(slots(workers.all)).toEqual([1, 2, 1, 2]);
    expect(second.draining).toBe(false);
    workers.last.say({ type: "ready" });
    expect(await reloaded).toEqual({ reloaded: true });
    expect(second.draining).toBe(true);
    first.exit(0);
    second.exit(0);
    expect(workers.alive.map(({ pid }) => pid)).toEqual([3, 4]);
    expect(supervisor.serving).toBe(2);
  });

  it.each<[string, (worker: FakeWorker) => void, string]>([
    ["ends", (worker) => worker.exit(1), "the new worker ended before it was ready (exit code 1)"],
    ["is killed", (worker) => worker.exit(null, "SIGKILL"), "the new worker ended before it was ready (SIGKILL)"],
  ])("leaves the old workers when a new one %s before it is ready, and says why", async (_, end, why) => {
    const { events, supervisor, workers } = running();
    const reloaded = supervisor.reload();
    end(workers.last);
    expect(await reloaded).toEqual({ reloaded: false, why });
    expect(workers.alive.map(({ pid, draining }) => [pid, draining])).toEqual([
      [1, false],
      [2, false],
    ]);
    expect(events.at(-1)).toEqual({ type: "reload-finished", reloaded: false, why });
  });

  it("leaves the old workers when a new one does not get ready in time", async () => {
    const { clock, supervisor, workers } = running();
    const reloaded = supervisor.reload();
    await clock.advance(31_000);
    expect(await reloaded).toEqual({
      reloaded: false,
      why: "the new worker was killed: it did not get ready in time",
    });
    expect([supervisor.serving, workers.alive.length]).toEqual([2, 2]);
  });

  it("waits for another one, and is one with all that wait", async () => {
    const { supervisor, workers } = running({ workers: 1 });
    const first = supervisor.reload();
    const [second, third] = [supervisor.reload(), supervisor.reload()];
    expect(second).toBe(third);
    expect(workers.all).toHaveLength(2);
    workers.last.say({ type: "ready" });
    await first;
    await Promise.resolve();
    await Promise.resolve();
    expect(workers.all).toHaveLength(3);
    workers.last.say({ type: "ready" });
    expect(await second).toEqual({ reloaded: true });
  });

  it("replaces the worker of one slot", async () => {
    const { supervisor, workers } = running();
    const reloaded = supervisor.reload(2);
    workers.last.say({ type: "ready" });
    expect(await reloaded).toEqual({ reloaded: true });
    expect(slots(workers.all)).toEqual([1, 2, 2]);
    expect(await supervisor.reload(3)).toEqual({ reloaded: false, why: "there is no worker 3" });
  });

  it("of one slot, behind another one, replaces that slot only", async () => {
    const { supervisor, workers } = running({ workers: 3 });
    const first = supervisor.reload(1);
    const second = supervisor.reload(2);
    expect(supervisor.reload(2)).toBe(second);
    workers.last.say({ type: "ready" });
    expect(await first).toEqual({ reloaded: true });
    workers.last.say({ type: "ready" });
    expect(await second).toEqual({ reloaded: true });
    expect(slots(workers.all)).toEqual([1, 2, 3, 1, 2]);
  });

  it("of all, behind another one, absorbs those of single slots", async () => {
    const { supervisor, workers } = running();
    const first = supervisor.reload(1);
    const second = supervisor.reload(2);
    void supervisor.reload();
    workers.last.say({ type: "ready" });
    await first;
    workers.last.say({ type: "ready" });
    await Promise.resolve();
    workers.last.say({ type: "ready" });
    expect(await second).toEqual({ reloaded: true });
    expect(slots(workers.all)).toEqual([1, 2, 1, 1, 2]);
  });

  it("takes the place of a worker that ends meanwhile", async () => {
    const { supervisor, workers } = running({ workers: 1 });
    const reloaded = supervisor.reload();
    workers.all[0]?.exit(1);
    expect(workers.alive).toHaveLength(1);
    workers.last.say({ type: "ready" });
    expect(await reloaded).toEqual({ reloaded: true });
    expect(supervisor.serving).toBe(1);
  });

  it("ends a worker that is not ready yet when the new one is, and calls that expected", async () => {
    const { clock, events, supervisor, workers } = running({ workers: 1 });
    workers.last.exit(null, "SIGKILL");
    await clock.advance(100);
    const [, starting] = workers.all;
    void supervisor.reload();
    workers.last.say({ type: "ready" });
    expect(starting?.told).toContainEqual(expect.objectContaining({ type: "drain" }));
    starting?.exit(null, "SIGTERM");
    expect(events).toContainEqual(
      expect.objectContaining({ worker: expect.objectContaining({ id: 2 }), type: "worker-ended", expected: true }),
    );
    expect(supervisor.serving).toBe(1);
  });

  it("starts another worker when both the old and the new one have ended", async () => {
    const { clock, supervisor, workers } = running({ workers: 1 });
    const reloaded = supervisor.reload();
    workers.all[0]?.exit(1);
    workers.last.exit(1);
    expect(await reloaded).toMatchObject({ reloaded: false });
    await clock.advance(30_000);
    expect(workers.alive).toHaveLength(1);
  });

  it("is bounded in workers that drain: the oldest are told to abort what remains", async () => {
    const { supervisor, workers } = running({ workers: 1 });
    for (let round = 0; round < 8; round++) {
      const reloaded = supervisor.reload();
      workers.last.say({ type: "ready" });
      await reloaded;
    }
    expect(workers.alive).toHaveLength(5);
    expect(workers.all.slice(0, 4).every(({ over }) => over)).toBe(true);
  });
});

describe("the end of a cluster", () => {
  it("lets every worker drain, and waits for all", async () => {
    const { supervisor, types, workers } = running();
    const ended = supervisor.shutdown(500);
    expect(workers.all.map(({ told }) => told.at(-1))).toEqual([1, 2].map(() => ({ type: "drain", graceMs: 500 })));
    workers.all[0]?.exit(0);
    workers.all[1]?.exit(0);
    expect(await ended).toEqual({ failed: 0 });
    expect(types().at(-1)).toBe("drained");
    expect(supervisor.phase).toBe("ended");
  });

  it("counts workers that aborted something", async () => {
    const { supervisor, workers } = running();
    const ended = supervisor.shutdown();
    workers.all[0]?.exit(1);
    workers.all[1]?.exit(0);
    expect(await ended).toEqual({ failed: 1 });
  });

  it("leaves those alone that drain already: another order to drain would force them", async () => {
    const { supervisor, workers } = running({ workers: 1 });
    const reloaded = supervisor.reload();
    workers.last.say({ type: "ready" });
    await reloaded;
    void supervisor.shutdown(500);
    const [old] = workers.all as [FakeWorker];
    expect(old.told.filter(({ type }) => type === "drain")).toHaveLength(1);
    expect(old.over).toBe(false);
  });

  it("is not forced by the first call, when another supervisor has taken over", async () => {
    const { supervisor, workers } = running();
    void supervisor.retire(5_000);
    void supervisor.shutdown();
    expect(workers.alive).toHaveLength(2);
    void supervisor.shutdown();
    expect(workers.alive).toEqual([]);
  });

  it("lets what is not ready yet drain, because it may have accepted connections, and calls its end no failure", async () => {
    const { events, supervisor, workers } = supervised();
    workers.all[0]?.say({ type: "ready" });
    const ended = supervisor.shutdown(500);
    expect(workers.all[1]?.told).toEqual([{ type: "drain", graceMs: 500 }]);
    expect(workers.alive).toHaveLength(2);
    workers.all[0]?.exit(0);
    workers.all[1]?.exit(1);
    expect(await ended).toEqual({ failed: 0 });
    const ends = events.flatMap((event) => (event.type === "worker-ended" ? event.expected : []));
    expect(ends).toEqual([true, true]);
    expect(events.map(({ type }) => type)).not.toContain("worker-killed");
  });

  it("waits for a worker that has become ready meanwhile, and counts what it aborts", async () => {
    const { supervisor, workers } = supervised({ workers: 1 });
    const [late] = workers.all as [FakeWorker];
    const ended = supervisor.shutdown();
    late.say({ type: "ready" });
    late.exit(1);
    expect(await ended).toEqual({ failed: 1 });
  });

  it("kills what is not ready yet when it is forced, and when it does not answer", async () => {
    const forced = supervised();
    void forced.supervisor.shutdown();
    void forced.supervisor.shutdown();
    expect(forced.workers.alive).toEqual([]);
    const silent = supervised();
    for (const worker of silent.workers.all) worker.stopped = true;
    void silent.supervisor.shutdown();
    await silent.clock.advance(11_000);
    expect(silent.workers.alive).toEqual([]);
    expect(silent.supervisor.phase).toBe("ended");
  });

  it("is forced by a second call", async () => {
    const { supervisor, workers } = running();
    void supervisor.shutdown();
    const ended = supervisor.shutdown();
    expect(workers.alive).toEqual([]);
    expect(await ended).toEqual({ failed: 2 });
  });

  it("does not wait for a worker that never ends: it is told to abort, and then killed", async () => {
    const { clock, supervisor, workers } = running({ workers: 1 });
    const [stuck] = workers.all as [FakeWorker];
    const ended = supervisor.shutdown(2_000);
    stuck.send = (message) => {
      stuck.told.push(message);
      if (message.type === "ping") stuck.say({ type: "pong" });
    };
    await clock.advance(17_000);
    expect(stuck.told.some(({ type }) => type === "force")).toBe(false);
    await clock.advance(1_000);
    expect(stuck.told.some(({ type }) => type === "force")).toBe(true);
    await clock.advance(6_000);
    expect(await ended).toEqual({ failed: 1 });
    expect(clock.pending).toBe(0);
  });

  it("ends a rolling restart that is under way", async () => {
    const { supervisor, workers } = running();
    const reloaded = supervisor.reload();
    const ended = supervisor.shutdown();
    for (const worker of workers.alive) worker.exit(0);
    expect(await reloaded).toMatchObject({ reloaded: false });
    expect(await ended).toMatchObject({ failed: 0 });
    expect(await supervisor.reload()).toEqual({ reloaded: false, why: "the cluster drains" });
  });
});

describe("a question to a worker", () => {
  it("is answered by it", async () => {
    const { supervisor, workers } = running();
    const answer = supervisor.ask({ id: 2 }, { what: "stats" }, 1_000);
    expect(workers.all[1]?.told.at(-1)).toEqual({ type: "ask", id: 1, question: { what: "stats" } });
    workers.all[1]?.say({ type: "answer", id: 1, answer: { connections: 7 } });
    expect(await answer).toEqual({ connections: 7 });
  });

  it.each<[string, (worker: FakeWorker) => void]>([
    ["it ends", (worker) => worker.exit(1)],
    ["it says that it failed", (worker) => worker.say({ type: "answer", id: 1, error: "no" })],
  ])("is lost when %s", async (_, act) => {
    const { supervisor, workers } = running();
    const answer = supervisor.ask({ id: 1 }, "?", 1_000);
    act(workers.all[0] as FakeWorker);
    await expect(answer).rejects.toMatchObject({ code: "worker-lost" });
  });

  it("is lost when it takes too long, or nobody of that number is there", async () => {
    const { clock, supervisor } = running();
    const answer = supervisor.ask({ id: 1 }, "?", 1_000);
    const lost = answer.catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(await lost).toMatchObject({ code: "worker-lost" });
    await expect(supervisor.ask({ id: 99 }, "?", 1_000)).rejects.toMatchObject({ code: "worker-lost" });
  });
});
