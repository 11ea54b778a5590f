// A fleet of servers, in memory and on a clock that the tests move.
import { describe, expect, it } from "vitest";
import { isFleetError, workService } from "../../src/compute/mod.ts";
import { lengthPrefixed } from "../../src/core/codecs/mod.ts";
import { lines, type Server, serve } from "../../src/core/mod.ts";
import { closeTrialsAfterEach, HeldWork, Trial, text } from "./support/remote_trial.ts";

closeTrialsAfterEach();

const shout = (line: string) => line.toUpperCase();

describe("a fleet of workers", () => {
  it("answers a frame with the reply of a worker", async () => {
    const trial = new Trial();
    trial.fleet([await trial.worker(shout)]);
    const reply = trial.ask("hello");
    await trial.clock.advance(0);
    expect(await reply).toBe("HELLO");
    expect(trial.events).toHaveLength(1);
  });

  it("gives the error that the handler threw to its frame alone, and keeps the connection", async () => {
    const trial = new Trial();
    const server = await trial.worker((line) => {
      if (line === "bad") throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
      return line;
    });
    const fleet = trial.fleet([server]);
    const { signal } = new AbortController();
    const all = Promise.allSettled(["a", "bad", "b"].map((line) => fleet.handler(line, { signal })));
    await trial.clock.advance(0);
    expect(await all).toMatchObject([
      { value: "a" },
      { reason: { name: "RangeError", message: "too far", code: "E_FAR" } },
      { value: "b" },
    ]);
    expect(fleet.stats()).toMatchObject({ answered: 3, failed: 0, retries: 0, workers: 1 });
  });

  it("gives a frame to the worker with the fewest in flight", async () => {
    const trial = new Trial();
    const [slow, fast] = [new HeldWork(), new HeldWork()];
    trial.fleet([await trial.worker(slow.handler), await trial.worker(fast.handler)], { maxInFlight: 8 });
    const first = [trial.ask("a"), trial.ask("b")];
    await trial.clock.advance(0);
    for (let round = 0; round < 10; round++) {
      fast.answer(fast.frames.length);
      await trial.clock.advance(0);
      void trial.ask(`${round}`);
      await trial.clock.advance(0);
    }
    expect(first).toHaveLength(2);
    expect([slow.frames.length, fast.frames.length]).toEqual([
      expect.toSatisfy((count: number) => count <= 3),
      expect.toSatisfy((count: number) => count >= 9),
    ]);
  });

  it("lets at most maxInFlight frames a worker go, and the others wait in order", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler)], { maxInFlight: 2 });
    const all = ["a", "b", "c", "d"].map((line) => trial.ask(line));
    await trial.clock.advance(0);
    expect(work.frames).toEqual(["a", "b"]);
    expect(fleet.stats()).toMatchObject({ busy: 2, queued: 2 });
    work.answer(1);
    await trial.clock.advance(0);
    expect(work.frames).toEqual(["a", "b", "c"]);
    for (let round = 0; round < 3; round++) {
      work.answer(1);
      await trial.clock.advance(0);
    }
    expect(await Promise.all(all)).toEqual(["done", "done", "done", "done"]);
  });

  it("refuses a frame as fleet-busy when maxQueue wait", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler)], { maxInFlight: 1, maxQueue: 2 });
    const all = ["a", "b", "c", "d"].map((line) => trial.ask(line));
    // The first one found no connection yet, and waits like the others.
    expect(await Promise.all(all.slice(2))).toEqual(["fleet-busy", "fleet-busy"]);
    await trial.clock.advance(0);
    expect(fleet.stats()).toMatchObject({ busy: 1, queued: 1, failed: 2 });
  });

  it("rejects with the reason of the signal at once, whether a frame waits or was sent", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler)], { maxInFlight: 1 });
    const controller = new AbortController();
    const all = ["a", "b"].map((line) => trial.ask(line, controller.signal));
    await trial.clock.advance(0);
    controller.abort();
    expect(await Promise.all(all)).toEqual(["AbortError", "AbortError"]);
    // The worker has it still, so its place stays taken.
    expect(fleet.stats()).toMatchObject({ busy: 1, queued: 0 });
    work.answer(1);
    await trial.clock.advance(0);
    expect(fleet.stats()).toMatchObject({ busy: 0 });
  });

  it("reads no further from a session than its frames find room", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler)], { maxInFlight: 1 });
    const { clock, transport } = trial;
    const server = await serve(transport, {
      port: 0,
      codec: lines(),
      concurrency: 3,
      clock,
      handler: fleet.handler,
      observer: () => undefined,
    });
    const connection = await transport.connect(server.address);
    await connection.writable.getWriter().write(new TextEncoder().encode("a\n".repeat(100)));
    await clock.advance(0);
    expect(server.stats().framesIn).toBe(3);
    expect(fleet.stats()).toMatchObject({ busy: 1, queued: 2 });
    void server.shutdown();
    void server.shutdown();
    await clock.advance(60_000);
  });

  it("takes frames of any kind", async () => {
    const trial = new Trial();
    const fleet = trial.fleet([await trial.worker(((frame: unknown) => frame) as never)]);
    const { signal } = new AbortController();
    const frames = ["a", Uint8Array.of(1, 2, 3), { a: [1, null, "x"] }, 7, true, null];
    const all = Promise.all(frames.map((frame) => fleet.handler(frame as never, { signal })));
    await trial.clock.advance(0);
    expect(await all).toEqual(frames);
  });

  it("refuses what is too large before it is sent, and a reply that is too large", async () => {
    const trial = new Trial();
    trial.fleet([await trial.worker((line) => (line === "grow" ? "x".repeat(2_000_000) : line))]);
    const all = [trial.ask("x".repeat(1_048_577)), trial.ask("x".repeat(1_048_576)), trial.ask("grow"), trial.ask("a")];
    await trial.clock.advance(0);
    const [over, most, grown, next] = await Promise.all(all);
    expect([over, most?.length, grown, next]).toEqual(["payload-too-large", 1_048_576, "payload-too-large", "a"]);
  });
});

