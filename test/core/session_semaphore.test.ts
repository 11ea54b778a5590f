import { describe, expect, it, vi } from "vitest";
import { json } from "../../src/core/codecs/mod.ts";
import { Semaphore } from "../../src/core/handler/semaphore.ts";
import { lines } from "../../src/core/mod.ts";
import { type Answer, answers } from "./support/answers.ts";
import type { Peer } from "./support/peer.ts";
import { type Served, served } from "./support/served.ts";

/** Connections to a server of few handlers, whose answers are given by hand. */
async function busy(count: number, options: Parameters<typeof served>[0] = {}) {
  const list: Answer[] = [];
  const pending = answers(list);
  const harness: Served = await served({ maxConcurrentHandlers: 1, handler: pending.handler, ...options });
  const peers: Peer[] = [];
  for (let index = 0; index < count; index++) peers.push(await harness.connect());
  /** Answers the frames that are with the handler, one after the other, until there are none; their order. */
  const answerAll = async () => {
    for (let index = 0; index < list.length; index++) {
      list[index]?.resolve((list[index] as Answer).frame.toUpperCase());
      await harness.settle();
    }
    return pending.frames;
  };
  return { harness, pending, peers, answerAll };
}

describe("maxConcurrentHandlers", () => {
  it("bounds what is at work on all connections together, first come, first served", async () => {
    const { harness, pending, peers, answerAll } = await busy(5, { maxConcurrentHandlers: 2 });
    for (const [index, peer] of peers.entries()) await peer.send(`${index}\n`);
    expect(pending.frames).toEqual(["0", "1"]);
    expect(harness.server.stats().handlers).toBe(2);
    pending.of("1").resolve("one");
    await harness.settle();
    expect(pending.frames).toEqual(["0", "1", "2"]);
    expect(await answerAll()).toEqual(["0", "1", "2", "3", "4"]);
    expect(peers.map(({ received }) => received)).toEqual(["0\n", "one\n", "2\n", "3\n", "4\n"]);
    expect(harness.server.stats().handlers).toBe(0);
  });

  it("is shared out in turn: a connection that asks for much does not starve the others", async () => {
    const { peers, answerAll } = await busy(3);
    await peers[0]?.send("a1\na2\na3\na4\n");
    await peers[1]?.send("b1\nb2\n");
    await peers[2]?.send("c1\n");
    expect(await answerAll()).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    expect(peers[0]?.received).toBe("A1\nA2\nA3\nA4\n");
  });

  it("holds one connection with a larger concurrency, too", async () => {
    const { pending, peers, answerAll } = await busy(1, { maxConcurrentHandlers: 3, concurrency: 10 });
    await peers[0]?.send("a\nb\nc\nd\ne\n");
    expect(pending.frames).toEqual(["a", "b", "c"]);
    expect(await answerAll()).toEqual(["a", "b", "c", "d", "e"]);
    expect(peers[0]?.received).toBe("A\nB\nC\nD\nE\n");
  });

  it("is not waited for any more by a connection that is gone", async () => {
    const wait = vi.spyOn(Semaphore.prototype, "wait");
    const { peers, answerAll } = await busy(2);
    await peers[0]?.send("a\n");
    await peers[1]?.send("b\n");
    const semaphore = wait.mock.contexts[0] as Semaphore;
    wait.mockRestore();
    expect(semaphore.waiting).toBe(1);
    await peers[1]?.reset();
    expect(semaphore.waiting).toBe(0);
    expect(await answerAll()).toEqual(["a"]);
  });

  it("pushes back on a connection that waits: its bytes stay where they are", async () => {
    const { harness, peers, answerAll } = await busy(2);
    await peers[0]?.send("a\n");
    for (let count = 0; count < 20; count++) await peers[1]?.send(`${"x".repeat(20_000)}\n`);
    expect(harness.server.stats().bytesIn).toBeLessThan(4 * 20_001);
    expect((await answerAll()).length).toBe(21);
    expect(peers[1]?.receivedBytes).toBe(20 * 20_001);
  });

  it("is not taken by synchronous handlers, which wait all the same while none is free", async () => {
    const list: Answer[] = [];
    const pending = answers(list);
    const { harness, peers } = await busy(2, {
      handler: (line, context) => (line === "slow" ? pending.handler(line, context) : line),
    });
    await peers[0]?.send("a\nb\n");
    expect([peers[0]?.received, harness.server.stats().handlers]).toEqual(["a\nb\n", 0]);
    await peers[0]?.send("slow\n");
    await peers[1]?.send("a\nb\n");
    expect(peers[1]?.received).toBe("");
    list[0]?.resolve("done");
    await harness.settle();
    expect(peers[1]?.received).toBe("a\nb\n");
  });

  it("gets the place of a hung handler back at its deadline", async () => {
    const { harness, pending, peers } = await busy(2, { handlerTimeoutMs: 100 });
    await peers[0]?.send("hang\n");
    await peers[1]?.send("b\n");
    expect(pending.frames).toEqual(["hang"]);
    await harness.clock.advance(100);
    expect(pending.frames).toEqual(["hang", "b"]);
    expect(harness.reasons).toEqual(["handler-timeout"]);
    // It finishes after all, and must not give back what it does not have.
    pending.of("hang").resolve("late");
    await harness.settle();
    expect(harness.server.stats().handlers).toBe(1);
    pending.of("b").resolve("B");
    await harness.settle();
    expect([peers[1]?.received, harness.server.stats().handlers]).toEqual(["B\n", 0]);
  });

  it.each(["reset", "write deadline", "fault before it"])(
    "gets the place back at the end of its connection: %s",
    async (how) => {
      const { harness, pending, peers } = await busy(2, {
        maxConcurrentHandlers: 2,
        concurrency: 2,
        writeTimeoutMs: 100,
      });
      await peers[0]?.send("a\nb\n");
      await peers[1]?.send("c\n");
      expect(pending.frames).toEqual(["a", "b"]);
      if (how === "reset") await peers[0]?.reset();
      else if (how === "fault before it") pending.of("a").reject(new Error("no"));
      else void harness.clock.advance(30_000);
      await harness.settle();
      expect(pending.frames).toEqual(["a", "b", "c"]);
      expect(pending.of("b").aborted).toBeDefined();
    },
  );

  it("is given to the next when the connection that waits is gone", async () => {
    const { harness, pending, peers } = await busy(4);
    for (const [index, peer] of peers.entries()) await peer.send(`${index}\n`);
    await peers[1]?.reset();
    await peers[2]?.finish();
    pending.of("0").resolve("0");
    await harness.settle();
    expect(pending.frames).toEqual(["0", "2"]);
    pending.of("2").resolve("2");
    await harness.settle();
    expect(pending.frames).toEqual(["0", "2", "3"]);
    expect(harness.reasons).toEqual(["connection-reset", "remote-closed"]);
  });

  it("leaves a connection that waits its time: it is neither idle nor late, nor parked", async () => {
    const { harness, pending, peers } = await busy(2, {
      idleTimeoutMs: 1_000,
      frameTimeoutMs: 1_000,
      handlerTimeoutMs: Infinity,
    });
    await peers[0]?.send("a\n");
    await peers[1]?.send("b\nand mo");
    await harness.clock.advance(60_000);
    expect(harness.closed).toEqual([]);
    pending.of("a").resolve("A");
    await harness.settle();
    pending.of("b").resolve("B");
    await harness.settle();
    await peers[1]?.send("re\n");
    expect([peers[1]?.received, pending.frames]).toEqual(["B\n", ["a", "b", "and more"]]);
  });

  it("is waited for by a drain: what was received in full is answered", async () => {
    const { harness, peers, answerAll } = await busy(3);
    for (const [index, peer] of peers.entries()) await peer.send(`${index}\n${index}!\nhalf`);
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(await answerAll()).toEqual(["0", "1", "2", "0!", "1!", "2!"]);
    expect(await drained).toEqual({ drained: 3, aborted: 0 });
    expect(peers.map(({ received }) => received)).toEqual(["0\n0!\n", "1\n1!\n", "2\n2!\n"]);
  });

  it.each(["FIN", "drain"])("is not waited for by a connection that has nothing more to ask: %s", async (how) => {
    const { harness, pending, peers } = await busy(2);
    await peers[0]?.send("a\n");
    await peers[1]?.send("b\n");
    pending.of("a").resolve("A");
    await harness.settle();
    if (how === "FIN") await peers[0]?.finish();
    else void harness.server.shutdown();
    await harness.settle();
    expect([peers[0]?.received, peers[0]?.ended, harness.server.stats().handlers]).toEqual(["A\n", true, 1]);
  });

  it("is not waited for by a fault", async () => {
    const { harness, peers } = await busy(2, { codec: lines({ maxFrameBytes: 3 }) });
    await peers[0]?.send("a\n");
    await peers[1]?.send("long\n");
    expect([peers[1]?.received, harness.reasons]).toEqual(["error: frame-too-large\n", ["frame-too-large"]]);
  });

  it("hands out what was looked at once, and whatever it is", async () => {
    const pending = answers();
    const handled: unknown[] = [];
    const harness = await served({
      codec: json(lines()),
      maxConcurrentHandlers: 1,
      handler: (frame: unknown, context) => {
        handled.push(frame);
        return frame === 1 ? pending.handler("one", context) : Promise.resolve(undefined);
      },
    });
    const [one, peer] = [await harness.connect(), await harness.connect()];
    await one.send("1\n");
    for (const frame of ["null\n", "false\n", "0\n"]) await peer.send(frame);
    expect([handled, harness.server.stats().framesIn]).toEqual([[1], 2]);
    pending.of("one").resolve(undefined);
    await harness.settle();
    expect(handled).toEqual([1, null, false, 0]);
  });

  it("is not waited for by a forced drain", async () => {
    const { harness, peers } = await busy(3);
    for (const peer of peers) await peer.send("a\n");
    void harness.server.shutdown();
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 3 });
    expect(harness.server.stats().handlers).toBe(0);
  });

  it("counts a stream until its end", async () => {
    const { harness, peers } = await busy(2, {
      handler: async function* (line) {
        yield `${line} 1`;
        await new Promise<void>((resolve) => harness.clock.setTimeout(resolve, 100));
        yield `${line} 2`;
      },
    });
    await peers[0]?.send("a\n");
    await peers[1]?.send("b\n");
    expect([peers[0]?.received, peers[1]?.received, harness.server.stats().handlers]).toEqual(["a 1\n", "", 1]);
    await harness.clock.advance(100);
    expect([peers[0]?.received, peers[1]?.received]).toEqual(["a 1\na 2\n", "b 1\n"]);
    await harness.clock.advance(100);
    expect([peers[1]?.received, harness.server.stats().handlers]).toEqual(["b 1\nb 2\n", 0]);
  });

  it("lets a connection whose FIN comes while every permit is in use end once one is free", async () => {
    const pending = answers();
    const harness = await served({ maxConcurrentHandlers: 1, handler: pending.handler });
    const working = await harness.connect();
    const leaving = await harness.connect();
    await working.send("a\n");
    await leaving.finish();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(harness.reasons).toEqual(["remote-closed"]);
    expect(leaving.ended).toBe(true);
  });
});
