import { describe, expect, it } from "vitest";
import { eventually } from "../conformance/support/platform.ts";
import { runtime } from "../support/child.ts";
import { closePoolsAfterEach, Hang, UNBOUNDED, workers } from "./support/workers.ts";

closePoolsAfterEach();

describe("a worker that is lost", () => {
  it.each([
    ["exits", "exit", "no answer came from the worker: worker exited with code: 3"],
    ["throws where nobody catches", "crash", "no answer came from the worker: crashed"],
    ["rejects where nobody catches", "reject", "no answer came from the worker: rejected"],
  ])("because it %s fails its frame, and is replaced for the next", async (_how, frame, message) => {
    const pool = workers({ size: 1 });
    const lost = pool.handler(frame, UNBOUNDED);
    const next = pool.handler("next", UNBOUNDED);
    await expect(lost).rejects.toMatchObject({ name: "SpillwayError", code: "worker-failed", message });
    expect(await next).toBe("NEXT");
    expect(pool.stats()).toEqual({ workers: 1, busy: 0, ending: 0, queued: 0, waiting: 0 });
  });

  it("takes no other frame with it", async () => {
    const pool = workers({ size: 2 });
    await pool.ready();
    const hang = new Hang();
    const hung = pool.handler(hang.frame, hang).catch((error: unknown) => error);
    await eventually(() => hang.turns > 0);
    await expect(pool.handler("exit", UNBOUNDED)).rejects.toMatchObject({ code: "worker-failed" });
    const turns = hang.turns;
    await eventually(() => hang.turns > turns);
    hang.abort("enough");
    expect(await hung).toBe("enough");
  });

  it("again and again is replaced again and again", async () => {
    const pool = workers({ size: 2 });
    for (let round = 0; round < 5; round++) {
      const lost = ["exit", "crash", "exit"].map((frame) => pool.handler(frame, UNBOUNDED));
      const outcomes = await Promise.allSettled(lost);
      expect(outcomes).toMatchObject(lost.map(() => ({ reason: { code: "worker-failed" } })));
    }
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
    expect(pool.stats().workers).toBe(2);
  });

  it("because its frame was aborted is replaced for the next, and stops, on Deno when it comes to a pause", async () => {
    const pool = workers({ size: 1 });
    const hang = new Hang();
    const hung = pool.handler(hang.frame, hang).catch((error: unknown) => error);
    await eventually(() => hang.turns > 0);
    hang.abort("deadline");
    expect(await hung).toBe("deadline");
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
    // The day that Deno ends such a thread, Progress can go.
    expect(pool.stats()).toMatchObject({ workers: 1, busy: 0, ending: runtime === "deno" ? 1 : 0 });
    hang.pause();
    await eventually(() => pool.stats().ending === 0);
    const { turns } = hang;
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
    expect(hang.turns).toBe(turns);
  });

  it("again and again stops; where it does not, no more than twice as many compute as the pool has workers", async () => {
    const pool = workers({ size: 1 });
    const hangs = [new Hang(), new Hang()];
    for (const hang of hangs) {
      const hung = pool.handler(hang.frame, hang).catch((error: unknown) => error);
      await eventually(() => hang.turns > 0);
      hang.abort("deadline");
      await hung;
    }
    expect(pool.stats()).toMatchObject({ busy: 0, ending: runtime === "deno" ? 2 : 0 });
    const waits = pool
      .handler("waits", { signal: AbortSignal.timeout(runtime === "deno" ? 500 : 15_000) })
      .catch(({ name }: Error) => name);
    expect(await waits).toBe(runtime === "deno" ? "TimeoutError" : "WAITS");
    for (const hang of hangs) hang.pause();
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
    await eventually(() => pool.stats().ending === 0);
  });

  it("can see in its signal that it should stop, where nothing else stops it", async () => {
    const pool = workers({ size: 1 });
    const hang = new Hang("cooperative");
    const hung = pool.handler(hang.frame, hang).catch((error: unknown) => error);
    await eventually(() => hang.turns > 0);
    hang.abort("deadline");
    expect(await hung).toBe("deadline");
    await eventually(() => pool.stats().ending === 0);
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
  });

  it("while it had no frame is told to onWorkerError, and replaced", async () => {
    const errors: unknown[] = [];
    const pool = workers({ size: 1, onWorkerError: (error) => errors.push(error) });
    const crash = new SharedArrayBuffer(4);
    expect(await pool.handler({ crash }, UNBOUNDED)).toBe("soon");
    Atomics.store(new Int32Array(crash), 0, 1);
    await eventually(() => errors.length === 1);
    expect(errors[0]).toMatchObject({
      code: "worker-failed",
      message: "a worker without a frame failed: crashed later",
      cause: { message: "crashed later" },
    });
    expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
  });

  it("while it had no frame harms nobody, also when nobody is told", async () => {
    const pool = workers({ size: 1 });
    const thread = await pool.handler("thread", UNBOUNDED);
    const crash = new SharedArrayBuffer(4);
    expect(await pool.handler({ crash }, UNBOUNDED)).toBe("soon");
    Atomics.store(new Int32Array(crash), 0, 1);
    // A frame may meet the worker that is about to crash.
    const thread2 = () => pool.handler("thread", UNBOUNDED).catch(() => thread);
    let other: unknown = thread;
    while (other === thread) other = await thread2();
    expect(other).toMatch(/^false \d+$/);
  });
});

/** The outcome of a frame that needs more than `maxMemoryMb`. When a runtime changes it, the documentation must change, too. */
const OUT_OF_MEMORY = {
  node: "worker-failed",
  deno: "worker-failed",
  // The limit is ignored.
  bun: "kept 500",
};

describe("maxMemoryMb", () => {
  it("is kept as the runtime keeps it, and the next frame works", async () => {
    const pool = workers({ size: 1, maxMemoryMb: 64 });
    for (let round = 0; round < 2; round++) {
      const reply = pool.handler("memory", UNBOUNDED);
      expect(await reply.catch(({ code }: { code: string }) => code)).toBe(OUT_OF_MEMORY[runtime]);
      expect(await pool.handler("next", UNBOUNDED)).toBe("NEXT");
    }
  });
});
