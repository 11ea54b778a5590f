import { describe, expect, it } from "vitest";
import { lines, type Middleware, type ServeOptions } from "../../src/core/mod.ts";
import { bounded } from "../support/bounded.ts";
import { type Answers, answers } from "./support/answers.ts";
import type { Peer } from "./support/peer.ts";
import { type Served, served } from "./support/served.ts";

const authenticating = (layer: Middleware<string>): Middleware<string> => Object.assign(layer, { authenticates: true });

/** Frames go to `checks` until one was answered with "ok". */
function checkedBy(checks: Answers): Middleware<string> {
  return authenticating(async (line, context, next) => {
    if (!context.session.authenticating) return next(line, context);
    const reply = (await checks.handler(line, context)) as string;
    if (reply === "ok") context.session.completeAuthentication();
    return reply;
  });
}

interface Trial {
  readonly harness: Served;
  readonly checks: Answers;
  readonly handled: string[];
}

async function trial(options: Partial<ServeOptions<string, string>> = {}): Promise<Trial> {
  const checks = answers();
  const handled: string[] = [];
  const harness = await served({
    concurrency: 4,
    authenticationTimeoutMs: 1_000,
    middleware: [checkedBy(checks)],
    handler: (line) => {
      handled.push(line);
      return line;
    },
    ...options,
  });
  return { harness, checks, handled };
}

