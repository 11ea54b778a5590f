import { describe, expect, it } from "vitest";
import { Gone } from "../../src/admin/gone.ts";
import { type ConnectionQuery, findConnection, listConnections, listGroups } from "../../src/admin/listing.ts";
import type { Clock, Group, ObservedServer, Session, SessionStats } from "../../src/core/mod.ts";

const MANY = 20_000;

/** The work between two rounds of I/O, counted: a read of a session, and a read of the clock. */
class Work {
  /** A session's counts cost a microsecond or two: here exactly as much as makes 128 of them a slice. */
  static readonly MS_PER_READ = 2 / 128;
  now = 0;
  reads = 0;
  readonly slices: number[] = [];
  readonly clock: Clock = {
    now: () => this.now,
    setTimeout: () => undefined,
    clearTimeout: () => undefined,
  };

  read(): void {
    this.reads += 1;
    this.now += Work.MS_PER_READ;
  }

  readonly afterIo = (callback: () => void): void => {
    this.slices.push(this.reads);
    this.reads = 0;
    queueMicrotask(callback);
  };

  /** The reads in the longest slice. */
  get longest(): number {
    return Math.max(this.reads, ...this.slices);
  }
}

function fakeSession(id: number, work: Work): Session<never> {
  // Neither sorted nor constant, and with equal values.
  const bytesOut = (id * 7_919) % 5_003;
  const stats: SessionStats = {
    bytesIn: id,
    bytesOut,
    framesIn: 0,
    framesOut: 0,
    framesDropped: 0,
    ageMs: MANY - id,
    quietMs: 0,
    waitingOutboundBytes: 0,
    framesInFlight: 0,
    groups: id % 2 === 0 ? ["even"] : [],
  };
  const remoteAddress = { hostname: `10.0.${id >> 8}.${id & 0xff}`, port: 1_024 };
  return {
    connection: { id, remoteAddress, localAddress: { hostname: "10.0.0.1", port: 80 } },
    authenticating: false,
    stats: () => {
      work.read();
      return stats;
    },
  } as unknown as Session<never>;
}

function fakeServer(work: Work, count = MANY): ObservedServer {
  const sessions = Array.from({ length: count }, (_, at) => fakeSession(at + 1, work));
  const groups = Array.from({ length: count }, (_, at) => ({
    name: `group ${at}`,
    get size() {
      work.read();
      return at % 1_000;
    },
  }));
  return { sessions, groups: groups as unknown as Group<never>[] } as unknown as ObservedServer;
}

const ALL: ConnectionQuery = {
  sort: "id",
  descending: false,
  limit: 100,
  offset: 0,
  address: undefined,
  group: undefined,
};

interface Listed {
  total: number;
  matching: number;
  connections: { id: number; bytesOut: number; remote: string }[];
}

async function list(server: ObservedServer, work: Work, query: Partial<ConnectionQuery>): Promise<Listed> {
  const host = { clock: work.clock, afterIo: work.afterIo, gone: () => false };
  return JSON.parse(await listConnections(server, { ...ALL, ...query }, host)) as Listed;
}

describe("a list of 20,000 connections", () => {
  it.each<[string, Partial<ConnectionQuery>]>([
    ["the largest", { sort: "bytesOut", descending: true }],
    ["the last page", { sort: "bytesOut", descending: true, offset: MANY - 1_000, limit: 1_000 }],
    ["a group", { sort: "id", group: "even", limit: 1_000, offset: 500 }],
    ["a group by age", { sort: "ageMs", group: "even", limit: 1_000, offset: 500 }],
  ])("is made in slices of bounded work: %s", async (_which, query) => {
    const work = new Work();
    const server = fakeServer(work);
    const listed = await list(server, work, query);
    expect(listed.total).toBe(MANY);
    // A slice ends at the first look at the clock after 128 reads. There is a look after 64 connections, of which each is
    // read at most twice: for the group, and for the order.
    expect(work.longest).toBeLessThanOrEqual(256);
    expect(work.slices.length).toBeGreaterThanOrEqual(MANY / 256 - 1);
  });

  it("reads the counts only of connections that it shows, unless it is ordered by them", async () => {
    const work = new Work();
    await list(fakeServer(work), work, { sort: "remote", address: "10.0." });
    expect(work.reads).toBe(ALL.limit);
  });

  it("is what sorting all of them would give", async () => {
    const work = new Work();
    const server = fakeServer(work, 3_000);
    const all = [...server.sessions].map((session) => ({ id: session.connection.id, ...session.stats() }));
    const sorted = all.toSorted((one, other) => other.bytesOut - one.bytesOut || one.id - other.id);
    for (const [offset, limit] of [
      [0, 10],
      [0, 1_000],
      [990, 20],
      [2_995, 100],
      [3_000, 5],
    ] as const) {
      const listed = await list(server, work, { sort: "bytesOut", descending: true, offset, limit });
      expect(listed.connections.map(({ id }) => id)).toEqual(sorted.slice(offset, offset + limit).map(({ id }) => id));
    }
    const filtered = await list(server, work, { group: "even", address: "10.0.1.", limit: 1_000 });
    const expected = all.filter(({ id }) => id % 2 === 0 && id >> 8 === 1);
    expect(filtered.connections.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    expect(filtered).toMatchObject({ total: 3_000, matching: expected.length });
  });

  it("is given up when nobody waits for it any more", async () => {
    const work = new Work();
    let pauses = 0;
    const host = { clock: work.clock, afterIo: work.afterIo, gone: () => (pauses += 1) === 3 };
    await expect(listConnections(fakeServer(work), { ...ALL, sort: "bytesOut" }, host)).rejects.toThrow(Gone);
    expect(work.slices.length).toBe(3);
  });
});

describe("the search for a connection", () => {
  it("finds each, and looks at it only once it is found", async () => {
    const work = new Work();
    const server = fakeServer(work);
    const host = { clock: work.clock, afterIo: work.afterIo, gone: () => false };
    for (const id of [1, 12_345, MANY]) expect((await findConnection(server, id, host))?.connection.id).toBe(id);
    expect(await findConnection(server, MANY + 1, host)).toBeUndefined();
    expect(work.reads).toBe(0);
  });
});

describe("a list of 20,000 groups", () => {
  it("is made in slices, the largest first", async () => {
    const work = new Work();
    const host = { clock: work.clock, afterIo: work.afterIo, gone: () => false };
    const listed = await listGroups(fakeServer(work), { limit: 1_000, offset: 10 }, host);
    const { groups, total } = listed as { groups: { name: string; size: number }[]; total: number };
    expect([total, groups.length, groups[0]?.size, groups[10]?.size]).toEqual([MANY, 1_000, 999, 998]);
    expect(work.longest).toBeLessThanOrEqual(192);
  });
});
