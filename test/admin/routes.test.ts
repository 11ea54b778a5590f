import { describe, expect, it } from "vitest";
import type { ServerStats } from "../../src/core/mod.ts";
import { SpillwayError } from "../../src/core/mod.ts";
import { adminServed, TOKEN } from "./support/admin_served.ts";

describe("GET /healthz", () => {
  it("answers as long as the event loop turns, also while the server drains", async () => {
    const served = await adminServed();
    const answer = await served.get("/healthz?verbose=1");
    expect([answer.status, answer.json["status"]]).toEqual([200, "ok"]);
    await served.server.shutdown();
    expect((await served.get("/healthz")).status).toBe(200);
  });
});

describe("GET /readyz", () => {
  it("answers 503 as soon as the server stops accepting, and says why", async () => {
    const served = await adminServed();
    expect(await served.get("/readyz")).toMatchObject({ status: 200, json: { status: "ready", phase: "serving" } });
    served.server.stopAccepting();
    const stopped = await served.get("/readyz");
    expect([stopped.status, stopped.json["problems"]]).toEqual([
      503,
      [{ code: "accepting-stopped", message: "the server accepts no more connections" }],
    ]);
    await served.server.shutdown();
    const drained = await served.get("/readyz");
    expect(drained).toMatchObject({ status: 503, json: { status: "not-ready", phase: "drained" } });
  });

  it("answers 503 while connections wait for room", async () => {
    const served = await adminServed({}, { maxConnections: 1 });
    const connection = await served.connect();
    const full = await served.get("/readyz");
    expect([full.status, full.json["problems"]]).toMatchObject([503, [{ code: "connections-full" }]]);
    connection.abort();
    await connection.closed;
  });

  it("answers 503 while accepting fails, and 200 when a connection has come", async () => {
    const served = await adminServed();
    const error = new SpillwayError("out-of-descriptors", "no descriptor is free");
    served.endpoint.observer({ type: "accept-error", error, retryInMs: 100_000 });
    expect((await served.get("/readyz")).json["problems"]).toMatchObject([{ code: "accept-error" }]);
    await served.connect();
    expect((await served.get("/readyz")).status).toBe(200);
    served.endpoint.observer({ type: "accept-error", error });
    expect((await served.get("/readyz")).json["problems"]).toMatchObject([{ code: "accept-failed" }]);
  });
});

describe("GET /metrics", () => {
  it("answers with the text that it was given, in its own content type", async () => {
    const contentType = "text/plain; version=0.0.4; charset=utf-8";
    const served = await adminServed({ metrics: { contentType, text: async () => "spillway_connections_open 3\n" } });
    const answer = await served.get("/metrics");
    expect([answer.status, answer.text]).toEqual([200, "spillway_connections_open 3\n"]);
    expect(answer.headers.get("content-type")).toBe(contentType);
  });

  it("says what is missing, and what went wrong", async () => {
    expect(await (await adminServed()).get("/metrics")).toMatchObject({
      status: 404,
      json: { error: { code: "not-configured" } },
    });
    const failing = { contentType: "text/plain", text: () => Promise.reject(new Error("no registry")) };
    expect(await (await adminServed({ metrics: failing })).get("/metrics")).toMatchObject({
      status: 500,
      json: { error: { code: "failed", message: expect.stringContaining("no registry") } },
    });
  });

  it.each<[string, () => unknown, string]>([
    [
      "throws at once",
      () => {
        throw new Error("no registry");
      },
      "metrics.text() threw: no registry",
    ],
    ["returns no text", () => Promise.resolve(3), "metrics.text() must return a string, not number"],
    ["returns nothing", () => undefined, "metrics.text() must return a string, not undefined"],
  ])("says that metrics.text() %s, each time", async (_, text, message) => {
    const metrics = { contentType: "text/plain", text: text as () => Promise<string> };
    const served = await adminServed({ metrics });
    for (let time = 0; time < 2; time += 1) {
      expect(await served.get("/metrics")).toMatchObject({ status: 500, json: { error: { code: "failed", message } } });
    }
  });
});

