import { describe, expect, it } from "vitest";
import type { Context, Handler, ServeOptions } from "../../src/core/mod.ts";
import { type TimeoutOptions, timeout, withSignal } from "../../src/middleware/mod.ts";
import { type ManualClock, manualClock } from "../../src/testing/mod.ts";
import { answers } from "../core/support/answers.ts";
import type { Peer } from "../core/support/peer.ts";
import { type Served, served } from "../core/support/served.ts";
import { listeners } from "../support/listeners.ts";

async function timed(
  settings: Partial<TimeoutOptions>,
  handler: Handler<string, string>,
  options: Partial<ServeOptions<string, string>> = {},
): Promise<{ harness: Served; peer: Peer }> {
  const { clock = manualClock() } = options;
  const harness = await served({ ...options, handler, clock, middleware: [timeout({ ms: 100, ...settings, clock })] });
  return { harness, peer: await harness.connect() };
}

const instead = { reply: (line: string, { connection }: Context) => `${line} of ${connection.id} is late` };

describe("timeout", () => {
  it("leaves a handler that is in time alone, whether at once or later", async () => {
    const pending = answers();
    const { harness, peer } = await timed({}, (line, context) =>
      line === "now" ? "now" : pending.handler(line, context),
    );
    await peer.send("now\nlater\n");
    await harness.clock.advance(99);
    pending.of("later").resolve("later");
    await harness.clock.advance(1_000);
    expect(peer.received).toBe("now\nlater\n");
    expect(pending.of("later").aborted).toBeUndefined();
  });

  it("answers a late frame with its reply, aborts the handler, and goes on", async () => {
    const pending = answers();
    const { harness, peer } = await timed(instead, pending.handler);
    await peer.send("a\nb\n");
    await harness.clock.advance(100);
    expect(pending.of("a").aborted).toBe("handler-timeout");
    expect(peer.received).toBe("a of 1 is late\n");
    pending.of("b").resolve("B");
    pending.of("a").resolve("too late");
    await harness.settle();
    expect(peer.received).toBe("a of 1 is late\nB\n");
    expect(harness.of("handler-error")).toEqual([]);
  });

  it("lets a result that has waited as long go first, after a stall", async () => {
    const clock = manualClock();
    const { harness, peer } = await timed(
      { ...instead, ms: 100 },
      (line) => new Promise((resolve) => line === "busy" && clock.setTimeout(() => resolve("done"), 90)),
      { clock, concurrency: 2 },
    );
    await peer.send("busy\nnever\n");
    clock.jump(2_500);
    await harness.settle();
    expect(peer.received).toBe("done\nnever of 1 is late\n");
  });

  it("without a reply ends the connection, as handler-timeout", async () => {
    const pending = answers();
    const { harness, peer } = await timed({}, pending.handler);
    await peer.send("a\nb\n");
    await harness.clock.advance(100);
    expect(peer.received).toBe("error: handler-timeout\n");
    expect(harness.closed).toMatchObject([
      { reason: "handler-timeout", error: { message: "the handler did not finish within 100 ms" } },
    ]);
    pending.of("a").reject(new Error("too late"));
    await harness.settle();
    expect(harness.of("handler-error")).toHaveLength(1);
  });

  it("fails with what its reply throws", async () => {
    const { harness, peer } = await timed(
      {
        reply: () => {
          throw new Error("no reply");
        },
      },
      answers().handler,
    );
    await peer.send("a\n");
    await harness.clock.advance(100);
    expect(harness.closed).toMatchObject([
      { reason: "handler-failed", error: { message: "the handler threw: no reply" } },
    ]);
  });

  it("fails as the handler does", async () => {
    const { harness, peer } = await timed(instead, () => Promise.reject(new Error("no")));
    await peer.send("a\n");
    expect(harness.closed).toMatchObject([{ reason: "handler-failed", error: { message: "the handler threw: no" } }]);
  });

  it("of many connections and frames has a deadline for each", async () => {
    const pending = answers();
    const { harness, peer } = await timed(instead, pending.handler, { concurrency: 2 });
    await peer.send("a\n");
    await harness.clock.advance(60);
    await peer.send("b\n");
    await harness.clock.advance(40);
    expect(peer.received).toBe("a of 1 is late\n");
    await harness.clock.advance(60);
    expect(peer.received).toBe("a of 1 is late\nb of 1 is late\n");
  });

  it("may be off, and the server's own deadline stays", async () => {
    const pending = answers();
    const { harness, peer } = await timed({ ms: Infinity }, pending.handler, { handlerTimeoutMs: 500 });
    await peer.send("a\n");
    await harness.clock.advance(500);
    expect(pending.of("a").aborted).toBe("handler-timeout");
    expect(harness.reasons).toEqual(["handler-timeout"]);
  });

  it("hands on everything else of the context", async () => {
    const { peer } = await timed({}, (line, context) => {
      const { session, connection } = context;
      context.close();
      return `${line} ${connection === session.connection} ${context.signal === context.signal}`;
    });
    await peer.send("a\nb\n");
    expect([peer.received, peer.ended]).toEqual(["a true true\n", true]);
  });
});