describe("nobody there", () => {
  it("fails as no-workers after waitForWorkersMs", async () => {
    const trial = new Trial();
    trial.fleet([9], { waitForWorkersMs: 500 });
    let failed: string | undefined;
    void trial.ask("a").then((code) => (failed = code));
    await trial.clock.advance(499);
    expect(failed).toBeUndefined();
    await trial.clock.advance(1);
    expect(failed).toBe("no-workers");
    // From now on it is known.
    expect(await trial.ask("b")).toBe("no-workers");
  });

  it("fails as soon as the first attempt has failed, if it is to wait for nothing", async () => {
    const trial = new Trial();
    trial.fleet([9], { waitForWorkersMs: 0 });
    const asked = trial.ask("a");
    await trial.clock.advance(0);
    expect(await asked).toBe("no-workers");
  });

  it("is over when a worker is there, however long the pauses have become", async () => {
    const trial = new Trial();
    const { port } = (await trial.worker(shout)).address as { port: number };
    const other = new Trial();
    other.fleet([port]);
    const missing = other.ask("a");
    await other.clock.advance(60_000);
    expect(await missing).toBe("no-workers");
    await other.worker(shout, port);
    const found = other.ask("a");
    await other.clock.advance(0);
    expect(await found).toBe("A");
  });
});

describe("a worker that drains", () => {
  it("answers what it has, and what it has not handled goes to another: nothing is lost, nothing is handled twice", async () => {
    const trial = new Trial();
    const handled: string[] = [];
    const work = new HeldWork();
    const first = await trial.worker(work.handler, 0, 1);
    const fleet = trial.fleet([first], { maxInFlight: 4 });
    const all = ["a", "b", "c"].map((line) => trial.ask(line));
    await trial.clock.advance(0);
    expect(work.frames).toEqual(["a"]);
    const port = first.address.port;
    void first.shutdown();
    work.answer(1);
    await trial.clock.advance(0);
    await trial.worker((line) => {
      handled.push(line);
      return "again";
    }, port);
    for (let round = 0; round < 5; round++) {
      work.answer(1);
      await trial.clock.advance(200);
    }
    const replies = await Promise.all(all);
    expect([...work.frames, ...handled].toSorted()).toEqual(["a", "b", "c"]);
    expect(replies.filter((reply) => reply !== "done" && reply !== "again")).toEqual([]);
    expect(fleet.stats()).toMatchObject({ answered: 3, failed: 0 });
  });
});

