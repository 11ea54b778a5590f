import { describe, expect, it } from "vitest";
import type { Session } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

const ids = (sessions: Iterable<Session<string>>) => [...sessions].map(({ connection }) => connection.id);

describe("server.sessions", () => {
  it("gives the open ones, oldest first, with what was kept for them", async () => {
    const harness = await served({ state: ({ id }) => ({ id }) });
    expect(ids(harness.server.sessions)).toEqual([]);
    const peers = [await harness.connect(), await harness.connect(), await harness.connect()];
    await peers[1]?.finish();
    expect(ids(harness.server.sessions)).toEqual([1, 3]);
    expect([...harness.server.sessions].map(({ state }) => state)).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it("can be ended while they are iterated, and those that ended are left out", async () => {
    const harness = await served({});
    for (let count = 0; count < 5; count++) await harness.connect();
    const seen: number[] = [];
    for (const session of harness.server.sessions) {
      seen.push(session.connection.id);
      session.abort();
      // The next one in the iteration.
      if (session.connection.id === 2)
        for (const other of harness.server.sessions) if (other.connection.id === 3) other.abort();
      await harness.settle();
    }
    expect(seen).toEqual([1, 2, 4, 5]);
    expect(harness.reasons).toEqual(Array(5).fill("aborted"));
    expect(ids(harness.server.sessions)).toEqual([]);
  });

  it("of an iteration are those that were open when it began, however many come meanwhile", async () => {
    const harness = await served({});
    await harness.connect();
    await harness.connect();
    const seen: number[] = [];
    for (const session of harness.server.sessions) {
      seen.push(session.connection.id);
      await harness.connect();
    }
    expect(seen).toEqual([1, 2]);
    expect(ids(harness.server.sessions)).toEqual([1, 2, 3, 4]);
  });

  it("has one from before onConnect until its connection is released, and none that was refused", async () => {
    const pending = answers();
    const seen: number[][] = [];
    const harness = await served({
      maxConnections: 1,
      beyondMaxConnections: "reject",
      onConnect: () => void seen.push(ids(harness.server.sessions)),
      handler: pending.handler,
    });
    const peer = await harness.connect({ finishes: false });
    const refused = await harness.connect();
    expect([seen, refused.received]).toEqual([[[1]], "error: too-many-connections\n"]);
    await peer.send("a\n");
    for (const session of harness.server.sessions) session.close();
    pending.of("a").resolve("done");
    await harness.settle();
    expect(ids(harness.server.sessions)).toEqual([1]);
    await harness.clock.advance(2_000);
    expect(ids(harness.server.sessions)).toEqual([]);
  });
});
