import { describe, expect, it } from "vitest";
import type { Handler, ServeOptions } from "../../src/core/mod.ts";
import { type HandledFrame, type LoggingOptions, logging, withSignal } from "../../src/middleware/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { answers } from "../core/support/answers.ts";
import type { Peer } from "../core/support/peer.ts";
import { type Served, served } from "../core/support/served.ts";
import { listeners } from "../support/listeners.ts";

async function logged(
  handler: Handler<string, string>,
  options: Partial<ServeOptions<string, string>> = {},
): Promise<{ harness: Served; peer: Peer; log: HandledFrame[] }> {
  const clock = manualClock();
  const log: HandledFrame[] = [];
  const harness = await served({
    ...options,
    clock,
    handler,
    middleware: [logging({ log: (frame) => log.push(frame), clock })],
  });
  return { harness, peer: await harness.connect(), log };
}

describe("logging", () => {
  it("tells of each frame once: whose, how long, and what became of it", async () => {
    const pending = answers();
    const { harness, peer, log } = await logged((line, context) => {
      if (line === "now") return "now";
      return line === "quiet" ? undefined : pending.handler(line, context);
    });
    const another = await harness.connect();
    await peer.send("now\nquiet\n");
    await another.send("later\nlater quiet\n");
    await harness.clock.advance(250);
    pending.of("later").resolve("later");
    await harness.clock.advance(50);
    pending.of("later quiet").resolve(undefined);
    await harness.settle();
    expect(log.map(({ connection, durationMs, outcome }) => [connection.id, durationMs, outcome])).toEqual([
      [1, 0, "replied"],
      [1, 0, "silent"],
      [2, 250, "replied"],
      [2, 50, "silent"],
    ]);
    expect(log[0]).toEqual({ connection: expect.anything() as unknown, durationMs: 0, outcome: "replied" });
    expect(log[0]?.connection.remoteAddress.port).toBeGreaterThan(0);
  });

  it("tells of a stream when it ends, with its frames", async () => {
    const { harness, peer, log } = await logged(async function* (line) {
      yield line;
      await new Promise<void>((resolve) => harness.clock.setTimeout(resolve, 70));
      yield line;
    });
    await peer.send("a\n");
    expect([peer.received, log]).toEqual(["a\n", []]);
    await harness.clock.advance(70);
    expect(peer.received).toBe("a\na\n");
    expect(log).toMatchObject([{ durationMs: 70, outcome: "streamed", frames: 2 }]);
  });

  const no = new Error("no");
  it.each<readonly [string, Handler<string, string>, Partial<HandledFrame>]>([
    [
      "a handler that throws",
      () => {
        throw no;
      },
      { outcome: "failed", error: no },
    ],
    ["a handler that rejects", () => Promise.reject(no), { outcome: "failed", error: no }],
    [
      "a stream that throws",
      async function* () {
        yield "one";
        throw no;
      },
      { outcome: "failed", error: no, frames: 1 },
    ],
    [
      "a stream that a promise gives",
      () =>
        Promise.resolve(
          (async function* () {
            yield "one";
          })(),
        ),
      { outcome: "streamed", frames: 1 },
    ],
    [
      "a stream of which the codec refuses a frame",
      async function* () {
        yield "one";
        yield "two\nlines";
      },
      { outcome: "aborted", frames: 2 },
    ],
  ])("tells of %s", async (_, handler, expected) => {
    const { harness, peer, log } = await logged(handler);
    await peer.send("a\n");
    await harness.settle();
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject(expected);
  });

  it("tells of a handler that nobody waits for any more, though it never ends", async () => {
    const pending = answers();
    const { harness, peer, log } = await logged(pending.handler, { concurrency: 2, handlerTimeoutMs: 100 });
    const another = await harness.connect();
    await peer.send("a\nb\n");
    await harness.clock.advance(60);
    await another.send("c\n");
    await peer.reset();
    await harness.clock.advance(100);
    expect(
      log.map(({ durationMs, outcome, error }) => [durationMs, outcome, (error as { code: string }).code]),
    ).toEqual([
      [60, "aborted", "connection-reset"],
      [60, "aborted", "connection-reset"],
      [100, "aborted", "handler-timeout"],
    ]);
    pending.of("a").resolve("A");
    pending.of("c").reject(no);
    await harness.settle();
    expect(log).toHaveLength(3);
  });

  it.each([true, false])("tells of a stream whose peer leaves (that reads: %s)", async (reads) => {
    const { harness, log } = await logged(
      async function* (_, { signal }) {
        yield "x".repeat(100_000);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      { maxOutboundBytes: 1_000 },
    );
    const peer = await harness.connect({ reads });
    await peer.send("a\n");
    await peer.reset();
    expect(log).toMatchObject([{ outcome: "aborted", frames: 1, error: { code: "connection-reset" } }]);
  });

  it("tells at once of a frame behind a signal that has aborted", async () => {
    const log: HandledFrame[] = [];
    const stopped = AbortSignal.abort(no);
    const harness = await served({
      middleware: [
        (line, context, next) => next(line, withSignal(context, stopped)),
        logging({ log: (frame) => log.push(frame) }),
      ],
      handler: answers().handler,
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(log).toMatchObject([{ outcome: "aborted", error: no }]);
  });

  it("leaves no listener when a frame is answered", async () => {
    const open: (() => number)[] = [];
    const harness = await served({
      middleware: [
        (line, context, next) => {
          open.push(listeners(context.signal));
          return next(line, context);
        },
        logging({ log: () => undefined }),
      ],
      handler: async function* (line) {
        yield line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("a\nb\n");
    expect(open.map((count) => count())).toEqual([0, 0]);
  });

  it("is not disturbed by what the log throws", async () => {
    const harness = await served({
      middleware: [
        logging({
          log: () => {
            throw no;
          },
        }),
      ],
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("A\nB\n");
  });

  it("shows nothing of a frame, unless redact says what", async () => {
    const { peer, log } = await logged((line) => line);
    await peer.send("secret\n");
    expect(JSON.stringify(log)).not.toContain("secret");
    expect(log[0]).not.toHaveProperty("frame");
  });

  it("shows what redact returns of a frame and of the state, as they have come", async () => {
    const log: HandledFrame[] = [];
    const harness = await served({
      state: () => ({ user: "nobody" }),
      middleware: [
        logging({
          log: (frame) => log.push(frame),
          redact: (line: string, { session }) => [line.split(" ")[0], (session.state as { user: string }).user],
        }),
      ],
      handler: async (line, { session }) => {
        (session.state as { user: string }).user = line.split(" ")[1] ?? "";
        return "ok";
      },
    });
    const peer = await harness.connect();
    await peer.send("LOGIN ann secret\nLIST secret\n");
    await harness.settle();
    expect(log.map(({ frame, outcome }) => [frame, outcome])).toEqual([
      [["LOGIN", "nobody"], "replied"],
      [["LIST", "ann"], "replied"],
    ]);
  });

  it.each<[string, (frame: string) => unknown]>([
    [
      "throws an error that quotes the frame",
      (frame) => {
        throw new Error(frame);
      },
    ],
    ["rejects", (frame) => Promise.reject(new Error(frame))],
    ["returns a promise", (frame) => Promise.resolve(frame)],
    [
      "returns what is hostile",
      (frame) => ({
        get then() {
          throw new Error(frame);
        },
      }),
    ],
  ])("shows nothing, and disturbs nothing, when redact %s", async (_, redact) => {
    const log: HandledFrame[] = [];
    const harness = await served({ middleware: [logging({ log: (frame) => log.push(frame), redact })] });
    const peer = await harness.connect();
    await peer.send("secret\nsecret\n");
    await harness.settle();
    expect(peer.received).toBe("SECRET\nSECRET\n");
    expect(log).toMatchObject([
      { outcome: "replied", redactFailed: true },
      { outcome: "replied", redactFailed: true },
    ]);
    for (const entry of log) expect(entry).not.toHaveProperty("frame");
    expect(JSON.stringify(log)).not.toContain("secret");
  });

  it("refuses a redact that is no function", () => {
    expect(() => logging({ log: () => undefined, redact: "all" } as unknown as LoggingOptions)).toThrow(
      "redact must be a function, not string",
    );
  });

  it("refuses a log that is no function", () => {
    expect(() => logging({ log: "console" } as unknown as LoggingOptions)).toThrow(TypeError);
    expect(() => logging({} as unknown as LoggingOptions)).toThrow("log must be a function");
  });
});