describe("a worker that is given a grace", () => {
  it("takes frames until its connection drains, and proves only then that it handles nothing more", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const worker = await trial.worker(work.handler, 0, 4);
    const fleet = trial.fleet([worker], { maxInFlight: 4 });
    const first = trial.ask("a");
    await trial.clock.advance(0);
    void worker.shutdown({ graceMs: 5_000 });
    await trial.clock.advance(1_000);
    const second = trial.ask("b");
    await trial.clock.advance(0);
    expect([work.frames, fleet.stats().workers]).toEqual([["a", "b"], 1]);
    work.answer(1);
    await trial.clock.advance(0);
    expect(await first).toBe("done");
    // It is killed while it has a frame: nobody knows whether that was handled.
    void worker.shutdown();
    await trial.clock.advance(0);
    expect([await second, fleet.stats().retries]).toEqual(["worker-lost", 0]);
  });
});

/** A server of lines that is no worker, and what has to be known of it. */
async function lineServer(
  trial: Trial,
  handler: (line: string, close: () => void) => unknown,
  options: object = {},
): Promise<Server> {
  const server = await serve(trial.transport, {
    hostname: "127.0.0.1",
    port: 0,
    clock: trial.clock,
    codec: lines(),
    handler: (line: string, context) => handler(line, () => context.close()) as string,
    observer: () => undefined,
    ...options,
  });
  return server as unknown as Server;
}