describe("authentication", () => {
  it("takes one frame at a time, whatever the concurrency, until it is complete", async () => {
    const { harness, checks, handled } = await trial();
    const peer = await harness.connect();
    await peer.send("a\nb\nc\nd\n");
    expect(checks.frames).toEqual(["a"]);
    checks.of("a").resolve("again");
    await harness.settle();
    expect(checks.frames).toEqual(["a", "b"]);
    expect(handled).toEqual([]);
    checks.of("b").resolve("ok");
    await harness.settle();
    expect(handled).toEqual(["c", "d"]);
    expect(peer.received).toBe("again\nok\nc\nd\n");
  });

  it("says on the session whether it is complete", async () => {
    const seen: boolean[] = [];
    const harness = await served({
      middleware: [
        authenticating((line, { session }, next) => {
          seen.push(session.authenticating);
          session.completeAuthentication();
          session.completeAuthentication();
          seen.push(session.authenticating);
          return next(line);
        }),
      ],
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect(seen).toEqual([true, false, false, false]);
    expect(peer.received).toBe("A\nB\n");
  });

  it("that no middleware asks for is not waited for", async () => {
    const seen: boolean[] = [];
    const harness = await served({
      authenticationTimeoutMs: 10,
      middleware: [(line, { session }, next) => (seen.push(session.authenticating), next(line))],
    });
    const peer = await harness.connect();
    await harness.clock.advance(1_000);
    await peer.send("a\n");
    expect([seen, peer.received]).toEqual([[false], "A\n"]);
  });

  it("may be completed by onConnect", async () => {
    const { harness, checks, handled } = await trial({ onConnect: (session) => session.completeAuthentication() });
    const peer = await harness.connect();
    await harness.clock.advance(2_000);
    await peer.send("a\n");
    expect([checks.frames, handled, peer.received]).toEqual([[], ["a"], "a\n"]);
  });

  it("that is complete has no deadline any more", async () => {
    const { harness, checks } = await trial();
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(999);
    checks.of("a").resolve("ok");
    await harness.clock.advance(5_000);
    await peer.send("b\n");
    expect(peer.received).toBe("ok\nb\n");
  });
});

/** The acts of a peer within authentication's 1,000 ms, and the bytes that it gets. All end at that instant, with that reason. */
const LATE: readonly (readonly [string, string, (trial: Trial) => Promise<Awaited<ReturnType<Served["connect"]>>>])[] =
  [
    ["no byte comes", "error: authentication-timeout\n", ({ harness }) => harness.connect()],
    [
      "a frame is begun",
      "error: authentication-timeout\n",
      async ({ harness }) => {
        const peer = await harness.connect();
        await harness.clock.advance(500);
        await peer.send("a");
        return peer;
      },
    ],
    [
      "a frame did not do",
      "again\nerror: authentication-timeout\n",
      async ({ harness, checks }) => {
        const peer = await harness.connect();
        await peer.send("a\n");
        await harness.clock.advance(900);
        checks.of("a").resolve("again");
        await harness.settle();
        return peer;
      },
    ],
    [
      "the check computes",
      "error: authentication-timeout\n",
      async ({ harness }) => {
        const peer = await harness.connect();
        await harness.clock.advance(900);
        await peer.send("a\nb\n");
        return peer;
      },
    ],
    [
      "the check computes, and the peer has finished",
      "error: authentication-timeout\n",
      async ({ harness }) => {
        const peer = await harness.connect();
        await peer.send("a\n");
        await peer.finish();
        return peer;
      },
    ],
    [
      "the check computes, and the server drains",
      "error: authentication-timeout\n",
      async ({ harness }) => {
        const peer = await harness.connect();
        await peer.send("a\nb\n");
        void harness.server.shutdown();
        await harness.settle();
        return peer;
      },
    ],
  ];

describe("the authentication deadline", () => {
  it.each(LATE)("passes when %s", async (_, received, begin) => {
    const that = await trial();
    const { harness, checks, handled } = that;
    const peer = await begin(that);
    await harness.clock.advance(999 - harness.clock.now());
    expect([harness.reasons, peer.ended]).toEqual([[], false]);
    await harness.clock.advance(1);
    expect([peer.received, peer.ended]).toEqual([received, true]);
    expect(harness.closed).toMatchObject([
      { reason: "authentication-timeout", error: { code: "authentication-timeout" } },
    ]);
    expect(handled).toEqual([]);
    expect(checks.frames.length).toBeLessThan(2);
    expect(harness.clock.pending).toBe(0);
  });

  it("aborts the signal of a check that is still at work, and what that gives later is nobody's", async () => {
    const { harness, checks, handled } = await trial();
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    await harness.clock.advance(1_000);
    expect(checks.of("a").aborted).toBe("authentication-timeout");
    checks.of("a").resolve("ok");
    await harness.settle();
    expect([peer.received, handled]).toEqual(["error: authentication-timeout\n", []]);
    expect(harness.of("handler-error").map(({ error }) => error.code)).toEqual(["authentication-timeout"]);
  });

  it("runs from the opening, also while onConnect takes its time", async () => {
    const greeting = answers();
    const { harness } = await trial({
      onConnect: (_, context) => greeting.handler("greeting", context) as Promise<string>,
    });
    const peer = await harness.connect();
    await harness.clock.advance(1_000);
    expect(greeting.of("greeting").aborted).toBe("authentication-timeout");
    expect(peer.received).toBe("error: authentication-timeout\n");
  });

  it("is one of several: the handler's passes earlier", async () => {
    const { harness, checks } = await trial({ handlerTimeoutMs: 100 });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(100);
    expect(checks.of("a").aborted).toBe("handler-timeout");
    expect(harness.reasons).toEqual(["handler-timeout"]);
  });

  it("may be off", async () => {
    const { harness } = await trial({ authenticationTimeoutMs: Infinity });
    const peer = await harness.connect();
    await harness.clock.advance(250_000);
    expect([harness.reasons, peer.ended]).toEqual([[], false]);
  });

  it("passes beside a fault that waits for its turn, and only once", async () => {
    const harness = await served({
      authenticationTimeoutMs: 1_000,
      writeTimeoutMs: 5_000,
      maxOutboundBytes: 1_000,
      middleware: [
        authenticating(async function* () {
          for (const step = bounded(); step(); ) yield "x".repeat(100);
        }),
      ],
    });
    const peer = await harness.connect({ reads: false });
    await peer.send("a\n");
    await harness.clock.advance(1_000);
    expect(harness.reasons).toEqual([]);
    await peer.reset();
    expect(harness.reasons).toEqual(["connection-reset"]);
  });
});

describe("a drain during authentication", () => {
  it("closes at once a connection that has sent nothing", async () => {
    const { harness } = await trial();
    const peer = await harness.connect();
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([peer.received, peer.ended]).toEqual(["", true]);
  });

  it("answers what was received in full, once it is complete", async () => {
    const { harness, checks, handled } = await trial();
    const peer = await harness.connect();
    await peer.send("a\nb\nc\n");
    const drained = harness.server.shutdown();
    await harness.settle();
    checks.of("a").resolve("ok");
    await harness.settle();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([peer.received, handled]).toEqual(["ok\nb\nc\n", ["b", "c"]]);
  });
});

describe("authentication that begins with an upgrade", () => {
  async function upgraded(): Promise<{ harness: Served; checks: Answers; peer: Peer }> {
    const checks = answers();
    const upgrade: Middleware<string> = (line, context) => {
      context.upgrade({
        codec: lines(),
        handler: async (further: string, its) => {
          const reply = await checks.handler(further, its);
          if (reply === "ok") its.session.completeAuthentication();
          return reply;
        },
      });
      return `${line}: go on`;
    };
    const harness = await served({
      concurrency: 4,
      authenticationTimeoutMs: 1_000,
      middleware: [authenticating(upgrade)],
    });
    return { harness, checks, peer: await harness.connect() };
  }

  it("is completed by the handler of that: until then it gets a frame at a time", async () => {
    const { harness, checks, peer } = await upgraded();
    await peer.send("up\na\nb\nc\n");
    expect(checks.frames).toEqual(["a"]);
    checks.of("a").resolve("ok");
    await harness.settle();
    expect(checks.frames).toEqual(["a", "b", "c"]);
    await harness.clock.advance(1_000);
    expect([peer.received, harness.reasons]).toEqual(["up: go on\nok\n", []]);
  });

  it("has its deadline all the same", async () => {
    const { harness, peer } = await upgraded();
    await peer.send("up\n");
    await harness.clock.advance(1_000);
    expect(peer.received).toBe("up: go on\nerror: authentication-timeout\n");
  });
});

it("a middleware that asks for authentication under the old name is refused, and not passed over", async () => {
  const old = Object.assign((line: string, _context: unknown, next: (line: string) => unknown) => next(line), {
    handshake: true,
  });
  await expect(served({ middleware: [old as never] })).rejects.toThrow("authenticates");
});
