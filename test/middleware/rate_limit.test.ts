import { describe, expect, it } from "vitest";
import type { Middleware, ServeOptions } from "../../src/core/mod.ts";
import { type RateLimitOptions, rateLimit, timeout } from "../../src/middleware/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import type { Peer } from "../core/support/peer.ts";
import { type Served, served } from "../core/support/served.ts";

type Settings = Pick<RateLimitOptions, "perSecond" | "burst" | "onLimit">;

const frames = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `${from + index}\n`).join("");

/** A connection whose frames are limited, and answered as they are. */
async function limited(
  settings: Settings,
  options: Partial<ServeOptions<string, string>> = {},
  outer: (clock: ReturnType<typeof manualClock>) => Middleware<string>[] = () => [],
): Promise<{ harness: Served; peer: Peer }> {
  const clock = manualClock();
  const harness = await served({
    handler: (line) => line,
    ...options,
    clock,
    middleware: [...outer(clock), rateLimit({ ...settings, clock })],
  });
  return { harness, peer: await harness.connect() };
}

describe("rateLimit", () => {
  it("lets a burst pass, and then so many a second", async () => {
    const { harness, peer } = await limited({ perSecond: 10, burst: 3, onLimit: { reply: (line) => `no ${line}` } });
    await peer.send(frames(5));
    expect(peer.received).toBe("1\n2\n3\nno 4\nno 5\n");
    await harness.clock.advance(99);
    await peer.send("6\n");
    expect(peer.received).toMatch(/no 6\n$/);
    await harness.clock.advance(1);
    await peer.send("7\n8\n");
    expect(peer.received).toMatch(/\n7\nno 8\n$/);
  });

  it("never lets more than the burst pass after a pause", async () => {
    const { harness, peer } = await limited({ perSecond: 10, burst: 2, onLimit: { reply: () => "no" } });
    await harness.clock.advance(100_000);
    await peer.send(frames(3));
    expect(peer.received).toBe("1\n2\nno\n");
  });

  it.each([
    [3, 3],
    [2.5, 3],
    [0.1, 1],
  ])("with %d a second has a burst of %d by default", async (perSecond, burst) => {
    const { peer } = await limited({ perSecond, onLimit: { reply: () => "no" } });
    await peer.send(frames(burst + 1));
    expect(peer.received).toBe(`${frames(burst)}no\n`);
  });

  it("counts each connection for itself", async () => {
    const { harness, peer } = await limited({ perSecond: 1, onLimit: { reply: () => "no" } });
    const another = await harness.connect();
    await peer.send(frames(2));
    await another.send(frames(2));
    expect([peer.received, another.received]).toEqual(["1\nno\n", "1\nno\n"]);
  });

  it("closes: what was answered before arrives, the frame and what follows are not handled", async () => {
    const { harness, peer } = await limited({ perSecond: 1, burst: 2, onLimit: "close" });
    await peer.send(frames(4));
    expect([peer.received, peer.ended]).toEqual(["1\n2\n", true]);
    expect(harness.reasons).toEqual(["handler-closed"]);
  });

  it("has no timer when nobody waits", async () => {
    const clock = manualClock();
    const onLimit = { reply: () => "no" };
    const harness = await served({ middleware: [rateLimit({ perSecond: 1, onLimit, clock })] });
    const peer = await harness.connect();
    await peer.send(frames(3));
    expect(peer.received).toBe("1\nno\nno\n");
    expect(clock.pending).toBe(0);
  });
});

