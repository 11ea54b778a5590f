// The endpoint of a supervisor, over workers that a test plays.
import { describe, expect, it } from "vitest";
import { clusterAdmin } from "../../src/admin/mod.ts";
import { OF_SUPERVISOR } from "../observers/metrics/support/expressions.ts";
import { ClusterWatched, FakeWorker, TOKEN } from "./support/fake_cluster.ts";

const SORTS = ["id", "remote", "ageMs", "idleMs", "framesIn", "bytesOut", "waitingBytes", "inFlight", "groupCount"];

/** Workers with so many connections, whose counts repeat, so that there are equal keys in all of them. */
function workersOf(...counts: number[]): FakeWorker[] {
  return counts.map((count, index) => {
    const connections = Array.from({ length: count }, (_, at) => ({
      id: at + 1,
      counts: {
        bytesOut: (at * 7_919) % 101,
        framesIn: at,
        ageMs: (at * 31) % 1_009,
        quietMs: (at * 17) % 503,
        groups: at % 2 === 0 ? ["even"] : [],
      },
    }));
    return new FakeWorker(index + 1, index + 1, connections);
  });
}

type Row = { id: string; worker: number; bytesOut: number; framesIn: number };

describe("the endpoint of a supervisor", () => {
  it("adds up the numbers of its workers, and has those of each", async () => {
    await using watched = await ClusterWatched.start(workersOf(2, 3));
    const { json } = await watched.get("/stats");
    expect(json).toMatchObject({
      phase: "serving",
      ready: true,
      addresses: ["10.0.0.1:80"],
      server: { connections: 5, framesIn: 2, bytesOut: 40 },
      cluster: { workers: 2, missingWorkers: [], restarts: 0 },
      workers: [
        { slot: 1, pid: 1_001, state: "serving", answered: true, server: { connections: 2 } },
        { slot: 2, pid: 1_002, state: "serving", answered: true, server: { connections: 3 } },
      ],
      admin: { changes: true, workers: true },
    });
    expect((await watched.get("/workers")).json["workers"]).toHaveLength(2);
    expect((await watched.get("/config")).json).toEqual({ port: 8_080 });
  });

  it.each(SORTS.flatMap((sort) => ["asc", "desc"].map((order) => [sort, order] as const)))(
    "pages through 2,000 connections by %s, %s: each comes once, in order",
    async (sort, order) => {
      await using watched = await ClusterWatched.start(workersOf(1_300, 0, 650, 50));
      const rows: Row[] = [];
      for (let offset = 0; offset < 2_000; offset += 700) {
        const { json } = await watched.get(`/connections?sort=${sort}&order=${order}&limit=700&offset=${offset}`);
        expect(json).toMatchObject({ total: 2_000, matching: 2_000, offset });
        rows.push(...(json["connections"] as Row[]));
      }
      expect(new Set(rows.map(({ id }) => id)).size).toBe(2_000);
      const name = sort as "bytesOut" | "framesIn";
      if (typeof rows[0]?.[name] !== "number" || sort === "ageMs" || sort === "idleMs") return;
      const values = rows.map((row) => row[name]);
      expect(values).toEqual(values.toSorted((one, other) => (order === "asc" ? one - other : other - one)));
    },
  );

  it("filters, and shows and closes one connection of the right worker", async () => {
    const workers = workersOf(3, 3);
    await using watched = await ClusterWatched.start(workers);
    const { json } = await watched.get("/connections?address=10.1.2.3");
    expect(json).toMatchObject({ total: 6, matching: 1, connections: [{ id: "1002-3", worker: 2 }] });
    expect((await watched.get("/connections?group=even")).json["matching"]).toBe(4);
    expect((await watched.get("/connections/1002-3")).json).toMatchObject({ id: "1002-3", worker: 2, framesIn: 2 });
    expect((await watched.ask("DELETE", "/connections/1001-2")).json).toEqual({
      id: "1001-2",
      worker: 1,
      closing: "in-order",
    });
    expect((await watched.ask("DELETE", "/connections/1002-1?reset")).status).toBe(202);
    expect(workers.map(({ ends }) => ends)).toEqual([["close 2"], ["abort 1"]]);
    for (const id of ["1001-9", "1009-1"]) {
      expect(await watched.get(`/connections/${id}`)).toMatchObject({
        status: 404,
        json: { error: { code: "no-such-connection" } },
      });
    }
    expect((await watched.get("/connections/3")).status).toBe(404);
  });

  it("adds up groups by their names", async () => {
    const workers = workersOf(0, 0);
    for (const [at, worker] of workers.entries()) {
      worker.groups = [
        { name: "all", size: 5 },
        { name: `only ${at}`, size: 8 + at },
      ] as never;
    }
    await using watched = await ClusterWatched.start(workers);
    expect((await watched.get("/groups?limit=2")).json).toEqual({
      total: 3,
      offset: 0,
      limit: 2,
      complete: true,
      groups: [
        { name: "all", size: 10 },
        { name: "only 1", size: 9 },
      ],
    });
  });

  it("exports the metrics of the supervisor, with restarts by their reasons and reloads by their results", async () => {
    const workers = workersOf(0, 0);
    await using watched = await ClusterWatched.start(workers);
    const [one, other] = workers as [FakeWorker, FakeWorker];
    const events = [
      // It ends by itself, is killed, and drains because of a signal.
      { type: "worker-ended", worker: one },
      { type: "worker-restarting", slot: 1 },
      { type: "worker-killed", worker: other, why: "no answer" },
      { type: "worker-ended", worker: other },
      { type: "worker-restarting", slot: 2 },
      { type: "worker-draining", worker: one, asked: false },
      { type: "worker-restarting", slot: 1 },
      { type: "worker-ended", worker: one },
      { type: "worker-restarting", slot: 1 },
      { type: "reload-finished", reloaded: true },
      { type: "reload-finished", reloaded: false, why: "no" },
      { type: "reload-finished", reloaded: false, why: "no" },
    ];
    for (const event of events) watched.endpoint.observer(event);
    const { text } = await watched.get("/metrics");
    const types = [...text.matchAll(/^# TYPE (spillway_cluster_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
    expect(types).toEqual(expect.arrayContaining(OF_SUPERVISOR.map(({ name, type }) => [name, type])));
    expect(types).toHaveLength(OF_SUPERVISOR.length);
    const values = Object.fromEntries(
      [...text.matchAll(/^spillway_cluster_(\w+?)(?:\{\w+="(\w+)"\})? (\d+)$/gm)].map(([, name, label, value]) => [
        label === undefined ? name : `${name} ${label}`,
        Number(value),
      ]),
    );
    expect(values).toMatchObject({
      "workers serving": 2,
      workers_wanted: 2,
      "restarts_total ended": 2,
      "restarts_total killed": 1,
      "restarts_total drained": 1,
      killed_total: 1,
      "reloads_total done": 1,
      "reloads_total failed": 2,
    });
  });

  it("says which worker does not answer, does not wait for it again, and sees when it answers", async () => {
    const workers = workersOf(2, 3);
    const [first] = workers as [FakeWorker, FakeWorker];
    await using watched = await ClusterWatched.start(workers);
    first.stopped = true;
    const stats = async () => (await watched.get("/stats")).json as { server: object; workers: object[] };
    expect((await stats()).workers).toMatchObject([
      { slot: 1, answered: false, why: expect.stringMatching(/no answer/) },
      { slot: 2, answered: true },
    ]);
    const { length } = first.asked;
    for (let count = 0; count < 5; count++) expect((await stats()).server).toMatchObject({ connections: 3 });
    expect((await watched.get("/connections")).json).toMatchObject({ total: 3, notAnswered: [{ worker: 1 }] });
    expect((await watched.get("/metrics")).text).toMatch(/^spillway_cluster_workers_silent 1$/m);
    expect((await watched.get("/readyz")).status).toBe(200);
    expect((await watched.get("/healthz")).status).toBe(200);
    // Nothing but whether it answers again.
    expect(first.asked.slice(length).filter((asked) => !JSON.stringify(asked).includes("hello"))).toEqual([]);
    first.resume();
    await expect.poll(async () => (await stats()).server, { timeout: 5_000 }).toMatchObject({ connections: 5 });
  });

  it("replaces workers, says why not, and does it once at a time", async () => {
    await using watched = await ClusterWatched.start(workersOf(0, 0));
    const { cluster, endpoint } = watched;
    expect(await watched.ask("POST", "/reload")).toMatchObject({ status: 200, json: { reloaded: true } });
    expect(await watched.ask("POST", "/reload", { worker: 2 })).toMatchObject({ status: 200 });
    expect(cluster.reloads).toEqual([undefined, 2]);
    cluster.result = Promise.resolve({ reloaded: false, why: "it ended" });
    expect(await watched.ask("POST", "/reload")).toMatchObject({
      status: 500,
      json: { reloaded: false, why: "it ended", error: { code: "not-reloaded", message: "it ended" } },
    });
    endpoint.observer({ type: "reload-started" });
    expect(await watched.ask("POST", "/reload")).toMatchObject({ status: 409, json: { error: { code: "reloading" } } });
    endpoint.observer({ type: "reload-finished", reloaded: true } as never);
    for (const worker of [0, 3, "1"]) expect((await watched.ask("POST", "/reload", { worker })).status).toBe(400);
    expect(cluster.reloads).toHaveLength(3);
  });

  it("drains one worker, or all, and then aborts what is left", async () => {
    await using watched = await ClusterWatched.start(workersOf(0, 0));
    const { cluster, endpoint } = watched;
    expect((await watched.ask("POST", "/drain", { worker: 2 })).json).toEqual({ worker: 2, state: "draining" });
    (cluster.workers[0] as FakeWorker).state = "draining";
    expect(await watched.ask("POST", "/drain", { worker: 1 })).toMatchObject({
      status: 409,
      json: { error: { code: "worker-not-serving" } },
    });
    expect((await watched.ask("POST", "/drain", { worker: 1, graceMs: 1 })).status).toBe(400);
    expect(cluster.shutdowns).toEqual([]);
    expect((await watched.ask("POST", "/drain", { graceMs: 100 })).status).toBe(202);
    expect(cluster.shutdowns).toEqual([{ graceMs: 100 }]);
    endpoint.observer({ type: "draining", workers: 2 } as never);
    expect(await watched.get("/readyz")).toMatchObject({ status: 503, json: { problems: [{ code: "draining" }] } });
    expect((await watched.ask("POST", "/drain")).status).toBe(409);
    expect((await watched.ask("POST", "/reload")).status).toBe(409);
    expect((await watched.ask("POST", "/drain", { force: true, graceMs: 0 })).status).toBe(202);
    expect(cluster.shutdowns).toEqual([{ graceMs: 100 }, {}]);
  });

  it("aborts what is left after the time that a drain was given", async () => {
    await using watched = await ClusterWatched.start(workersOf(0));
    const { cluster } = watched;
    for (const body of [{ timeoutMs: -1 }, { graceMs: "1" }, { timeoutMs: 1e12 }, { force: 1 }]) {
      expect((await watched.ask("POST", "/drain", body)).status).toBe(400);
    }
    expect((await watched.ask("POST", "/drain", { timeoutMs: 20 })).status).toBe(202);
    await expect.poll(() => cluster.shutdowns.length).toBe(2);
  });

  it("listens at a place that was taken, when it is asked again", async () => {
    const first = await ClusterWatched.start([]);
    const { port } = first.endpoint.address;
    const second = clusterAdmin({ listen: { port: port as number } });
    await expect(second.start()).rejects.toMatchObject({ code: "address-in-use" });
    await first.endpoint.close();
    expect(await second.start()).toMatchObject({ port });
    await second.close();
  });

  it("changes nothing without the token", async () => {
    const workers = workersOf(1, 1);
    await using watched = await ClusterWatched.start(workers);
    for (const [method, path] of [
      ["POST", "/reload"],
      ["POST", "/drain"],
      ["PUT", "/log-level"],
      ["DELETE", "/connections/1001-1"],
    ] as const) {
      expect((await watched.ask(method, path, undefined, `${TOKEN}x`)).status).toBe(401);
    }
    const { cluster } = watched;
    expect([cluster.reloads, cluster.drained, cluster.shutdowns, workers[0]?.ends]).toEqual([[], [], [], []]);
  });

  it("sets the level of the log of all workers, and of those that come later", async () => {
    const workers = workersOf(0, 0);
    const own: string[] = [];
    await using watched = await ClusterWatched.start(workers, { onLogLevel: (level) => own.push(level) });
    expect((await watched.ask("PUT", "/log-level", { level: "debug" })).json).toEqual({ level: "debug" });
    const third = new FakeWorker(1, 3);
    watched.cluster.workers.push(third);
    watched.endpoint.observer({ type: "worker-ready", worker: third } as never);
    await expect.poll(() => third.levels).toEqual(["debug"]);
    expect([own, ...workers.map(({ levels }) => levels)]).toEqual([["debug"], ["debug"], ["debug"]]);
    expect((await watched.ask("PUT", "/log-level", { level: "loud" })).status).toBe(400);
  });

  it("sends the events of all workers and its own, while somebody listens", async () => {
    const workers = workersOf(0, 0);
    await using watched = await ClusterWatched.start(workers);
    const connection = {
      id: 7,
      remoteAddress: { hostname: "192.0.2.1", port: 1 },
      localAddress: { hostname: "192.0.2.2", port: 2 },
    };
    const opened = { type: "connection-opened", connection } as never;
    for (const worker of workers) worker.say(opened);
    const controller = new AbortController();
    const response = await fetch(`${watched.url}/events`, { signal: controller.signal });
    let text = "";
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) text += decoder.decode(chunk);
    })().catch(() => undefined);
    await expect.poll(() => workers.every(({ asked }) => JSON.stringify(asked).includes("events"))).toBe(true);
    for (const worker of workers) worker.say(opened);
    watched.endpoint.observer({ type: "reload-started", workers: 2 } as never);
    const events = () => [...text.matchAll(/^data: (.+)$/gm)].map(([, data = ""]) => JSON.parse(data) as object);
    await expect.poll(() => events().length, { timeout: 5_000 }).toBe(3);
    expect(events()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: "connection-opened", id: "1001-7", worker: 1, remote: "192.0.2.1:1" }),
        expect.objectContaining({ type: "connection-opened", id: "1002-7", worker: 2 }),
        expect.objectContaining({ type: "reload-started", workers: 2 }),
      ]),
    );
    controller.abort();
    await reading;
  });

  it("is not ready without a cluster, or a worker that serves, and names those that are missing", async () => {
    const workers = workersOf(0, 0);
    await using watched = await ClusterWatched.start(workers);
    (workers[1] as FakeWorker).state = "starting";
    expect((await watched.get("/readyz")).json).toEqual({ status: "ready", phase: "serving", missingWorkers: [2] });
    watched.cluster.isServing = false;
    expect(await watched.get("/readyz")).toMatchObject({
      status: 503,
      json: { problems: [{ code: "not-listening" }] },
    });
  });
});