describe("timeout, once a frame is done", () => {
  type Case = readonly [string, Handler<string, string>, number];
  const cases: readonly Case[] = [
    ["a synchronous handler", (line) => line, 0],
    ["a synchronous handler that asks for its signal", (line, { signal }) => `${line}${signal.aborted}`, 0],
    ["an asynchronous handler", (line) => Promise.resolve(line), 0],
    ["a late handler", () => new Promise(() => undefined), 100],
    [
      "a stream",
      async function* (line, { signal }) {
        yield line;
        yield `${line}${signal.aborted}`;
      },
      0,
    ],
    [
      "a handler that throws",
      (_, { signal }) => {
        throw new Error(String(signal.aborted));
      },
      0,
    ],
  ];

  it.each(cases)("leaves no timer and no listener after %s", async (_, handler, ms) => {
    const clock = manualClock();
    const open: (() => number)[] = [];
    const harness = await served({
      clock,
      handler,
      idleTimeoutMs: Infinity,
      middleware: [
        (line, context, next) => {
          open.push(listeners(context.signal));
          return next(line, context);
        },
        timeout({ ms: 100, reply: () => "late", clock }),
      ],
    });
    const peer = await harness.connect();
    expect(harness.clock.pending).toBe(0);
    await peer.send("a\n");
    await harness.clock.advance(ms);
    expect(open.map((count) => count())).toEqual([0]);
    // The server's own timer, for the handler's deadline at most, is left to pass.
    expect(harness.clock.pending).toBeLessThanOrEqual(1);
    await harness.clock.advance(ms + 30_000);
    expect(harness.clock.pending).toBe(0);
  });

  it("after a connection that broke, whose handler never ends; and that is told why", async () => {
    const pending = answers();
    const { harness, peer } = await timed(instead, pending.handler);
    await peer.send("a\n");
    await peer.reset();
    expect(pending.of("a").aborted).toBe("connection-reset");
    expect(harness.clock.pending).toBe(0);
  });
});