describe("retry", () => {
  const CODEC = { codec: lines(), isGoodbye: (line: string) => line === "bye" };

  it("is not for what was lost: whether it was handled is unknown", async () => {
    const trial = new Trial();
    const got: string[] = [];
    const server = await lineServer(trial, (line, close) => {
      got.push(line);
      close();
    });
    trial.fleet([server], CODEC);
    const asked = trial.ask("a");
    await trial.clock.advance(20_000);
    expect([await asked, got]).toEqual(["worker-lost", ["a"]]);
  });

  it("is for what was lost if the caller says idempotent, at most maxTries times", async () => {
    const trial = new Trial();
    const got: string[] = [];
    const server = await lineServer(trial, (line, close) => {
      got.push(line);
      close();
    });
    const fleet = trial.fleet([server], { ...CODEC, idempotent: true, maxTries: 3, waitForWorkersMs: 60_000 });
    const asked = trial.ask("a");
    await trial.clock.advance(20_000);
    expect([await asked, got, fleet.stats().retries]).toEqual(["worker-lost", ["a", "a", "a"], 2]);
  });

  it("is for what had no reply when the server said goodbye, without idempotent", async () => {
    const trial = new Trial();
    const [work, other] = [new HeldWork(), new HeldWork()];
    const leaving = await lineServer(trial, work.handler, { onDrain: () => "bye" });
    const staying = await lineServer(trial, other.handler, { concurrency: 64 });
    const fleet = trial.fleet([leaving, staying], CODEC);
    const all = ["a", "b"].map((line) => trial.ask(line));
    await trial.clock.advance(0);
    void leaving.shutdown();
    // The fleet does not know that yet.
    all.push(...["c", "d", "e", "f"].map((line) => trial.ask(line)));
    await trial.clock.advance(0);
    expect([work.frames.length, other.frames.length]).toEqual([1, 3]);
    work.answer(1);
    await trial.clock.advance(0);
    other.answer(5);
    await trial.clock.advance(0);
    expect(await Promise.all(all)).toEqual(all.map(() => "done"));
    expect([...work.frames, ...other.frames].toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(fleet.stats()).toMatchObject({ answered: 6, failed: 0, retries: 2 });
  });

  it("is not for a frame at which the server failed, and says so", async () => {
    const trial = new Trial();
    const server = await lineServer(trial, (line) => {
      if (line === "bad") throw new Error("no");
      return line;
    });
    trial.fleet([server], { ...CODEC, isFault: (line) => line.startsWith("error: ") });
    const all = [trial.ask("a"), trial.ask("bad"), trial.ask("b")];
    await trial.clock.advance(0);
    expect(await Promise.all(all)).toEqual(["a", "worker-failed", "worker-lost"]);
  });

  it("is not for a frame that the codec refuses, whose error it gets", async () => {
    const trial = new Trial();
    const fleet = trial.fleet([await lineServer(trial, (line) => line)], CODEC);
    const all = [trial.ask("two\nlines"), trial.ask("a")];
    await trial.clock.advance(0);
    expect(await Promise.all(all)).toEqual(["reply-invalid", "a"]);
    expect(fleet.stats().retries).toBe(0);
  });

  it("of what took too long needs idempotent", async () => {
    for (const [idempotent, expected] of [
      [false, "worker-timeout"],
      [true, "B"],
    ] as const) {
      const trial = new Trial();
      const work = new HeldWork();
      const hung = await trial.worker(work.handler);
      const fleet = trial.fleet([hung, await trial.worker(() => "B")], { idempotent, tryTimeoutMs: 1_000 });
      const both = [trial.ask("a"), trial.ask("a")];
      await trial.clock.advance(999);
      expect(fleet.stats()).toMatchObject({ busy: 1 });
      await trial.clock.advance(1);
      expect(new Set(await Promise.all(both))).toEqual(new Set(["B", expected]));
    }
  });
});

describe("ejection", () => {
  /** A fleet of one worker that answers and one that hangs. */
  async function withHung(options: object = {}) {
    const trial = new Trial();
    const work = new HeldWork();
    const hung = await trial.worker(work.handler);
    const good = await trial.worker(shout);
    const fleet = trial.fleet([hung, good], {
      tryTimeoutMs: 1_000,
      ejectAfter: 3,
      minEjectionMs: 1_000,
      maxEjectionMs: 4_000,
      idempotent: true,
      ...options,
    });
    const state = () => fleet.stats().members.find(({ address }) => address === text(hung))?.state;
    return { trial, work, fleet, state };
  }

  it("comes after so many consecutive failures, and not before", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler)], {
      tryTimeoutMs: 1_000,
      ejectAfter: 3,
      maxInFlight: 8,
    });
    const states: unknown[] = [];
    for (const count of [2, 1, 2, 3]) {
      const all = Array.from({ length: count }, () => trial.ask("a"));
      await trial.clock.advance(1_000);
      expect(await Promise.all(all)).toEqual(all.map(() => "worker-timeout"));
      states.push(fleet.stats().members[0]?.state);
      // The second time, a reply comes in between, too late for its frame: the worker is alive.
      if (states.length === 2) await trial.clock.advance(10_000);
      if (states.length === 3) {
        work.answer(work.frames.length);
        await trial.clock.advance(0);
      }
    }
    expect(states).toEqual(["up", "ejected", "up", "ejected"]);
  });

  it("gives an ejected worker no frame until it has answered a probe", async () => {
    const { state, trial, work } = await withHung();
    const eight = Array.from({ length: 8 }, () => trial.ask("a"));
    await trial.clock.advance(1_000);
    await Promise.all(eight);
    expect([work.frames.length, state()]).toEqual([4, "ejected"]);
    const many = Array.from({ length: 20 }, () => trial.ask("x"));
    await trial.clock.advance(0);
    expect(await Promise.all(many)).toEqual(many.map(() => "X"));
    expect(work.frames).toHaveLength(4);
    // The pause is over, and the worker answers the probe: its handler alone hangs.
    await trial.clock.advance(1_000);
    expect(state()).toBe("up");
    expect(trial.events.filter((event) => event.startsWith("worker-down"))).toHaveLength(1);
  });

  it("of a server that refuses connections has pauses that grow to the longest, with one attempt at a time", async () => {
    const trial = new Trial();
    const delays: number[] = [];
    const good = await trial.worker(shout);
    const fleet = trial.fleet([9, good], {
      minEjectionMs: 100,
      maxEjectionMs: 1_000,
      observer: (event) => void (event.type === "worker-down" && delays.push(event.delayMs)),
    });
    const asked = trial.ask("a");
    await trial.clock.advance(0);
    expect(await asked).toBe("A");
    await trial.clock.advance(3_400);
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(fleet.stats()).toMatchObject({ workers: 1 });
  });

  it("of a server without a probe ends with one real frame, while no other goes there", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    let broken = true;
    const server = await lineServer(trial, (line, close) => (broken ? close() : work.handler(line)), {
      concurrency: 8,
    });
    const fleet = trial.fleet([server], { codec: lines(), minEjectionMs: 100, waitForWorkersMs: 10_000 });
    const lost = trial.ask("a");
    await trial.clock.advance(0);
    expect(await lost).toBe("worker-lost");
    broken = false;
    const all = ["b", "c", "d"].map((line) => trial.ask(line));
    await trial.clock.advance(100);
    expect(fleet.stats().members).toMatchObject([{ state: "on trial", inFlight: 1 }]);
    expect(work.frames).toEqual(["b"]);
    work.answer(1);
    await trial.clock.advance(0);
    expect(fleet.stats().members).toMatchObject([{ state: "up", inFlight: 2 }]);
    work.answer(2);
    await trial.clock.advance(0);
    expect(await Promise.all(all)).toEqual(["done", "done", "done"]);
  });

  it("does not cut off frames that may still be answered", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler)], {
      tryTimeoutMs: 1_000,
      ejectAfter: 1,
      minEjectionMs: 10,
    });
    const early = trial.ask("a");
    await trial.clock.advance(900);
    const late = trial.ask("b");
    await trial.clock.advance(150);
    expect(await early).toBe("worker-timeout");
    expect(fleet.stats()).toMatchObject({ workers: 0, members: [{ state: "ejected", inFlight: 2 }] });
    work.answer(2);
    await trial.clock.advance(0);
    expect(await late).toBe("done");
    // Nobody waits for a reply any more, and the next connection is made.
    expect(fleet.stats()).toMatchObject({ workers: 1, members: [{ state: "up", inFlight: 0 }] });
  });
});

