import { describe, expect, it } from "vitest";
import { lines } from "../../src/core/mod.ts";
import { bounded } from "../support/bounded.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** Sends to everybody, now and then. */
async function broadcast(harness: Awaited<ReturnType<typeof served>>, times: number, everyMs: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await harness.clock.advance(everyMs);
    harness.server.group("all").broadcast("news");
    await harness.settle();
  }
}

describe("silence deadline", () => {
  it("passes so long after the connection was opened when nothing comes, not before", async () => {
    const harness = await served({ silenceTimeoutMs: 1_000 });
    const peer = await harness.connect();
    await harness.clock.advance(999);
    expect(peer.ended).toBe(false);
    await harness.clock.advance(1);
    expect(peer.ended).toBe(true);
    expect(harness.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 1_000 }]);
    expect(harness.closed[0]).not.toHaveProperty("error");
  });

  it("does not count what is sent, which keeps the connection from being idle", async () => {
    const harness = await served({
      silenceTimeoutMs: 1_000,
      idleTimeoutMs: 300,
      onConnect: (session) => session.join("all"),
    });
    const peer = await harness.connect();
    await broadcast(harness, 9, 100);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(100);
    expect(peer.received).toBe("news\n".repeat(9));
    expect(harness.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 1_000, framesOut: 9 }]);
  });

  it("starts anew with every byte, a part of a frame among them", async () => {
    const harness = await served({ silenceTimeoutMs: 1_000 });
    const peer = await harness.connect();
    for (const part of ["a", "b", "\n", "c\n"]) {
      await harness.clock.advance(900);
      await peer.send(part);
    }
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(peer.received).toBe("AB\nC\n");
    expect(harness.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 4_600 }]);
  });

  it("waits while a handler is at work, and starts anew when it has finished", async () => {
    const pending = answers();
    const harness = await served({ silenceTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(20_000);
    expect(harness.closed).toEqual([]);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(peer.received).toBe("A\n");
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 21_000 }]);
  });

  it("waits while what has come is not read, since it is this side that does not listen", async () => {
    const pending = answers();
    const harness = await served({ silenceTimeoutMs: 1_000, maxConcurrentHandlers: 1, handler: pending.handler });
    const [busy, waiting] = [await harness.connect(), await harness.connect()];
    await busy.send("a\n");
    await waiting.send("b\n");
    await waiting.send("c\n");
    await harness.clock.advance(20_000);
    expect(harness.closed).toEqual([]);
    pending.of("a").resolve("A");
    await harness.settle();
    pending.of("b").resolve("B");
    await harness.settle();
    pending.of("c").resolve("C");
    await harness.clock.advance(999);
    expect(waiting.received).toBe("B\nC\n");
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["silence-timeout", "silence-timeout"]);
  });

  it("gives a peer that waited for a synchronous handler's place its time, too", async () => {
    const pending = answers();
    const harness = await served({
      silenceTimeoutMs: 1_000,
      maxConcurrentHandlers: 1,
      handler: (line, context) => (line === "a" ? pending.handler(line, context) : undefined),
    });
    const [busy, waiting] = [await harness.connect(), await harness.connect()];
    await busy.send("a\n");
    await waiting.send("nothing\n");
    await harness.clock.advance(20_000);
    pending.of("a").resolve("A");
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["silence-timeout", "silence-timeout"]);
  });

  it("waits while a reply is on its way to a slow reader, and starts anew when it is out", async () => {
    const harness = await served(
      { silenceTimeoutMs: 1_000, lingerTimeoutMs: 1, handler: (line) => line.repeat(20_000) },
      4_096,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("a\n");
    const reader = peer.connection.readable.getReader();
    for (const step = bounded(1_000); harness.server.stats().bytesOut < 20_001 && step(); ) {
      await harness.clock.advance(900);
      await reader.read();
      await harness.settle();
    }
    expect(harness.clock.now()).toBeGreaterThan(2_000);
    await harness.clock.advance(999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["silence-timeout"]);
  });

  it("is off unless it is asked for", async () => {
    const harness = await served({ idleTimeoutMs: Infinity, onConnect: (session) => session.join("all") });
    await harness.connect();
    await broadcast(harness, 10, 1_000_000);
    expect(harness.closed).toEqual([]);
  });

  it("does not cut short what is still to be answered after the peer's FIN", async () => {
    const pending = answers();
    const harness = await served({ silenceTimeoutMs: 1_000, handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.finish();
    await harness.clock.advance(20_000);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\n");
    expect(harness.reasons).toEqual(["remote-closed"]);
  });

  it("passes behind a reply without bytes too", async () => {
    const empty = { encode: () => {} };
    const codec = { decoder: () => lines().decoder(), encoder: () => empty };
    const harness = await served({ silenceTimeoutMs: 1_000, codec });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(1_000);
    expect(harness.reasons).toEqual(["silence-timeout"]);
  });
});