describe("rateLimit that waits", () => {
  it("handles frames as tokens come, and reads no more meanwhile", async () => {
    const { harness, peer } = await limited({ perSecond: 4, burst: 1, onLimit: "wait" });
    await peer.send(frames(4));
    expect(peer.received).toBe("1\n");
    await harness.clock.advance(249);
    expect([peer.received, harness.server.stats().framesIn]).toEqual(["1\n", 2]);
    await harness.clock.advance(1);
    expect(peer.received).toBe("1\n2\n");
    await harness.clock.advance(500);
    expect(peer.received).toBe(frames(4));
  });

  it("keeps the order of frames that wait together, and of those that come when one has its turn", async () => {
    const handled: string[] = [];
    const { harness, peer } = await limited(
      { perSecond: 10, burst: 1, onLimit: "wait" },
      { concurrency: 3, handler: (line) => void handled.push(`${line} at ${harness.clock.now()}`) },
    );
    await peer.send(frames(5));
    expect(harness.server.stats().handlers).toBe(3);
    await harness.clock.advance(1_000);
    expect(handled).toEqual(["1 at 0", "2 at 100", "3 at 200", "4 at 300", "5 at 400"]);
  });

  it.each([3, 7, 30, 999, 1_001, 4_000])("keeps %d a second, to a millisecond a frame", async (perSecond) => {
    const { harness, peer } = await limited({ perSecond, burst: 5, onLimit: "wait" }, { concurrency: 5 });
    await peer.send(frames(45));
    await harness.clock.advance(Math.ceil(40_000 / perSecond) - 1);
    expect(peer.received).not.toBe(frames(45));
    await harness.clock.advance(41);
    expect(peer.received).toBe(frames(45));
  });

  it("counts as being with the handler: its deadline passes", async () => {
    const { harness, peer } = await limited({ perSecond: 1, onLimit: "wait" }, { handlerTimeoutMs: 900 });
    await peer.send(frames(2));
    await harness.clock.advance(900);
    expect(peer.received).toBe("1\nerror: handler-timeout\n");
    expect(harness.reasons).toEqual(["handler-timeout"]);
    expect(harness.clock.pending).toBe(0);
  });

  it("forgets the frames of a connection that is gone", async () => {
    const { harness, peer } = await limited({ perSecond: 1, onLimit: "wait" }, { concurrency: 3 });
    await peer.send(frames(4));
    await peer.reset();
    expect(harness.reasons).toEqual(["connection-reset"]);
    expect(harness.clock.pending).toBe(0);
    expect(harness.server.stats()).toMatchObject({ handlers: 0, framesIn: 4 });
  });

  it("gives the token of a frame that gave up to the next one", async () => {
    const { harness, peer } = await limited(
      { perSecond: 1, onLimit: "wait" },
      { concurrency: 3, handler: (line) => `${line} at ${harness.clock.now()}` },
      (clock) => [
        (line, context, next) => {
          const inner = timeout({ ms: line === "2" ? 500 : Infinity, reply: () => "gave up", clock });
          return inner(line, context, next);
        },
      ],
    );
    await peer.send(frames(3));
    await harness.clock.advance(1_000);
    expect(peer.received).toBe("1 at 0\ngave up\n3 at 1000\n");
    expect(harness.clock.now()).toBe(1_000);
  });

  it("answers what waits when the server drains, at its pace", async () => {
    const { harness, peer } = await limited({ perSecond: 1, onLimit: "wait" });
    await peer.send(frames(3));
    const drained = harness.server.shutdown();
    await harness.clock.advance(2_000);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe(frames(3));
  });

  it("fails as the handler does when that throws in its turn", async () => {
    const { harness, peer } = await limited(
      { perSecond: 1, onLimit: "wait" },
      {
        handler: (line) => {
          if (line === "2") throw new Error("no");
          return line;
        },
      },
    );
    await peer.send(frames(3));
    await harness.clock.advance(1_000);
    expect(peer.received).toBe("1\nerror: handler-failed\n");
    expect(harness.clock.pending).toBe(0);
  });
});

describe("rateLimit: an option that makes no sense", () => {
  const valid: RateLimitOptions = { perSecond: 1, onLimit: "wait" };

  it.each([
    ...[0, -1, Number.NaN, Infinity].map((perSecond) => ["perSecond", { perSecond }, RangeError] as const),
    ["perSecond", { perSecond: "1" }, TypeError] as const,
    ...[0, -1, 0.5, Number.NaN, Infinity].map((burst) => ["burst", { burst }, RangeError] as const),
    ["burst", { burst: "1" }, TypeError] as const,
    ...["drop", "", 1, undefined, null].map((onLimit) => ["onLimit", { onLimit }, RangeError] as const),
    ["onLimit.reply", { onLimit: {} }, TypeError] as const,
    ["onLimit.reply", { onLimit: { reply: "no" } }, TypeError] as const,
  ])("is refused at the call: %s: %j", (name, wrong, kind) => {
    const make = () => rateLimit({ ...valid, ...wrong } as RateLimitOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(name);
  });
});