describe("a server that is no worker", () => {
  it.each([
    ["answers a probe with something else", () => "nn"],
    [
      "answers with more than it was asked for",
      (_: string, { session }: { session: { send(frame: string): unknown } }) =>
        void (session.send("p"), session.send("n")),
    ],
  ])("is not used if it %s", async (_, handler) => {
    const trial = new Trial();
    const server = await serve(trial.transport, {
      hostname: "127.0.0.1",
      port: 0,
      clock: trial.clock,
      codec: lengthPrefixed({ width: 4 }),
      handler: handler as never,
      observer: () => undefined,
    });
    const fleet = trial.fleet([server as unknown as Server, await trial.worker(shout)]);
    void fleet.ready();
    await trial.clock.advance(0);
    const all = Array.from({ length: 10 }, () => trial.ask("a"));
    await trial.clock.advance(0);
    expect(await Promise.all(all)).toEqual(all.map(() => "A"));
    expect(fleet.stats()).toMatchObject({ workers: 1 });
    expect(trial.events).toContain(`worker-down 127.0.0.1:${server.address.port}`);
    void server.shutdown();
    void server.shutdown();
  });
});

describe("a connection that nobody uses", () => {
  it("is proved now and then, and replaced if it is dead", async () => {
    const trial = new Trial();
    let answers = 2;
    // A worker that answers two probes, and then nothing.
    const server = await serve(trial.transport, {
      hostname: "127.0.0.1",
      port: 0,
      clock: trial.clock,
      ...workService((line: string) => line),
      handler: () => (answers-- > 0 ? Uint8Array.of(0x70) : undefined),
      observer: () => undefined,
    });
    const fleet = trial.fleet([server as unknown as Server], { tryTimeoutMs: 20_000 });
    void fleet.ready();
    await trial.clock.advance(15_000);
    expect([answers, fleet.stats().members[0]?.state]).toEqual([0, "up"]);
    await trial.clock.advance(34_000);
    expect(fleet.stats().members[0]?.state).toBe("up");
    await trial.clock.advance(1_000);
    expect(fleet.stats().workers).toBe(0);
    void server.shutdown();
    void server.shutdown();
  });
});