describe("GET /stats", () => {
  it("has the numbers of the server, and the ends by reason", async () => {
    const served = await adminServed();
    const [first] = [await served.connect(), await served.connect()];
    first?.abort();
    await first?.closed;
    await served.connect();
    const { json } = await served.get("/stats");
    expect(json["server"]).toEqual({ ...served.server.stats() } satisfies ServerStats);
    expect(json).toMatchObject({
      phase: "serving",
      ready: true,
      addresses: [`127.0.0.1:${served.server.address.port}`],
      ends: { "connection-reset": 1 },
      establishFailures: {},
      events: { acceptErrors: 0, frameErrors: 0, handlerErrors: 0, slowConsumers: 0 },
      admin: { streams: 0, changes: true, metrics: false, describes: false },
    });
    expect(json["loopDelayMs"]).toBeGreaterThanOrEqual(0);
  });

  it("has the counts of sources that it was given, and those of the others when one throws", async () => {
    const failing = {
      stats: () => {
        throw new Error("no counts\n today");
      },
    };
    const served = await adminServed({ sources: { failing, primes: { stats: () => ({ workers: 4, busy: 3 }) } } });
    expect((await served.get("/stats")).json).toMatchObject({
      phase: "serving",
      sources: { failing: { error: "stats() threw: no counts\n today" }, primes: { workers: 4, busy: 3 } },
    });
    expect((await (await adminServed()).get("/stats")).json).toMatchObject({ sources: {} });
  });

  it("counts connections that were not established", async () => {
    const refuse = () => {
      throw new SpillwayError<"not-today">("not-today", "refused");
    };
    const served = await adminServed({}, { establish: [refuse] });
    await served.connect().catch(() => undefined);
    expect((await served.get("/stats")).json).toMatchObject({ establishFailures: { "not-today": 1 }, ends: {} });
    expect((await served.get("/closed")).json).toMatchObject({
      total: 1,
      closed: [{ id: 1, reason: "not-today", established: false, error: { code: "not-today", message: "refused" } }],
    });
  });
});

