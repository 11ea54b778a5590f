import { describe, expect, it } from "vitest";
import { type Context, lines, type ServeOptions } from "../../src/core/mod.ts";
import { MOST_UNITS } from "../../src/core/time/scheduler.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** A stream whose every step is seen: frames that are numbered, and what was asked of it. */
class Watched implements AsyncIterable<string> {
  asked = 0;
  returned = 0;
  readonly #next: (count: number) => Promise<IteratorResult<string>>;

  constructor(next: (count: number) => Promise<IteratorResult<string>>) {
    this.#next = next;
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => {
        this.asked += 1;
        return this.#next(this.asked);
      },
      return: async () => {
        this.returned += 1;
        return { done: true, value: undefined };
      },
    };
  }
}

/** Gives `1`, `2` … up to `count`. */
function numbers(count: number): Watched {
  return new Watched(async (at) =>
    at <= count ? { done: false, value: String(at) } : { done: true, value: undefined },
  );
}

/** Gives one frame, and then hangs. */
function hanging(): Watched {
  return new Watched((at) => (at === 1 ? Promise.resolve({ done: false, value: "1" }) : new Promise(() => {})));
}

function serving(
  stream: () => AsyncIterable<string>,
  options: Partial<ServeOptions<string, string>> = {},
  link?: number,
) {
  return served({ handler: stream, ...options }, link);
}