describe("hedging", () => {
  it("asks a second worker when the first is slow, and takes the first reply", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const fleet = trial.fleet([await trial.worker(work.handler), await trial.worker(shout)], {
      idempotent: true,
      hedgeAfterMs: 100,
    });
    const both = [trial.ask("a"), trial.ask("b")];
    await trial.clock.advance(99);
    expect(fleet.stats().retries).toBe(0);
    await trial.clock.advance(1);
    expect(new Set(await Promise.all(both))).toEqual(new Set(["A", "B"]));
    expect(fleet.stats()).toMatchObject({ retries: 1, busy: 1 });
    work.answer(1);
    await trial.clock.advance(0);
    expect(fleet.stats()).toMatchObject({ busy: 0 });
  });

  it("is refused without idempotent", () => {
    expect(() => new Trial().fleet([9], { hedgeAfterMs: 5 })).toThrow("hedgeAfterMs needs idempotent: true");
  });
});

describe("names", () => {
  it("are looked up again: servers come and go", async () => {
    const trial = new Trial();
    const [one, two] = [await trial.worker(() => "one"), await trial.worker(() => "two")];
    let addresses: string[] = ["127.0.0.1"];
    const port = one.address.port;
    const fleet = trial.fleet([`workers.internal:${port}`, two], {
      resolve: () => Promise.resolve(addresses),
      resolveEveryMs: 1_000,
    });
    void fleet.ready();
    await trial.clock.advance(0);
    const first = [trial.ask("a"), trial.ask("b")];
    await trial.clock.advance(0);
    expect(new Set(await Promise.all(first))).toEqual(new Set(["one", "two"]));
    expect(
      fleet
        .stats()
        .members.map(({ address }) => address)
        .toSorted(),
    ).toEqual([text(two), `workers.internal (${text(one)})`]);
    addresses = ["127.0.0.2"];
    await trial.clock.advance(1_000);
    expect(fleet.stats().members.map(({ address }) => address)).toContain(`workers.internal (127.0.0.2:${port})`);
    expect(fleet.stats().members).toHaveLength(2);
  });

  it("that are not resolved keep the servers of the last answer", async () => {
    const trial = new Trial();
    const server = await trial.worker(shout);
    let fails = false;
    const resolve = () => (fails ? Promise.reject(new Error("no DNS")) : Promise.resolve(["127.0.0.1", "::1"]));
    const fleet = trial.fleet([`w:${server.address.port}`], { resolve, resolveEveryMs: 1_000 });
    const before = trial.ask("a");
    await trial.clock.advance(0);
    expect(await before).toBe("A");
    fails = true;
    await trial.clock.advance(5_000);
    const after = trial.ask("b");
    await trial.clock.advance(0);
    expect(await after).toBe("B");
    expect(fleet.stats().members).toHaveLength(1);
    expect(trial.events).toContain(`resolve-failed w:${server.address.port}`);
  });

  it("let a server that is gone answer what it has", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const server = await trial.worker(work.handler);
    let addresses = ["127.0.0.1"];
    const fleet = trial.fleet([`w:${server.address.port}`], {
      resolve: () => Promise.resolve(addresses),
      resolveEveryMs: 1_000,
    });
    const asked = trial.ask("a");
    await trial.clock.advance(0);
    addresses = ["127.0.0.9"];
    await trial.clock.advance(1_000);
    work.answer(1);
    await trial.clock.advance(0);
    expect(await asked).toBe("done");
    expect(fleet.stats().members.map(({ address }) => address)).toEqual([`w (127.0.0.9:${server.address.port})`]);
    expect(server.stats().connections).toBe(0);
  });
});

describe("close()", () => {
  it("fails what has no reply and what comes later, and leaves no timer behind", async () => {
    const trial = new Trial();
    const work = new HeldWork();
    const server = await trial.worker(work.handler);
    const fleet = trial.fleet([server, 9], { maxInFlight: 1 });
    const all = ["a", "b"].map((line) => trial.ask(line));
    await trial.clock.advance(0);
    await fleet.close();
    expect(await Promise.all([...all, trial.ask("c")])).toEqual(["fleet-closed", "fleet-closed", "fleet-closed"]);
    await expect(fleet.ready()).rejects.toSatisfy(isFleetError);
    void server.shutdown();
    void server.shutdown();
    await trial.clock.advance(0);
    expect(trial.clock.pending).toBe(0);
  });

  it("of a fleet that was never used does nothing", async () => {
    const trial = new Trial();
    await trial.fleet([9]).close();
    expect(trial.clock.pending).toBe(0);
  });
});