describe("GET /connections", () => {
  it("lists open connections with what is known of them", async () => {
    const served = await adminServed(
      { describe: ({ state }) => state },
      { state: () => ({ user: "ann" }), onConnect: (session) => session.join("everyone") },
    );
    await served.connect("hello");
    const { json } = await served.get("/connections");
    expect(json).toEqual({
      total: 1,
      matching: 1,
      offset: 0,
      limit: 100,
      connections: [
        {
          id: 1,
          remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          local: `127.0.0.1:${served.server.address.port}`,
          ageMs: expect.any(Number),
          idleMs: expect.any(Number),
          framesIn: 1,
          framesOut: 1,
          framesDropped: 0,
          bytesIn: 6,
          bytesOut: 6,
          waitingBytes: 0,
          inFlight: 0,
          authenticating: false,
          groups: ["everyone"],
          groupCount: 1,
          state: { user: "ann" },
        },
      ],
    });
  });

  it("sorts, pages and filters", async () => {
    const served = await adminServed(
      {},
      { onConnect: (session, { connection }) => session.join(`g${connection.id % 2}`) },
    );
    for (const line of ["a", "aaaa", "aa", "aaa"]) await served.connect(line);
    const ids = async (query: string) =>
      ((await served.get(`/connections?${query}`)).json["connections"] as { id: number }[]).map(({ id }) => id);
    expect(await ids("")).toEqual([1, 2, 3, 4]);
    expect(await ids("order=desc")).toEqual([4, 3, 2, 1]);
    expect(await ids("sort=bytesOut")).toEqual([2, 4, 3, 1]);
    expect(await ids("sort=bytesOut&order=asc")).toEqual([1, 3, 4, 2]);
    expect(await ids("sort=bytesOut&limit=2&offset=1")).toEqual([4, 3]);
    expect(await ids("limit=0")).toEqual([]);
    expect(await ids("offset=9")).toEqual([]);
    expect(await ids("group=g1")).toEqual([1, 3]);
    expect(await ids("group=nobody")).toEqual([]);
    expect(await ids("address=127.0.0.1")).toEqual([1, 2, 3, 4]);
    expect(await ids("address=192.0.2.")).toEqual([]);
    expect((await served.get("/connections?group=g1&limit=1")).json).toMatchObject({ total: 4, matching: 2 });
  });

  it.each([
    ["sort=bytesout", 'sort must be one of .*not "bytesout"; did you mean bytesOut\\?'],
    ["order=up", "order must be one of asc, desc"],
    ["limit=1001", "limit must be a whole number from 0 to 1000"],
    ["limit=-1", "limit must be a whole number"],
    ["offset=1e3", "offset must be a whole number"],
    ["limits=1", 'unknown parameter "limits"; did you mean limit\\?'],
    ["limit=1&limit=2", "the parameter limit comes twice"],
    [`address=${"a".repeat(300)}`, "address has more than 256 characters"],
    ["reason=aborted&sort=id", "and takes no sort"],
  ])("refuses the query %s", async (query, message) => {
    const served = await adminServed();
    expect(await served.get(`/connections?${query}`)).toMatchObject({
      status: 400,
      json: { error: { code: "bad-request", message: expect.stringMatching(message) } },
    });
  });

  it("shows what `describe` throws, and cuts what it returns", async () => {
    const served = await adminServed({
      describe: ({ connection }) => {
        if (connection.id === 1) throw new Error("no state\u001b[2J");
        return connection.id === 2 ? "x".repeat(10_000) : undefined;
      },
    });
    for (let count = 0; count < 3; count += 1) await served.connect();
    const { connections } = (await served.get("/connections")).json as { connections: { state: unknown }[] };
    expect(connections[0]?.state).toEqual({ error: expect.stringMatching(/^describe threw: .*no state\\x1b\[2J/) });
    expect(connections[1]?.state).toMatch(/^"x{511}… \(\d+ more\)$/);
    expect(connections[2]?.state).toBeNull();
    expect((await served.get("/connections/2")).json["state"]).toHaveLength(10_000);
  });
});

describe("/connections/ID", () => {
  it("shows one connection, and says when there is none", async () => {
    const served = await adminServed();
    await served.connect();
    expect(await served.get("/connections/1")).toMatchObject({ status: 200, json: { id: 1, framesIn: 1 } });
    expect(await served.get("/connections/2")).toMatchObject({
      status: 404,
      json: { error: { code: "no-such-connection" } },
    });
    expect((await served.get("/connections/x")).status).toBe(404);
  });

  it("is closed in order by DELETE, and reset with `reset`", async () => {
    const served = await adminServed();
    const connections = [await served.connect(), await served.connect()];
    const closed = await served.ask("DELETE", "/connections/1", { token: TOKEN });
    expect([closed.status, closed.json]).toEqual([202, { id: 1, closing: "in-order" }]);
    await connections[0]?.close();
    const reset = await served.ask("DELETE", "/connections/2?reset", { token: TOKEN });
    expect([reset.status, reset.json]).toEqual([202, { id: 2, closing: "reset" }]);
    await connections[1]?.closed;
    expect((await served.get("/connections")).json["total"]).toBe(0);
    const { closed: ends } = (await served.get("/closed")).json as { closed: { reason: string }[] };
    expect(ends.map(({ reason }) => reason)).toEqual(["aborted", "handler-closed"]);
    expect((await served.ask("DELETE", "/connections/2", { token: TOKEN })).status).toBe(404);
    expect((await served.ask("DELETE", "/connections/2?reset=maybe", { token: TOKEN })).status).toBe(400);
  });
});

describe("GET /closed", () => {
  it("keeps the last 1,000 ends, the newest first, with their reasons", async () => {
    const served = await adminServed();
    for (let count = 0; count < 1_005; count += 1) {
      const connection = await served.connect();
      if (count % 2 === 0) connection.abort();
      await connection.close();
    }
    const { json } = await served.get("/closed?limit=3");
    expect(json).toMatchObject({
      total: 1_000,
      matching: 1_000,
      closed: [
        { id: 1_005, reason: "connection-reset", established: true, framesIn: 1, bytesIn: 6, bytesOut: 6 },
        { id: 1_004, reason: "remote-closed" },
        { id: 1_003, reason: "connection-reset" },
      ],
    });
    const filtered = await served.get("/connections?reason=remote-closed&limit=2&offset=1");
    expect(filtered.json).toMatchObject({ matching: 500, closed: [{ id: 1_002 }, { id: 1_000 }] });
    expect((await served.get("/closed?address=192.0.2.1")).json["matching"]).toBe(0);
  });
});

describe("GET /groups", () => {
  it("lists groups, the largest first, with escaped names", async () => {
    const served = await adminServed(
      {},
      {
        onConnect: (session, { connection }) => {
          session.join("everyone");
          session.join(connection.id === 1 ? "first" : "later\u001b[31m");
        },
      },
    );
    for (let count = 0; count < 3; count += 1) await served.connect();
    const { json } = await served.get("/groups?limit=2");
    expect(json).toEqual({
      total: 3,
      offset: 0,
      limit: 2,
      groups: [
        { name: "everyone", size: 3 },
        { name: "later\\x1b[31m", size: 2 },
      ],
    });
    expect((await served.get("/groups?offset=2")).json["groups"]).toEqual([{ name: "first", size: 1 }]);
  });
});

describe("POST /drain", () => {
  it("drains the server with its options, and forces it only when told to", async () => {
    const served = await adminServed({}, { handler: () => new Promise<string>(() => undefined) });
    void served.connect().catch(() => undefined);
    await expect.poll(async () => (await served.get("/stats")).json["server"]).toMatchObject({ handlers: 1 });
    const begun = await served.ask("POST", "/drain", { token: TOKEN, body: { timeoutMs: 60_000 } });
    expect([begun.status, begun.json]).toEqual([202, { phase: "draining", connections: 1 }]);
    expect((await served.get("/readyz")).status).toBe(503);
    const again = await served.ask("POST", "/drain", { token: TOKEN });
    expect(again).toMatchObject({ status: 409, json: { error: { code: "draining" } } });
    const forced = await served.ask("POST", "/drain", { token: TOKEN, body: { force: true } });
    expect(forced.status).toBe(202);
    expect(await served.server.finished).toMatchObject({ drained: 0, aborted: 1 });
  });

  it("keeps serving for `graceMs`", async () => {
    const served = await adminServed();
    await served.connect();
    const begun = await served.ask("POST", "/drain", { token: TOKEN, body: { graceMs: 60_000 } });
    expect(begun.json).toMatchObject({ phase: "grace", connections: 1 });
    expect((await served.get("/readyz")).json["problems"]).toMatchObject([{ code: "accepting-stopped" }]);
  });

  it.each([
    [{ timeoutMs: 0 }, "timeoutMs must be more than 0 ms"],
    [{ graceMs: "1" }, "graceMs must be a number"],
    [{ timeout: 1 }, 'unknown field "timeout"'],
    [{ force: 1 }, "force must be true or false"],
    [[], "the body must be a JSON object"],
  ])("refuses %j and drains nothing", async (body, message) => {
    const served = await adminServed();
    expect(await served.ask("POST", "/drain", { token: TOKEN, body })).toMatchObject({
      status: 400,
      json: { error: { code: "bad-request", message: expect.stringContaining(message) } },
    });
    expect((await served.get("/readyz")).status).toBe(200);
  });
});

describe("GET /config", () => {
  it("shows what the caller says the settings are", async () => {
    const served = await adminServed({ config: () => ({ port: 8080, cert: "(hidden)" }) });
    expect((await served.get("/config")).json).toEqual({ port: 8080, cert: "(hidden)" });
    expect((await (await adminServed()).get("/config")).status).toBe(404);
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  it.each<[string, () => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("no settings");
      },
      /^config\(\) threw: no settings$/,
    ],
    ["rejects", () => Promise.reject(new Error("no settings")), /^config\(\) threw: no settings$/],
    ["returns what is no JSON", () => circular, /^JSON of the result of config\(\) threw: .*(circular|cyclic)/i],
  ])("says that config() %s", async (_, config, message) => {
    const served = await adminServed({ config });
    expect(await served.get("/config")).toMatchObject({
      status: 500,
      json: { error: { code: "failed", message: expect.stringMatching(message) } },
    });
  });
});

describe("PUT /log-level", () => {
  it("calls back with a level that exists", async () => {
    const levels: string[] = [];
    const served = await adminServed({ onLogLevel: (level) => void levels.push(level) });
    const set = await served.ask("PUT", "/log-level", { token: TOKEN, body: { level: "debug" } });
    expect([set.status, set.json]).toEqual([200, { level: "debug" }]);
    const refused = await served.ask("PUT", "/log-level", { token: TOKEN, body: { level: "loud" } });
    expect(refused).toMatchObject({ status: 400, json: { error: { code: "bad-request" } } });
    expect((await served.ask("PUT", "/log-level", { token: TOKEN })).status).toBe(400);
    expect(levels).toEqual(["debug"]);
  });
});

describe("an endpoint without a server", () => {
  it("is alive but not ready, and says so", async () => {
    const { admin } = await import("../../src/admin/mod.ts");
    const endpoint = admin({ listen: { port: 0 } });
    await using _ = endpoint;
    await endpoint.start();
    const at = `http://127.0.0.1:${endpoint.address.port}`;
    expect((await fetch(`${at}/healthz`)).status).toBe(200);
    const readiness = await fetch(`${at}/readyz`);
    expect([readiness.status, await readiness.json()]).toMatchObject([503, { problems: [{ code: "not-listening" }] }]);
    expect(await (await fetch(`${at}/stats`)).json()).toMatchObject({ phase: "waiting", server: null });
    expect((await fetch(`${at}/connections`)).status).toBe(503);
  });
});
