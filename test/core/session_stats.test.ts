import { describe, expect, it } from "vitest";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("session.stats", () => {
  it("counts what came and went, and how long ago", async () => {
    const pending = answers();
    const harness = await served({
      handler: (line, context) => (line === "wait" ? pending.handler(line, context) : line.toUpperCase()),
      onConnect: (session) => {
        session.join("all");
        session.join("odd");
      },
    });
    const peer = await harness.connect();
    await harness.clock.advance(1_000);
    await peer.send("hello\n");
    await harness.clock.advance(500);
    const [session] = [...harness.server.sessions];
    expect(session?.stats()).toEqual({
      bytesIn: 6,
      bytesOut: 6,
      framesIn: 1,
      framesOut: 1,
      framesDropped: 0,
      ageMs: 1_500,
      quietMs: 500,
      waitingOutboundBytes: 0,
      framesInFlight: 0,
      groups: ["all", "odd"],
    });
    await peer.send("wait\n");
    session?.leave("odd");
    expect(session?.stats()).toMatchObject({ framesInFlight: 1, quietMs: 0, groups: ["all"] });
    pending.of("wait").resolve("W");
    await harness.settle();
  });

  it("counts what waits for a peer that does not read", async () => {
    const harness = await served({}, 16);
    const peer = await harness.connect({ reads: false });
    const [session] = [...harness.server.sessions];
    session?.send("x".repeat(99));
    await harness.settle();
    expect(session?.stats().waitingOutboundBytes).toBeGreaterThan(0);
    await peer.read();
  });
});

describe("server.groups", () => {
  it("are those that have members", async () => {
    const harness = await served({
      onConnect: (session, { connection }) => session.join(`group ${connection.id % 2}`),
    });
    for (let count = 0; count < 3; count++) await harness.connect();
    expect([...harness.server.groups].map(({ name, size }) => [name, size])).toEqual([
      ["group 1", 2],
      ["group 0", 1],
    ]);
    await harness.server.shutdown();
    expect([...harness.server.groups]).toEqual([]);
  });
});
