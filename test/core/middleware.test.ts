import { describe, expect, it } from "vitest";
import { compose } from "../../src/core/handler/middleware.ts";
import { type Context, lines, type Middleware, type Next, serve } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { answers } from "./support/answers.ts";
import { type Served, served } from "./support/served.ts";

type Layer = Middleware<string>;

/** Says when a frame goes in, and when its answer comes out. */
function tracing(name: string, trace: string[]): Layer {
  return (line, context, next) => {
    trace.push(`> ${name}`);
    const answer = next(`${line}${name}`, context) as string;
    trace.push(`< ${name}`);
    return `${answer}${name}`;
  };
}

/** The handler's failures, as the observer saw them. */
const failures = (harness: Served) => harness.of("handler-error").map(({ error }) => `${error.code}: ${error.message}`);

describe("middleware", () => {
  it("is around the handler, the first outermost; all may change the frame and the reply", async () => {
    const trace: string[] = [];
    const harness = await served({
      middleware: ["1", "2", "3"].map((name) => tracing(name, trace)),
      handler: (line) => {
        trace.push(line);
        return `${line}-`;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(trace).toEqual(["> 1", "> 2", "> 3", "a123", "< 3", "< 2", "< 1"]);
    expect(peer.received).toBe("a123-321\n");
  });

  it("that is synchronous stays so: there is no promise, and no handler at work", async () => {
    const seen: unknown[] = [];
    const harness = await served({
      middleware: [
        (line, context, next) => {
          const answer = next(line, context);
          seen.push(answer, harness.server.stats().handlers);
          return answer;
        },
      ],
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(seen).toEqual(["A", 0, "B", 0]);
  });

  it("that samples is asked once for each frame, and gets those that it takes", async () => {
    const trace: string[] = [];
    let asked = 0;
    const samples = () => {
      asked += 1;
      return asked % 2 === 0;
    };
    const harness = await served({
      middleware: [tracing("1", trace), Object.assign(tracing("2", trace), { samples }), tracing("3", trace)],
      handler: (line) => `${line}-`,
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("a13-31\nb123-321\n");
    expect(trace).toEqual(["> 1", "> 3", "< 3", "< 1", "> 1", "> 2", "> 3", "< 3", "< 2", "< 1"]);
    expect(asked).toBe(2);
  });

  it("that samples is passed by with the context of the middleware around it", async () => {
    const contexts: unknown[] = [];
    const outer: Layer = (line, context, next) => {
      const other = Object.create(context) as Context<string>;
      contexts.push(other);
      return next(line, other);
    };
    const harness = await served({
      middleware: [outer, Object.assign(tracing("2", []), { samples: () => false })],
      handler: (line, context) => {
        contexts.push(context);
        return line;
      },
    });
    await (await harness.connect()).send("a\n");
    expect(contexts[1]).toBe(contexts[0]);
  });

  it("that cannot say whether it samples fails the frame", async () => {
    const samples = () => {
      throw new Error("undecided");
    };
    const harness = await served({ middleware: [Object.assign(tracing("1", []), { samples })] });
    await (await harness.connect()).send("a\n");
    expect(failures(harness)).toEqual(["handler-failed: the handler threw: undecided"]);
  });

  it("that samples by anything but a function is refused", async () => {
    const middleware = [Object.assign(tracing("1", []), { samples: 0.5 })] as unknown as Layer[];
    const started = serve(memoryTransport(), { port: 0, codec: lines(), handler: (line) => line, middleware });
    await expect(started).rejects.toThrow(new TypeError("samples of a middleware must be a function"));
  });

  it("that is asynchronous keeps the order of the replies", async () => {
    const pending = answers();
    const late: Layer = async (line, context, next) => `${(await next(line, context)) as string}!`;
    const harness = await served({ concurrency: 2, middleware: [late], handler: pending.handler });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    pending.of("b").resolve("B");
    await harness.settle();
    expect(peer.received).toBe("");
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A!\nB!\n");
  });

  it("with nothing in it leaves the handler as it is", () => {
    const handler = (line: string) => line;
    expect(compose([], handler)).toBe(handler);
  });

  it("is taken as it was when the server started", async () => {
    const list: Layer[] = [(line, _, next) => next(`${line}!`)];
    const harness = await served({ middleware: list });
    list[0] = () => "changed";
    list.push(() => "added");
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("A!\n");
  });

  it("hands its own context on, or another one", async () => {
    const contexts: unknown[] = [];
    const own = {} as Context<string>;
    const harness = await served({
      middleware: [
        (line, context, next) => {
          contexts.push(context.session.connection.id);
          return next(line, own);
        },
        (line, _, next) => next(line),
      ],
      handler: (line, context) => {
        contexts.push(context);
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(contexts[0]).toBe(1);
    expect(contexts[1]).toBe(own);
    expect(peer.received).toBe("a\n");
  });

  it("that never calls next answers itself: with a frame, nothing, or by closing", async () => {
    const handled: string[] = [];
    const harness = await served({
      middleware: [
        (line, context, next) => {
          if (line === "ping") return "pong";
          if (line === "quiet") return undefined;
          if (line === "later") return Promise.resolve("late");
          if (line !== "bye") return next(line, context);
          context.close();
          return "see you";
        },
      ],
      handler: (line) => {
        handled.push(line);
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("ping\nquiet\na\nlater\nbye\nb\n");
    expect(peer.received).toBe("pong\na\nlate\nsee you\n");
    expect(handled).toEqual(["a"]);
    expect(harness.reasons).toEqual(["handler-closed"]);
  });

  it("that never settles has the handler's deadline", async () => {
    const harness = await served({ handlerTimeoutMs: 100, middleware: [() => new Promise(() => undefined)] });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(100);
    expect(peer.received).toBe("error: handler-timeout\n");
    expect(harness.reasons).toEqual(["handler-timeout"]);
  });

  it("is not around onConnect, nor around the handler of an upgrade", async () => {
    const seen: string[] = [];
    const harness = await served({
      middleware: [
        (line, context, next) => {
          seen.push(line);
          return next(line, context);
        },
      ],
      onConnect: () => "hello",
      handler: (line, context) => {
        context.upgrade({ codec: lines(), handler: (upgraded) => `upgraded ${upgraded}` });
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("hello\na\nupgraded b\n");
    expect(seen).toEqual(["a"]);
  });

  it("can be around a stream: look at its frames, or call next in the middle of its own", async () => {
    const harness = await served({
      middleware: [
        async function* (line, context, next) {
          yield "begin";
          for await (const frame of next(line, context) as AsyncIterable<string>) yield frame.toUpperCase();
          yield "end";
        },
      ],
      handler: async function* (line) {
        yield `${line}1`;
        yield `${line}2`;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("begin\nA1\nA2\nend\nbegin\nB1\nB2\nend\n");
  });
});

describe("a middleware that fails", () => {
  const throwing: Layer = () => {
    throw new Error("no");
  };
  const rejecting: Layer = () => Promise.reject(new Error("no"));
  const afterwards: Layer = async (line, context, next) => {
    await next(line, context);
    throw new Error("no");
  };
  const twice: Layer = (line, context, next) => {
    void next(line, context);
    return next(line, context);
  };
  const twiceLater: Layer = async (line, context, next) => {
    await next(line, context);
    return next(line, context);
  };

  it.each([
    ["throws", throwing, "the handler threw: no", []],
    ["rejects", rejecting, "the handler threw: no", []],
    ["fails behind the handler", afterwards, "the handler threw: no", ["a"]],
    ["calls next twice", twice, "the handler threw: next() was called twice for one frame", ["a"]],
    ["calls next twice, later", twiceLater, "the handler threw: next() was called twice for one frame", ["a"]],
  ] as const)("%s: ends that connection only, as handler-failed", async (_, layer, message, frames) => {
    const handled: string[] = [];
    const harness = await served({
      middleware: [(line, context, next) => (line === "fine" ? next(line, context) : layer(line, context, next))],
      handler: (line) => {
        handled.push(line);
        return line;
      },
    });
    const [one, another] = [await harness.connect(), await harness.connect()];
    await one.send("a\nb\n");
    await another.send("fine\n");
    expect([one.received, one.ended]).toEqual(["error: handler-failed\n", true]);
    expect(another.received).toBe("fine\n");
    expect(handled).toEqual([...frames, "fine"]);
    expect(harness.reasons).toEqual(["handler-failed"]);
    expect(failures(harness)).toEqual([`handler-failed: ${message}`]);
  });

  it("may be caught by one that is around it", async () => {
    const harness = await served({
      middleware: [
        async (line, context, next) => {
          try {
            return await next(line, context);
          } catch (error) {
            return `sorry: ${(error as Error).message}`;
          }
        },
        throwing,
      ],
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("sorry: no\nsorry: no\n");
    expect(failures(harness)).toEqual([]);
  });

  it("answers with what is no frame: that is refused as a handler's is", async () => {
    const harness = await served({ middleware: [() => "two\nlines"] });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("error: handler-failed\n");
  });
});

describe("next", () => {
  /** Hands out the `next` of the only frame, and answers it with `reply`. */
  async function kept(reply: () => undefined | Promise<undefined>) {
    let given!: Next<string>;
    const handled: string[] = [];
    const harness = await served({
      handlerTimeoutMs: 100,
      middleware: [
        (_line, _context, next) => {
          given = next;
          return reply();
        },
      ],
      handler: (line) => void handled.push(line),
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    return { harness, peer, handled, given };
  }
  const never = () => new Promise<undefined>(() => undefined);

  it.each([
    ["at once", () => undefined],
    ["later", () => Promise.resolve(undefined)],
  ])("throws when the frame was answered %s, and the handler is not called", async (_, reply) => {
    const { given, handled } = await kept(reply);
    expect(() => given("a")).toThrow(new TypeError("next() must be called before the frame is answered"));
    expect(handled).toEqual([]);
  });

  it("throws why nobody waits any more: the deadline passed", async () => {
    const { harness, given, handled } = await kept(never);
    await harness.clock.advance(100);
    expect(() => given("a")).toThrow(expect.objectContaining({ code: "handler-timeout" }) as Error);
    expect(handled).toEqual([]);
  });

  it("throws why nobody waits any more: the connection broke", async () => {
    const { peer, given, handled } = await kept(never);
    await peer.reset();
    expect(() => given("a")).toThrow(expect.objectContaining({ code: "connection-reset" }) as Error);
    expect(handled).toEqual([]);
  });
});

describe("middleware: an option that makes no sense", () => {
  const authenticating = () => Object.assign((() => undefined) satisfies Layer, { authenticates: true });

  it.each([
    ["not an array", () => undefined],
    ["no functions in it", [() => undefined, "log"]],
    ["a hole", [undefined]],
    ["two that authenticate", [authenticating(), authenticating()]],
    ["null", null],
  ])("is refused at the call: %s", async (_, middleware) => {
    const refused = serve(memoryTransport(), {
      port: 0,
      codec: lines(),
      handler: (line: string) => line,
      middleware: middleware as Layer[],
    });
    await expect(refused).rejects.toThrow(TypeError);
  });
});

describe("the types", () => {
  it("let a middleware for any state be used with every service", async () => {
    const anyState: Middleware<string> = (line, _, next) => next(line.trim());
    const server = await serve(memoryTransport(), {
      port: 0,
      codec: lines(),
      state: () => ({ asked: 0 }),
      middleware: [
        anyState,
        (line, { session }, next) => {
          session.state.asked += 1;
          return next(line);
        },
      ],
      handler: (line, { session }) => `${line}${session.state.asked}`,
    });
    expect(server.stats().connections).toBe(0);
    await server.shutdown();
  });
});