describe("timeout behind a signal that has aborted", () => {
  it("waits for nobody", async () => {
    const clock = manualClock();
    const stopped = AbortSignal.abort(new Error("stopped"));
    const seen: unknown[] = [];
    const harness = await served({
      clock,
      idleTimeoutMs: Infinity,
      middleware: [(line, context, next) => next(line, withSignal(context, stopped)), timeout({ ms: 100, clock })],
      handler: (_, { signal }) => {
        seen.push(signal.reason);
        return new Promise(() => undefined);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(seen).toEqual([new Error("stopped")]);
    expect(harness.closed).toMatchObject([
      { reason: "handler-failed", error: { message: "the handler threw: stopped" } },
    ]);
    expect(clock.pending).toBe(0);
  });
});

describe("timeout around a stream", () => {
  /** Gives a frame after each of the delays. */
  const after = (clock: ManualClock, ...delays: number[]): Handler<string, string> =>
    async function* (line) {
      for (const delay of delays) {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, delay));
        yield `${line} after ${delay}`;
      }
    };

  it("has its time anew for each frame", async () => {
    const clock = manualClock();
    const { harness, peer } = await timed({}, after(clock, 90, 90, 90), { clock });
    await peer.send("a\n");
    await harness.clock.advance(270);
    expect(peer.received).toBe("a after 90\n".repeat(3));
  });

  it.each([
    ["ends with its reply when a frame is late", { reply: () => "late" }, "a after 90\nlate\na after 90\nlate\n", []],
    ["fails when a frame is late", {}, "a after 90\nerror: handler-timeout\n", ["handler-timeout"]],
  ] as const)("asks for each frame in time, and %s", async (_, settings, received, reasons) => {
    const clock = manualClock();
    const { harness, peer } = await timed(settings, after(clock, 90, 101), { clock });
    await peer.send("a\na\n");
    await harness.clock.advance(380);
    expect(peer.received).toBe(received);
    expect(harness.reasons).toEqual(reasons);
  });

  it("that a promise gives is the same", async () => {
    const clock = manualClock();
    const promised: Handler<string, string> = async (...args) => after(clock, 90, 101)(...args);
    const { harness, peer } = await timed({ reply: () => "late" }, promised, { clock });
    await peer.send("a\n");
    await harness.clock.advance(190);
    expect(peer.received).toBe("a after 90\nlate\n");
  });

  it("aborts its signal when a frame is late, and asks it to stop", async () => {
    const seen: string[] = [];
    const { harness, peer } = await timed({ reply: () => "late" }, async function* (_, { signal }) {
      try {
        yield "one";
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      } catch (error) {
        seen.push((error as { code: string }).code);
        throw error;
      } finally {
        seen.push("cleaned up");
      }
    });
    await peer.send("a\n");
    await harness.clock.advance(100);
    expect(peer.received).toBe("one\nlate\n");
    expect(seen).toEqual(["handler-timeout", "cleaned up"]);
    expect(harness.of("handler-error")).toEqual([]);
  });

  it("asks one that does not look at its signal to stop, and waits neither for it nor for what that throws", async () => {
    let asked = 0;
    const stuck: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => {
          asked += 1;
          return Promise.reject(new Error("cannot stop"));
        },
      }),
    };
    const { harness, peer } = await timed({ reply: () => "late" }, () => stuck);
    await peer.send("a\nb\n");
    await harness.clock.advance(200);
    expect([peer.received, asked]).toEqual(["late\nlate\n", 2]);
  });

  it("that a promise gives is told when the connection breaks", async () => {
    const reasons: unknown[] = [];
    const { harness, peer } = await timed({}, async (_, { signal }) => {
      signal.addEventListener("abort", () => reasons.push((signal.reason as { code: string }).code));
      return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    });
    await peer.send("a\n");
    await harness.clock.advance(50);
    await peer.reset();
    expect(reasons).toEqual(["connection-reset"]);
    expect(harness.clock.pending).toBe(0);
  });

  it("does not run while the peer is slow; a peer that leaves then stops it", async () => {
    let stopped = 0;
    const clock = manualClock();
    const harness = await served(
      {
        clock,
        maxOutboundBytes: 1_000,
        writeTimeoutMs: 60_000,
        middleware: [timeout({ ms: 100, clock })],
        handler: async function* () {
          try {
            for (;;) yield "x".repeat(100);
          } finally {
            stopped += 1;
          }
        },
      },
      1_000,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("a\n");
    await harness.clock.advance(10_000);
    expect([harness.reasons, stopped]).toEqual([[], 0]);
    await peer.reset();
    expect([harness.reasons, stopped]).toEqual([["connection-reset"], 1]);
    expect(harness.clock.pending).toBe(0);
  });

  it("fails as the stream does", async () => {
    const { harness, peer } = await timed({ reply: () => "late" }, async function* () {
      yield "one";
      throw new Error("no");
    });
    await peer.send("a\n");
    expect(peer.received).toBe("one\nerror: handler-failed\n");
    expect(harness.reasons).toEqual(["handler-failed"]);
  });
});

describe("timeout: an option that makes no sense", () => {
  it.each([
    ...[0, -1, Number.NaN, 2 ** 31].map((ms) => ["ms", { ms }, RangeError] as const),
    ["ms", { ms: "1" }, TypeError] as const,
    ["ms", {}, TypeError] as const,
    ["reply", { ms: 1, reply: "late" }, TypeError] as const,
  ])("is refused at the call: %s: %j", (name, options, kind) => {
    const make = () => timeout(options as unknown as TimeoutOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(name);
  });

  it.each([0.5, 2 ** 31 - 1, Infinity])("ms: %d is taken", (ms) => {
    expect(timeout({ ms })).toBeTypeOf("function");
  });
});