describe("a stream of replies", () => {
  it.each(["at once", "promised", "by a generator"])("is sent frame by frame: %s", async (how) => {
    const stream = numbers(3);
    const harness = await served({
      handler: (line) => {
        if (how === "promised") return Promise.resolve(stream);
        return how === "at once" ? stream : generate(line);
      },
    });
    async function* generate(line: string) {
      for (let count = 1; count <= 3; count++) yield line === "a" ? String(count) : "?";
    }
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("1\n2\n3\n");
    expect([stream.asked, stream.returned]).toEqual([how === "by a generator" ? 0 : 4, 0]);
    expect(harness.server.stats()).toMatchObject({ handlers: 0, framesIn: 1, framesOut: 3 });
  });

  it("may be empty, and may have holes", async () => {
    const holes: AsyncIterable<string> = {
      async *[Symbol.asyncIterator]() {
        yield "1";
        yield undefined as unknown as string;
        yield "2";
      },
    };
    const harness = await served({
      handler: (line) => (line === "empty" ? numbers(0) : line === "holes" ? holes : line),
    });
    const peer = await harness.connect();
    await peer.send("empty\nholes\nend\n");
    expect(peer.received).toBe("1\n2\nend\n");
  });

  it("keeps its place among replies that are computed at the same time", async () => {
    const pending = answers();
    const stream = numbers(2);
    const harness = await served({
      concurrency: 4,
      handler: (line, context) => (line === "stream" ? stream : pending.handler(line, context)),
    });
    const peer = await harness.connect();
    await peer.send("a\nstream\nb\nstream\n");
    pending.of("b").resolve("B");
    await harness.settle();
    // It is not even begun before its place has come.
    expect([stream.asked, peer.received]).toEqual([0, ""]);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\n1\n2\nB\n");
  });

  it("holds up only what is behind it, and pushes pass", async () => {
    const pending = answers();
    const harness = await served({
      concurrency: 3,
      handler: async function* (line, context) {
        context.session.send(`push ${line}`);
        yield `${line} 1`;
        yield await (pending.handler(line, context) as Promise<string>);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    // A generator does nothing before it is asked: b's has not begun.
    expect(peer.received).toBe("push a\na 1\n");
    pending.of("a").resolve("a 2");
    await harness.settle();
    pending.of("b").resolve("b 2");
    await harness.settle();
    expect(peer.received).toBe("push a\na 1\na 2\npush b\nb 1\nb 2\n");
  });

  it("is not asked while the peer does not read", async () => {
    const line = "x".repeat(99);
    const stream = new Watched(async () => ({ done: false, value: line }));
    const harness = await serving(() => stream, { maxOutboundBytes: 1_000, writeTimeoutMs: Infinity }, 500);
    const peer = await harness.connect({ reads: false });
    await peer.send("go\n");
    const { asked } = stream;
    // The bytes in the link, and those that may wait.
    expect(asked).toBeLessThanOrEqual((500 + 1_000) / 100 + 1);
    await harness.clock.advance(600_000);
    expect([stream.asked, harness.closed]).toEqual([asked, []]);
    await peer.reset();
    expect([stream.asked, stream.returned]).toEqual([asked, 1]);
  });

  it("goes on when the peer reads again, with every frame", async () => {
    const harness = await serving(() => numbers(2_000), { maxOutboundBytes: 100 }, 50);
    const peer = await harness.connect({ reads: false });
    await peer.send("go\n");
    await harness.clock.advance(1_000);
    await peer.read();
    await harness.clock.advance(100);
    expect(peer.received).toBe(Array.from({ length: 2_000 }, (_, index) => `${index + 1}\n`).join(""));
  });

  it("gives the event loop back after each slice, between two of which it may end", async () => {
    const stream = numbers(Infinity);
    const harness = await serving(() => stream);
    const peer = await harness.connect();
    const breaks: number[] = [];
    harness.clock.afterRound = (callback) => {
      breaks.push(stream.asked);
      if (breaks.length === 3) peer.connection.abort();
      queueMicrotask(callback);
    };
    await peer.send("go\n");
    const [first = 0, second = 0, third = 0] = breaks;
    expect(first).toBeLessThanOrEqual(MOST_UNITS);
    expect([second - first, third - second].map((slice) => slice > 0 && slice <= MOST_UNITS)).toEqual([true, true]);
    expect([stream.asked <= third + 1, stream.returned, harness.reasons]).toEqual([true, 1, ["connection-reset"]]);
  });
});

describe("a stream that nobody wants any more", () => {
  const ends: [
    string,
    (harness: Awaited<ReturnType<typeof served>>, reset: () => Promise<void>) => Promise<void>,
    string,
  ][] = [
    ["a reset", (_it, reset) => reset(), "connection-reset"],
    ["its deadline", (harness) => harness.clock.advance(1_000), "handler-timeout"],
    [
      "a forced drain",
      async (harness) => {
        void harness.server.shutdown();
        await harness.server.shutdown();
      },
      "drain-timeout",
    ],
    [
      "the end of a drain's time",
      async (harness) =>
        void (await Promise.all([harness.server.shutdown({ timeoutMs: 9 }), harness.clock.advance(9)])),
      "drain-timeout",
    ],
  ];

  it.each(ends)("is stopped by %s: the signal aborts, and return() is called once", async (_name, end, code) => {
    let context: Context | undefined;
    const stream = hanging();
    const harness = await served({
      handlerTimeoutMs: 1_000,
      handler: (_line, given) => {
        context = given;
        return stream;
      },
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    expect([stream.asked, context?.signal.aborted]).toEqual([2, false]);
    await end(harness, () => peer.reset());
    await harness.settle();
    expect(context?.signal.reason).toMatchObject({ code });
    expect([stream.asked, stream.returned, harness.reasons, harness.server.stats().handlers]).toEqual([
      2,
      1,
      [code],
      0,
    ]);
    expect(harness.of("handler-error")).toHaveLength(code === "handler-timeout" ? 1 : 0);
  });

  it("runs a generator's `finally`, if it watches the signal", async () => {
    const log: string[] = [];
    const harness = await served({
      handler: async function* (_line, { signal }) {
        try {
          yield "begun";
          await new Promise((_resolve, reject) => signal.addEventListener("abort", reject));
        } finally {
          log.push("cleaned up");
        }
      },
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    await peer.reset();
    expect([log, harness.reasons, harness.of("handler-error")]).toEqual([["cleaned up"], ["connection-reset"], []]);
  });

  it("is told though its place has not come", async () => {
    const pending = answers();
    const [waiting, later] = [numbers(1), numbers(1)];
    const harness = await served({
      concurrency: 3,
      handler: (line, context) => {
        if (line === "waiting") return waiting;
        return line === "later" ? Promise.resolve(later) : pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nwaiting\nlater\n");
    pending.of("a").reject(new Error("no"));
    await harness.settle();
    expect([peer.received, harness.reasons]).toEqual(["error: handler-failed\n", ["handler-failed"]]);
    expect([waiting.asked, waiting.returned, later.asked, later.returned]).toEqual([0, 1, 0, 1]);
  });

  it("is told though its promise comes too late", async () => {
    const stream = numbers(3);
    let resolve: (stream: Watched) => void = () => {};
    const harness = await served({
      handlerTimeoutMs: 100,
      handler: () =>
        new Promise<Watched>((settle) => {
          resolve = settle;
        }),
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    await harness.clock.advance(100);
    resolve(stream);
    await harness.settle();
    expect([peer.received, stream.asked, stream.returned]).toEqual(["error: handler-timeout\n", 0, 1]);
  });

  it("need not have return(), and what that throws is reported", async () => {
    const silent = { next: () => new Promise<IteratorResult<string>>(() => {}) };
    const loud = { ...silent, return: () => Promise.reject(new Error("not tidy")) };
    const harness = await served({
      handler: (line) => ({ [Symbol.asyncIterator]: () => (line === "silent" ? silent : loud) }),
    });
    for (const line of ["silent\n", "loud\n"]) {
      const peer = await harness.connect();
      await peer.send(line);
      await peer.reset();
    }
    expect(harness.reasons).toEqual(["connection-reset", "connection-reset"]);
    expect(harness.of("handler-error")).toMatchObject([{ connection: { id: 2 }, error: { code: "handler-failed" } }]);
  });

  it("hands nothing out that comes after the end", async () => {
    const settle: ((result: IteratorResult<string>) => void)[] = [];
    const stream = new Watched(() => new Promise((resolve) => settle.push(resolve)));
    const harness = await serving(() => stream);
    const peer = await harness.connect();
    await peer.send("go\n");
    await peer.reset();
    settle[0]?.({ done: false, value: "late" });
    await harness.settle();
    expect([stream.asked, stream.returned, harness.closed[0]?.framesOut, harness.clock.pending]).toEqual([1, 1, 0, 0]);
  });
});

describe("a stream that fails", () => {
  it.each([
    [
      "throws midway",
      () => new Watched(async (at) => (at < 3 ? { done: false, value: String(at) } : Promise.reject(new Error("no")))),
    ],
    [
      "throws at once from next()",
      () =>
        new Watched((at) => {
          if (at === 3) throw new Error("no");
          return Promise.resolve({ done: false, value: String(at) });
        }),
    ],
    [
      "gives what is no result",
      () => new Watched(async (at) => (at < 3 ? { done: false, value: String(at) } : (undefined as never))),
    ],
  ])("ends the connection behind what it gave: it %s", async (_name, make) => {
    const stream = make();
    const harness = await serving(() => stream);
    const peer = await harness.connect();
    await peer.send("go\nnever\n");
    expect([peer.received, harness.reasons]).toEqual(["1\n2\nerror: handler-failed\n", ["handler-failed"]]);
    // It has ended by itself: there is nothing to be told.
    expect([stream.returned, harness.of("handler-error").length, harness.closed[0]?.framesIn]).toEqual([0, 1, 1]);
  });

  it("that gives what the codec refuses is told, and ends the connection", async () => {
    const stream = new Watched(async (at) => ({ done: false, value: at === 2 ? "two\nlines" : String(at) }));
    const harness = await serving(() => stream);
    const peer = await harness.connect();
    await peer.send("go\n");
    expect([peer.received, harness.reasons]).toEqual(["1\nerror: handler-failed\n", ["handler-failed"]]);
    expect([stream.asked, stream.returned, harness.of("handler-error").length]).toEqual([2, 1, 1]);
  });

  it("whose next() gives no object fails, instead of being asked for ever", async () => {
    const harness = await serving(() => ({ [Symbol.asyncIterator]: () => ({ next: () => 5 as never }) }));
    const peer = await harness.connect();
    await peer.send("go\n");
    expect([peer.received, harness.reasons]).toEqual(["error: handler-failed\n", ["handler-failed"]]);
  });

  it.each(["at once", "promised"])("to begin is a handler that fails: %s", async (how) => {
    const broken = {
      [Symbol.asyncIterator]: () => {
        throw new Error("no");
      },
    };
    const harness = await served({ handler: () => (how === "at once" ? broken : Promise.resolve(broken)) });
    const peer = await harness.connect();
    await peer.send("go\n");
    expect([peer.received, harness.server.stats().handlers]).toEqual(["error: handler-failed\n", 0]);
  });
});

describe("the handler's deadline of a stream", () => {
  it("runs anew for each frame", async () => {
    const harness = await served({
      handlerTimeoutMs: 100,
      handler: async function* () {
        for (const delayMs of [90, 90, 99, 101]) {
          await new Promise<void>((resolve) => harness.clock.setTimeout(resolve, delayMs));
          yield `after ${delayMs}`;
        }
      },
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    await harness.clock.advance(90 + 90 + 99);
    expect(peer.received).toBe("after 90\nafter 90\nafter 99\n");
    await harness.clock.advance(99);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect([peer.received.split("\n").at(-2), harness.reasons]).toEqual([
      "error: handler-timeout",
      ["handler-timeout"],
    ]);
  });

  it("does not run before its place has come, nor while the peer is slow", async () => {
    const pending = answers();
    const harness = await served(
      {
        concurrency: 2,
        handlerTimeoutMs: 100,
        writeTimeoutMs: Infinity,
        maxOutboundBytes: 20,
        handler: (line, context) => (line === "stream" ? numbers(100) : pending.handler(line, context)),
      },
      10,
    );
    const peer = await harness.connect({ reads: false });
    await peer.send("a\nstream\n");
    await harness.clock.advance(99);
    pending.of("a").resolve("A");
    await harness.clock.advance(10_000);
    expect(harness.closed).toEqual([]);
    await peer.read();
    await peer.finish();
    expect(peer.received.endsWith("99\n100\n")).toBe(true);
    expect(harness.reasons).toEqual(["remote-closed"]);
  });

  it("of a handler behind it runs meanwhile", async () => {
    const pending = answers();
    const harness = await served({
      concurrency: 2,
      handlerTimeoutMs: 100,
      handler: (line, context) =>
        line === "stream"
          ? new Watched(async (at) => {
              await new Promise<void>((resolve) => harness.clock.setTimeout(resolve, 30));
              return { done: at > 10, value: String(at) };
            })
          : pending.handler(line, context),
    });
    const peer = await harness.connect();
    await peer.send("stream\nslow\n");
    await harness.clock.advance(99);
    expect(pending.of("slow").aborted).toBeUndefined();
    await harness.clock.advance(1);
    expect(pending.of("slow").aborted).toBe("handler-timeout");
    // The stream before it is sent to its end.
    await harness.clock.advance(1_000);
    expect(peer.received).toBe("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\nerror: handler-timeout\n");
  });
});

describe("from inside a stream", () => {
  it("context.close() ends the connection behind its last frame", async () => {
    const harness = await served({
      handler: async function* (line, context) {
        yield `${line} 1`;
        context.close();
        yield `${line} 2`;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect([peer.received, peer.ended]).toEqual(["a 1\na 2\n", true]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesIn: 1, framesOut: 2 }]);
  });

  it("context.upgrade() changes the codec behind its last frame", async () => {
    const bytes = {
      codec: lines({ encoding: "bytes" }),
      handler: (line: Uint8Array) => line.toReversed(),
    };
    const harness = await served({
      handler: async function* (_line, context) {
        yield "one";
        context.upgrade(bytes);
        yield "two";
      },
    });
    const peer = await harness.connect();
    await peer.send("UPGRADE\nabc\n");
    expect(peer.received).toBe("one\ntwo\ncba\n");
  });

  it("a drain lets it end", async () => {
    const harness = await served({
      handler: async function* () {
        yield "1";
        void harness.server.shutdown();
        await new Promise<void>((resolve) => harness.clock.setTimeout(resolve, 100));
        yield "2";
      },
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    await harness.clock.advance(100);
    expect([peer.received, peer.ended, harness.reasons]).toEqual(["1\n2\n", true, ["drained"]]);
    expect(await harness.server.finished).toEqual({ drained: 1, aborted: 0 });
  });
});
