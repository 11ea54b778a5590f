import { describe, expect, it } from "vitest";
import { isPoolError } from "../../src/compute/mod.ts";
import { SpillwayError } from "../../src/core/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import { closePoolsAfterEach, Hang, UNBOUNDED, workers } from "./support/workers.ts";

closePoolsAfterEach();

/** Fulfils with what a frame came to. */
function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

describe("a pool", () => {
  it("computes in other threads, which start when they are needed", async () => {
    const { handler, stats } = bound(workers({ size: 2 }));
    expect(stats()).toEqual({ workers: 0, busy: 0, ending: 0, queued: 0, waiting: 0 });
    const threads = await Promise.all([handler("thread", UNBOUNDED), handler("thread", UNBOUNDED)]);
    expect(threads).toEqual([expect.stringMatching(/^false \d+$/), expect.stringMatching(/^false \d+$/)]);
    expect(new Set(threads).size).toBe(2);
    expect(stats()).toEqual({ workers: 2, busy: 0, ending: 0, queued: 0, waiting: 0 });
  });

  it("ready() starts them and loads the module in each", async () => {
    const pool = workers({ size: 2 });
    await pool.ready();
    expect(pool.stats()).toEqual({ workers: 2, busy: 0, ending: 0, queued: 0, waiting: 0 });
  });

  it("ready() tells what is wrong with the module", async () => {
    const fixture = (name: string) => workers({}, new URL(`fixtures/${name}`, import.meta.url)).ready();
    await expect(fixture("no_such.mjs")).rejects.toThrow("no_such.mjs");
    await expect(fixture("throws.mjs")).rejects.toThrow("this module does not load");
    await expect(fixture("no_function.mjs")).rejects.toThrow("is neither a function nor a service with a handler");
  });

  it.each([
    ["hello", "HELLO"],
    ["later", "later"],
    ["nothing", undefined],
    [{ a: [1, new Date(0)] }, { got: { a: [1, new Date(0)] } }],
    ["context signal", "[object AbortSignal]"],
  ])("answers %j with what the worker returns", async (frame, reply) => {
    expect(await workers().handler(frame, UNBOUNDED)).toEqual(reply);
  });

  it("calls the handler of a service, on the service", async () => {
    const pool = workers({}, new URL("fixtures/service.mjs", import.meta.url));
    expect(await pool.handler("hello", UNBOUNDED)).toBe("hello!");
  });

  it.each([
    ["throw", { name: "RangeError", message: "cannot", code: "E_CANNOT" }],
    ["throw text", { message: "a tantrum" }],
    ["no clone", { name: "TypeError", message: "a reply must be something that can be cloned" }],
    ["stream", { name: "TypeError", message: "a pool gives one reply for a frame, not a stream of them" }],
    ["context connection", { message: "context.connection is not available in a pool: only context.signal is" }],
  ])("fails the frame %j, and keeps its worker", async (frame, error) => {
    const pool = workers();
    const thread = await pool.handler("thread", UNBOUNDED);
    expect(await outcome(pool.handler(frame, UNBOUNDED))).toMatchObject(error);
    expect(await pool.handler("thread", UNBOUNDED)).toBe(thread);
  });

  it("a frame that cannot be cloned fails, and nothing else does", async () => {
    const pool = workers();
    expect(await outcome(pool.handler(() => 1, UNBOUNDED))).toMatchObject({ code: "worker-failed" });
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
  });
});

