import { describe, expect, it } from "vitest";
import type { ObservedServer, ServerEvent } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { type Served, served } from "./support/served.ts";

/** A server, and what it said that it does at each of its own events. */
async function watched(handler = answers().handler): Promise<{ harness: Served; states: string[] }> {
  const states: string[] = [];
  let server: ObservedServer | undefined;
  const observer = (event: ServerEvent): void => {
    if (event.type === "listening") server = event.server;
    if (!/^(connection|handler)/.test(event.type)) states.push(`${event.type}: ${server?.state}`);
  };
  return { harness: await served({ observer, handler }), states };
}

describe("server.state", () => {
  it("is listening, draining and closed in the events of the same names", async () => {
    const { harness, states } = await watched();
    await harness.server.shutdown();
    expect(states).toEqual(["listening: listening", "draining: draining", "drained: closed"]);
    expect(harness.server.state).toBe("closed");
  });

  it("is accepting-stopped until a drain begins", async () => {
    const { harness, states } = await watched();
    await harness.connect();
    harness.server.stopAccepting();
    expect(harness.server.state).toBe("accepting-stopped");
    const drained = harness.server.shutdown({ graceMs: 1_000 });
    expect(harness.server.state).toBe("accepting-stopped");
    await harness.clock.advance(10_000);
    await drained;
    expect(states.slice(1)).toEqual([
      "accepting-stopped: accepting-stopped",
      "accepting-stopped: accepting-stopped",
      "draining: draining",
      "drained: closed",
    ]);
  });

  it("is draining for as long as a request is at work", async () => {
    const pending = answers();
    const { harness } = await watched(pending.handler);
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown();
    await harness.clock.advance(500);
    expect(harness.server.state).toBe("draining");
    pending.of("a").resolve("A");
    await harness.clock.advance(10_000);
    await drained;
    expect(harness.server.state).toBe("closed");
  });
});
