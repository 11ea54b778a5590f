// Looks at endpoints: ours, and others that answer anything.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AdminClient } from "../../../src/cli/top/admin_client.ts";
import { adminPlaceOf } from "../../../src/cli/top/admin_place.ts";
import { type Look, type LookQuery, Looks } from "../../../src/cli/top/look.ts";
import { HostileServer } from "../support/hostile_server.ts";
import { TOKEN, WatchedServer } from "./support/watched_server.ts";

const query: LookQuery = {
  serverSort: "id",
  descending: false,
  address: "",
  group: "",
  limit: 1_000,
  detailsOf: undefined,
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** An endpoint that answers as it likes; counts the requests at once. */
class OddEndpoint {
  most = 0;
  readonly paths: string[] = [];
  readonly #server: Server;
  #now = 0;

  constructor(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      this.#now += 1;
      this.most = Math.max(this.most, this.#now);
      this.paths.push(request.url ?? "");
      response.on("close", () => {
        this.#now -= 1;
      });
      answer(request, response);
    });
  }

  async client(timeoutMs?: number): Promise<AdminClient> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    ends.push(() => {
      this.#server.closeAllConnections();
      return new Promise((resolve) => this.#server.close(resolve));
    });
    const place = adminPlaceOf(`127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
    const client = new AdminClient(place, undefined, timeoutMs);
    ends.push(() => client.close());
    return client;
  }
}

const STATS = { phase: "serving", server: { connections: 2 }, listeningSince: "x" };

function answering(stats: unknown, connections: unknown): OddEndpoint {
  return new OddEndpoint((request, response) => {
    const body = request.url?.startsWith("/stats") === true ? stats : connections;
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

describe("a look at a server", () => {
  it("has its numbers, its connections, and one of them in detail, and rates from the second on", async () => {
    await using watched = await WatchedServer.start({ port: 0 }, { describe: () => ({ user: "ann" }) });
    await watched.connect(3);
    await watched.connect();
    const client = new AdminClient(adminPlaceOf(watched.place), undefined);
    ends.push(() => client.close());
    let now = 0;
    const looks = new Looks(client, () => now);
    const first = await looks.next(query);
    expect(first).toMatchObject({ total: 2, matching: 2, rates: undefined, details: undefined });
    expect(first.rows.map(({ id, framesIn, groups }) => ({ id, framesIn, groups }))).toEqual([
      { id: 1, framesIn: 4, groups: ["everyone"] },
      { id: 2, framesIn: 1, groups: ["everyone"] },
    ]);
    await watched.connect(9);
    now = 2_000;
    const second = await looks.next({ ...query, serverSort: "framesIn", descending: true, detailsOf: 1, limit: 2 });
    expect(second.rates).toEqual({ framesIn: 5, framesOut: 5, bytesIn: 10, bytesOut: 10 });
    expect(second.rows.map(({ id, framesInRate }) => ({ id, framesInRate }))).toEqual([
      { id: 3, framesInRate: undefined },
      { id: 1, framesInRate: 0 },
    ]);
    expect(second).toMatchObject({
      matching: 3,
      detailsOf: 1,
      details: { id: 1, more: [["state", '{"user":"ann"}']] },
    });
    const { head } = second;
    expect(head).toMatchObject({ phase: "serving", connections: 3, framesIn: 15, changes: false, metrics: false });
    expect(head.runtime).toMatch(/^(node|deno|bun) \d+\.\d+/);
    expect((await looks.next({ ...query, detailsOf: 99 })).details).toBeUndefined();
    expect((await looks.next({ ...query, group: "nobody" })).rows).toEqual([]);
    expect((await looks.next({ ...query, address: "127.0.0.1:" })).rows).toHaveLength(3);
  });

  it("closes a connection with the token, and is refused without", async () => {
    await using watched = await WatchedServer.start({ port: 0 }, { token: TOKEN });
    await watched.connect();
    for (const [token, why] of [
      [undefined, "this changes the server"],
      ["another-token-of-characters", "the token is wrong"],
    ] as const) {
      const client = new AdminClient(adminPlaceOf(watched.place), token);
      await expect(client.delete("/connections/1")).rejects.toThrow(why);
      client.close();
    }
    const client = new AdminClient(adminPlaceOf(watched.place), TOKEN);
    await client.delete("/connections/1?reset");
    await expect(client.delete("/connections/77")).rejects.toMatchObject({ status: 404 });
    client.close();
  });

  it("comes in pages, one request at a time, without doubles", async () => {
    const odd = new OddEndpoint((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
      if (pathname === "/stats") return response.end(JSON.stringify(STATS));
      const [offset, limit] = [Number(searchParams.get("offset")), Number(searchParams.get("limit"))];
      // A connection has come between two pages: the last of one is the first of the next.
      const connections = Array.from({ length: Math.min(limit, 2_300 - offset) }, (_, at) => ({
        id: offset + at - offset / 1_000,
      }));
      response.end(JSON.stringify({ total: 2_300, matching: 2_300, connections }));
    });
    const looks = new Looks(await odd.client());
    const { rows } = await looks.next({ ...query, limit: 2_500 });
    expect(rows).toHaveLength(2_298);
    expect(odd.paths).toHaveLength(4);
    await Promise.all([looks.next(query), looks.next(query)]);
    expect(odd.most).toBe(1);
  });

  it("forgets rates when the server has been started again", async () => {
    let since = "a";
    let frames = 10;
    const odd = new OddEndpoint((request, response) => {
      const stats = { ...STATS, listeningSince: since, server: { framesIn: frames } };
      const list = { connections: [{ id: 1, framesIn: frames }] };
      response.end(JSON.stringify(request.url === "/stats" ? stats : list));
    });
    let now = 0;
    const looks = new Looks(await odd.client(), () => (now += 500));
    await looks.next(query);
    frames = 20;
    expect((await looks.next(query)).rows[0]?.framesInRate).toBe(10);
    since = "b";
    frames = 30;
    const again = await looks.next(query);
    expect([again.rates, again.rows[0]?.framesInRate]).toEqual([undefined, undefined]);
  });
});

describe("an endpoint that answers something else", () => {
  it.each([
    ["no JSON", "<html>", {}, "no JSON: this is no admin endpoint of Spillway"],
    ["other JSON", { hello: 1 }, {}, "other JSON: this is no admin endpoint of Spillway"],
    ["an array", [], {}, "other JSON"],
    ["null", "null", {}, "other JSON"],
    ["no list", STATS, { total: 1 }, "other JSON"],
    ["an empty answer", "", {}, "no JSON"],
  ])("with %s is refused", async (_, stats, connections, message) => {
    const looks = new Looks(await answering(stats, connections).client());
    await expect(looks.next(query)).rejects.toThrow(message);
  });

  it.each([
    [404, "not found", "status 404: this is no admin endpoint of Spillway"],
    [421, { error: { message: "the Host is wrong" } }, "the Host is wrong"],
    [500, { error: { message: "\x1b[2Jevil\n" } }, "\\x1b[2Jevil\\n"],
    [302, "", "status 302"],
    [200, "x".repeat(17_000_000), "an answer of more than 16777216 bytes"],
  ])("with status %d is refused with what it says", async (status, body, message) => {
    const odd = new OddEndpoint((_, response) => {
      response.writeHead(status);
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await expect(new Looks(await odd.client()).next(query)).rejects.toThrow(message);
  });

  it("slowly is not waited for without end, also when bytes trickle", async () => {
    const silent = new OddEndpoint(() => undefined);
    await expect(new Looks(await silent.client(100)).next(query)).rejects.toThrow("no answer within 0.1 s");
    const trickling = new OddEndpoint((_, response) => {
      response.write("{");
    });
    await expect(new Looks(await trickling.client(100)).next(query)).rejects.toThrow("no answer within 0.1 s");
  });

  it.each([
    ["garbage", "garbage\r\n\r\n", /no HTTP: this is no admin endpoint of Spillway/],
    ["a head that is cut off", "HTTP/1.1 200 OK\r\ncontent-le", /./],
    ["a body that is cut off", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", /./],
    ["nothing", "", /./],
  ])("with %s is a failure in words", async (_, bytes, message) => {
    const hostile = new HostileServer((socket) => {
      socket.on("data", () => socket.end(bytes));
    });
    ends.push(() => hostile[Symbol.asyncDispose]());
    const client = new AdminClient(adminPlaceOf(await hostile.target()), undefined, 2_000);
    ends.push(() => client.close());
    const failure = await new Looks(client).next(query).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "AdminFailure", message: expect.stringMatching(message) });
  });

  it.each([
    ["127.0.0.1:1", "connection refused"],
    ["unix:/no/such/socket", "there is no such socket"],
  ])("is not at %s", async (place, message) => {
    const client = new AdminClient(adminPlaceOf(place), undefined);
    await expect(client.get("/stats")).rejects.toThrow(message);
  });

  it("makes no look fail, and no text without escapes, whatever the fields are", async () => {
    let stats: unknown;
    let list: unknown;
    const odd = new OddEndpoint((request, response) => {
      response.end(JSON.stringify(request.url === "/stats" ? stats : request.url?.includes("?") === true ? list : {}));
    });
    const looks = new Looks(await odd.client());
    const any = fc.jsonValue({ maxDepth: 2 });
    const record = fc.record(
      Object.fromEntries(
        ["id", "remote", "local", "ageMs", "framesIn", "bytesIn", "tls", "groups", "groupCount", "state"].map(
          (name) => [name, any],
        ),
      ),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({ phase: any, server: any, addresses: any, ends: any, admin: any }),
        fc.array(record),
        async (one, records) => {
          stats = one;
          list = { total: 1, matching: 1, connections: records };
          const look: Look = await looks.next({ ...query, detailsOf: 1 });
          for (const row of look.rows) {
            for (const value of [row.ageMs, row.framesIn, row.groupCount]) expect(value).toEqual(expect.any(Number));
          }
          expect(JSON.stringify(look)).not.toMatch(/[\u007f-\u009f\u202e]/u);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is not waited for when the client is closed", async () => {
    const silent = new OddEndpoint(() => undefined);
    const client = await silent.client();
    const asked = client.get("/stats").catch((error: unknown) => error);
    client.close();
    expect(await asked).toMatchObject({ name: "AdminFailure" });
    await expect(client.get("/stats")).rejects.toThrow("closed");
  });
});
