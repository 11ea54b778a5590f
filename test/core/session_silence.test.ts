import { describe, expect, it } from "vitest";
import { bounded } from "../bounded.ts";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

/** Sends to everybody, now and then. */
async function broadcast(it: Awaited<ReturnType<typeof served>>, times: number, everyMs: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await it.clock.advance(everyMs);
    it.server.group("all").broadcast("news");
    await it.settle();
  }
}

describe("silence deadline", () => {
  it("passes so long after the connection was opened when nothing comes, not before", async () => {
    const it = await served({ silenceTimeoutMs: 1_000 });
    const other = await it.connect();
    await it.clock.advance(999);
    expect(other.ended).toBe(false);
    await it.clock.advance(1);
    expect(other.ended).toBe(true);
    expect(it.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 1_000 }]);
    expect(it.closed[0]).not.toHaveProperty("error");
  });

  it("does not count what is sent, which keeps the connection from being idle", async () => {
    const it = await served({
      silenceTimeoutMs: 1_000,
      idleTimeoutMs: 300,
      onConnect: (session) => session.join("all"),
    });
    const other = await it.connect();
    await broadcast(it, 9, 100);
    expect(it.closed).toEqual([]);
    await it.clock.advance(100);
    expect(other.received).toBe("news\n".repeat(9));
    expect(it.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 1_000, framesOut: 9 }]);
  });

  it("starts anew with every byte, a part of a frame among them", async () => {
    const it = await served({ silenceTimeoutMs: 1_000 });
    const other = await it.connect();
    for (const part of ["a", "b", "\n", "c\n"]) {
      await it.clock.advance(900);
      await other.send(part);
    }
    await it.clock.advance(999);
    expect(it.closed).toEqual([]);
    await it.clock.advance(1);
    expect(other.received).toBe("AB\nC\n");
    expect(it.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 4_600 }]);
  });

  it("waits while a handler is at work, and starts anew when it has finished", async () => {
    const pending = answers();
    const it = await served({ silenceTimeoutMs: 1_000, handler: pending.handler });
    const other = await it.connect();
    await other.send("a\n");
    await it.clock.advance(20_000);
    expect(it.closed).toEqual([]);
    pending.of("a").resolve("A");
    await it.clock.advance(999);
    expect(other.received).toBe("A\n");
    expect(it.closed).toEqual([]);
    await it.clock.advance(1);
    expect(it.closed).toMatchObject([{ reason: "silence-timeout", durationMs: 21_000 }]);
  });

  it("waits while what has come is not read, since it is us who do not listen", async () => {
    const pending = answers();
    const it = await served({ silenceTimeoutMs: 1_000, maxConcurrentHandlers: 1, handler: pending.handler });
    const [busy, waiting] = [await it.connect(), await it.connect()];
    await busy.send("a\n");
    await waiting.send("b\n");
    await waiting.send("c\n");
    await it.clock.advance(20_000);
    expect(it.closed).toEqual([]);
    pending.of("a").resolve("A");
    await it.settle();
    pending.of("b").resolve("B");
    await it.settle();
    pending.of("c").resolve("C");
    await it.clock.advance(999);
    expect(waiting.received).toBe("B\nC\n");
    expect(it.closed).toEqual([]);
    await it.clock.advance(1);
    expect(it.reasons).toEqual(["silence-timeout", "silence-timeout"]);
  });

  it("gives a peer that waited for a synchronous handler's place its time, too", async () => {
    const pending = answers();
    const it = await served({
      silenceTimeoutMs: 1_000,
      maxConcurrentHandlers: 1,
      handler: (line, context) => (line === "a" ? pending.handler(line, context) : undefined),
    });
    const [busy, waiting] = [await it.connect(), await it.connect()];
    await busy.send("a\n");
    await waiting.send("nothing\n");
    await it.clock.advance(20_000);
    pending.of("a").resolve("A");
    await it.clock.advance(999);
    expect(it.closed).toEqual([]);
    await it.clock.advance(1);
    expect(it.reasons).toEqual(["silence-timeout", "silence-timeout"]);
  });

  it("waits while a reply is on its way to a slow reader, and starts anew when it is out", async () => {
    const it = await served(
      { silenceTimeoutMs: 1_000, lingerTimeoutMs: 1, handler: (line) => line.repeat(20_000) },
      4_096,
    );
    const other = await it.connect({ reads: false });
    await other.send("a\n");
    const reader = other.connection.readable.getReader();
    for (const step = bounded(1_000); it.server.stats().bytesOut < 20_001 && step(); ) {
      await it.clock.advance(900);
      await reader.read();
      await it.settle();
    }
    expect(it.clock.now()).toBeGreaterThan(2_000);
    await it.clock.advance(999);
    expect(it.closed).toEqual([]);
    await it.clock.advance(1);
    expect(it.reasons).toEqual(["silence-timeout"]);
  });

  it("is off unless it is asked for", async () => {
    const it = await served({ idleTimeoutMs: Infinity, onConnect: (session) => session.join("all") });
    await it.connect();
    await broadcast(it, 10, 1_000_000);
    expect(it.closed).toEqual([]);
  });

  it("does not cut short what is still to be answered after the other side's FIN", async () => {
    const pending = answers();
    const it = await served({ silenceTimeoutMs: 1_000, handler: pending.handler });
    const other = await it.connect();
    await other.send("a\n");
    await other.finish();
    await it.clock.advance(20_000);
    pending.of("a").resolve("A");
    await it.settle();
    expect(other.received).toBe("A\n");
    expect(it.reasons).toEqual(["remote-closed"]);
  });
});