describe("bytes", () => {
  it("are moved to the worker when they fill their buffer", async () => {
    const frame = Uint8Array.of(1, 2, 3);
    expect(await workers().handler(frame, UNBOUNDED)).toEqual(Uint8Array.of(2, 3, 4));
    expect(frame.buffer.byteLength).toBe(0);
  });

  it("are copied when others live in their buffer", async () => {
    const chunk = Uint8Array.of(1, 2, 3, 4);
    expect(await workers().handler(chunk.subarray(1, 3), UNBOUNDED)).toEqual(Uint8Array.of(3, 4));
    expect(chunk).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it("of a reply stay the worker's own", async () => {
    const { handler } = workers();
    expect(await handler("kept", UNBOUNDED)).toEqual(Uint8Array.of(1, 2, 3, 4));
    const part = (await handler("part of kept", UNBOUNDED)) as Uint8Array;
    expect([part, part.buffer.byteLength]).toEqual([Uint8Array.of(2, 3), 2]);
    expect(await handler("kept", UNBOUNDED)).toEqual(Uint8Array.of(1, 2, 3, 4));
  });
});

describe("the queue", () => {
  it("takes maxQueue frames, further ones wait in front of it, and all have their turn in order", async () => {
    const pool = workers({ size: 1, maxQueue: 2 });
    const hang = new Hang();
    const hung = outcome(pool.handler(hang.frame, hang));
    const order: unknown[] = [];
    const rest = ["a", "b", "c", "d", "e"].map((frame) =>
      pool.handler(frame, UNBOUNDED).then((reply) => order.push(reply)),
    );
    await eventually(() => hang.turns > 0);
    expect(pool.stats()).toEqual({ workers: 1, busy: 1, ending: 0, queued: 2, waiting: 3 });
    hang.abort("enough");
    expect(await hung).toBe("enough");
    await Promise.all(rest);
    expect(order).toEqual(["A", "B", "C", "D", "E"]);
    expect(pool.stats()).toMatchObject({ workers: 1, busy: 0, queued: 0, waiting: 0 });
  });

  it("forgets at once a frame whose signal is given, in it or in front of it", async () => {
    const pool = workers({ size: 1, maxQueue: 1 });
    const hang = new Hang();
    const hung = outcome(pool.handler(hang.frame, hang));
    const [queued, waiting] = [new AbortController(), new AbortController()];
    const outcomes = [queued, waiting].map(({ signal }) => outcome(pool.handler("never", { signal })));
    const last = pool.handler("last", UNBOUNDED);
    await eventually(() => hang.turns > 0);
    expect(pool.stats()).toMatchObject({ busy: 1, queued: 1, waiting: 2 });
    waiting.abort("waiting");
    expect(pool.stats()).toMatchObject({ busy: 1, queued: 1, waiting: 1 });
    queued.abort("queued");
    expect(await Promise.all(outcomes)).toEqual(["queued", "waiting"]);
    await eventually(() => pool.stats().queued === 1);
    expect(pool.stats()).toMatchObject({ busy: 1, queued: 1, waiting: 0 });
    hang.abort();
    await hung;
    expect(await last).toBe("LAST");
  });

  it("does not take a frame whose signal was given before", async () => {
    const pool = workers();
    expect(await outcome(pool.handler("never", { signal: AbortSignal.abort("before") }))).toBe("before");
    expect(pool.stats()).toEqual({ workers: 0, busy: 0, ending: 0, queued: 0, waiting: 0 });
  });
});

describe("close()", () => {
  it("ends busy workers, and fails their frames and all that wait", async () => {
    const pool = workers({ size: 2, maxQueue: 1 });
    const hangs = [new Hang(), new Hang()];
    const frames = [...hangs.map(({ frame }) => frame), "queued", "waiting"];
    const outcomes = frames.map((frame) => outcome(pool.handler(frame, UNBOUNDED)));
    await eventually(() => hangs.every(({ turns }) => turns > 0));
    expect(pool.stats()).toEqual({ workers: 2, busy: 2, ending: 0, queued: 1, waiting: 1 });
    const closed = pool.close();
    expect(pool.close()).toBe(closed);
    await closed;
    for (const one of outcomes) expect(await one).toMatchObject({ name: "SpillwayError", code: "pool-closed" });
    expect(await outcome(pool.handler("late", UNBOUNDED))).toMatchObject({ code: "pool-closed" });
    const late = await outcome(pool.ready());
    expect([
      isPoolError(late),
      isPoolError(new SpillwayError("drained", "")),
      isPoolError(new Error("pool-closed")),
    ]).toEqual([true, false, false]);
    expect(late).toMatchObject({ code: "pool-closed" });
    expect(pool.stats()).toMatchObject({ workers: 0, busy: 0, queued: 0, waiting: 0 });
  });

  it("before anything began starts nothing", async () => {
    const pool = workers();
    await pool[Symbol.asyncDispose]();
    expect(pool.stats().workers).toBe(0);
    expect(await outcome(pool.handler("late", UNBOUNDED))).toMatchObject({ code: "pool-closed" });
  });

  it("while it starts leaves nothing behind", async () => {
    const pool = workers({ size: 2 });
    const outcomes = [outcome(pool.handler("early", UNBOUNDED)), outcome(pool.ready())];
    await pool.close();
    for (const one of outcomes) expect(await one).toMatchObject({ code: "pool-closed" });
    expect(pool.stats()).toEqual({ workers: 0, busy: 0, ending: 0, queued: 0, waiting: 0 });
  });
});

/** Its functions, to be called on nothing. */
function bound(pool: ReturnType<typeof workers>) {
  return { handler: pool.handler, stats: () => pool.stats() };
}
