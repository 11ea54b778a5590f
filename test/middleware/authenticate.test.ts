import { describe, expect, it } from "vitest";
import { lines, type Middleware, type ServeOptions, serve } from "../../src/core/mod.ts";
import { type AuthenticateOptions, authenticate, timeout, withSignal } from "../../src/middleware/mod.ts";
import { manualClock, memoryTransport } from "../../src/testing/mod.ts";
import { answers } from "../core/support/answers.ts";
import type { Peer } from "../core/support/peer.ts";
import { type Served, served } from "../core/support/served.ts";
import { listeners } from "../support/listeners.ts";

const SECRET = { check: (line: string) => line === "secret", accepted: "come in", refused: "no" };

async function guarded(
  settings: AuthenticateOptions,
  { middleware = [], ...options }: Partial<ServeOptions<string, string>> = {},
): Promise<{ harness: Served; peer: Peer; handled: string[] }> {
  const handled: string[] = [];
  const harness = await served({
    concurrency: 4,
    authenticationTimeoutMs: 1_000,
    handler: (line) => {
      handled.push(line);
      return line;
    },
    ...options,
    middleware: [...middleware, authenticate(settings)],
  });
  return { harness, peer: await harness.connect(), handled };
}

describe("authenticate", () => {
  it("lets a connection in whose first frame satisfies the check", async () => {
    const { harness, peer, handled } = await guarded(SECRET);
    await peer.send("secret\na\nsecret\n");
    await harness.clock.advance(2_000);
    await peer.send("b\n");
    expect(peer.received).toBe("come in\na\nsecret\nb\n");
    expect(handled).toEqual(["a", "secret", "b"]);
  });

  it("refuses any other: a last frame, and the end; nothing is handled", async () => {
    const { harness, peer, handled } = await guarded(SECRET);
    await peer.send("guess\nsecret\na\n");
    expect([peer.received, peer.ended, handled]).toEqual(["no\n", true, []]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesIn: 1, framesOut: 1 }]);
  });

  it("says nothing by default", async () => {
    const { harness, peer } = await guarded({ check: SECRET.check });
    const another = await harness.connect();
    await peer.send("secret\na\n");
    await another.send("guess\na\n");
    expect([peer.received, another.received, another.ended]).toEqual(["a\n", "", true]);
  });

  it("asks every connection, and each once", async () => {
    const asked: string[] = [];
    const { harness, peer } = await guarded({
      check: (line, { connection }) => {
        asked.push(`${line} of ${connection.id}`);
        return true;
      },
    });
    const another = await harness.connect();
    await peer.send("a\nb\n");
    await another.send("c\nd\n");
    expect(asked).toEqual(["a of 1", "c of 2"]);
  });

  it.each([
    ["true", "come in\na\n"],
    ["false", "no\n"],
  ])("waits for a check that takes its time, with all that is behind: %s", async (result, received) => {
    const checks = answers();
    const { harness, peer, handled } = await guarded({
      ...SECRET,
      check: async (line, context) => (await checks.handler(line, context)) === "true",
    });
    await peer.send("first\na\n");
    await harness.clock.advance(500);
    expect([checks.frames, handled, peer.received]).toEqual([["first"], [], ""]);
    checks.of("first").resolve(result);
    await harness.settle();
    expect(peer.received).toBe(received);
    expect(peer.ended).toBe(result === "false");
  });

  it.each([undefined, null, 1, "yes", {}])("takes nothing for a yes but true: %j", async (result) => {
    for (const given of [result, Promise.resolve(result)]) {
      const { peer } = await guarded({ ...SECRET, check: () => given as boolean });
      await peer.send("guess\na\n");
      expect([peer.received, peer.ended]).toEqual(["no\n", true]);
    }
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no database"))],
  ])("lets nobody in when the check %s", async (_, check) => {
    const { harness, peer, handled } = await guarded({ ...SECRET, check });
    await peer.send("secret\na\n");
    expect([peer.received, handled]).toEqual(["error: handler-failed\n", []]);
    expect(harness.reasons).toEqual(["handler-failed"]);
  });

  it("has the authentication deadline, by which a late check is aborted", async () => {
    const checks = answers();
    const { harness, peer, handled } = await guarded({
      ...SECRET,
      check: async (line, context) => (await checks.handler(line, context)) === "true",
    });
    const silent = await harness.connect();
    await peer.send("first\na\n");
    await harness.clock.advance(1_000);
    expect(checks.of("first").aborted).toBe("authentication-timeout");
    expect([peer.received, silent.received]).toEqual(Array(2).fill("error: authentication-timeout\n"));
    expect(harness.reasons).toEqual(Array(2).fill("authentication-timeout"));
    checks.of("first").resolve("true");
    await harness.settle();
    expect([handled, peer.received]).toEqual([[], "error: authentication-timeout\n"]);
  });

  it("is not asked for a peer that onConnect lets in", async () => {
    const { peer } = await guarded(SECRET, { onConnect: (session) => session.completeAuthentication() });
    await peer.send("guess\n");
    expect(peer.received).toBe("guess\n");
  });

  it("can keep the name that it let in, with frames and a state of the service's own types", async () => {
    const transport = memoryTransport();
    const server = await serve(transport, {
      port: 0,
      codec: lines(),
      state: () => ({ user: "nobody" }),
      middleware: [
        authenticate({
          check: (line, { session }) => {
            session.state.user = line.toUpperCase();
            return true;
          },
        }),
      ],
      handler: (_, { session }) => session.state.user,
    });
    const connection = await transport.connect(server.address);
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode("ann\nwho\n"));
    const { value } = await connection.readable.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("ANN\n");
    await writer.close();
    await server.shutdown();
  });

  it("refuses a check that is no function", () => {
    expect(() => authenticate({} as unknown as AuthenticateOptions)).toThrow(
      new TypeError("check must be a function, not undefined"),
    );
  });
});

describe("authenticate, whose check joins a group", () => {
  it("makes a member of a peer that is let in, and of nobody else", async () => {
    const check: AuthenticateOptions["check"] = (line, { session }) => {
      if (line === "secret") session.join("members");
      return line === "secret";
    };
    const { harness, peer } = await guarded({ ...SECRET, check });
    const guessing = await harness.connect();
    const silent = await harness.connect();
    await peer.send("secret\n");
    await guessing.send("guess\n");
    expect(harness.server.group("members").broadcast("news")).toEqual({ sent: 1, dropped: 0 });
    await harness.settle();
    expect([peer.received, guessing.received, silent.received]).toEqual(["come in\nnews\n", "no\n", ""]);
  });

  it("does nothing when it does so too late", async () => {
    const checks = answers();
    const clock = manualClock();
    const check: AuthenticateOptions["check"] = async (line, context) => {
      await checks.handler(line, context);
      context.session.join("members");
      return true;
    };
    const { harness, peer } = await guarded(
      { ...SECRET, check },
      { clock, middleware: [timeout({ ms: 100, reply: () => "late", clock })] },
    );
    await peer.send("secret\n");
    await harness.clock.advance(100);
    checks.of("secret").resolve(undefined);
    await harness.settle();
    expect([peer.received, harness.server.group("members").size]).toEqual(["late\n", 0]);
  });
});

describe("authenticate, whose frame is answered by somebody else", () => {
  /** A check that the test decides, within what answers instead of it. */
  async function within(outer: Middleware<string>, options: Partial<ServeOptions<string, string>> = {}) {
    const checks = answers();
    const check: AuthenticateOptions["check"] = async (...args) => (await checks.handler(...args)) === "true";
    return { checks, ...(await guarded({ ...SECRET, check }, { ...options, middleware: [outer] })) };
  }

  it.each(["true", "false"])("before its check has ended, refuses the connection, be it then %s", async (late) => {
    const clock = manualClock();
    const lateReply = timeout({ ms: 100, reply: (line: string) => `${line} is late`, clock });
    const { checks, harness, peer, handled } = await within(lateReply, { clock });
    await peer.send("a\nb\nc\n");
    await harness.clock.advance(100);
    expect([peer.received, peer.ended]).toEqual(["a is late\n", true]);
    checks.of("a").resolve(late);
    await harness.settle();
    await peer.send("secret\nq\n");
    expect([peer.received, checks.frames, handled]).toEqual(["a is late\n", ["a"], []]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesIn: 1, framesOut: 1 }]);
  });

  it("and whose signal has not aborted, refuses the next frame unchecked, and lets nobody in later", async () => {
    const hasty: Middleware<string> = (line, context, next) => {
      const reply = next(line, context);
      return context.session.authenticating ? "wait" : reply;
    };
    const { checks, harness, peer, handled } = await within(hasty);
    await peer.send("a\n");
    await peer.send("b\nc\n");
    checks.of("a").resolve("true");
    await harness.settle();
    expect([peer.received, peer.ended]).toEqual(["wait\nwait\n", true]);
    expect([checks.frames, handled, harness.reasons]).toEqual([["a"], [], ["handler-closed"]]);
  });

  it("and whose check fails then, ends the connection all the same", async () => {
    const { checks, harness, peer } = await within((line, context, next) => {
      void next(line, context);
      return "wait";
    });
    await peer.send("a\n");
    checks.of("a").resolve("false");
    await harness.settle();
    expect([peer.received, peer.ended, harness.reasons]).toEqual(["wait\n", true, ["handler-closed"]]);
  });

  it("because its check threw, ends the connection all the same", async () => {
    const apologetic: Middleware<string> = async (line, context, next) => {
      try {
        return await next(line, context);
      } catch {
        return "sorry";
      }
    };
    const { checks, harness, peer, handled } = await within(apologetic);
    await peer.send("a\nsecret\n");
    checks.of("a").reject(new Error("no database"));
    await harness.settle();
    expect([peer.received, peer.ended, handled]).toEqual(["sorry\n", true, []]);
  });
});

describe("authenticate, whose signal aborts", () => {
  it("refuses at once, without waiting for the check", async () => {
    const stopping = new AbortController();
    const { harness, peer, handled } = await guarded(
      { ...SECRET, check: () => new Promise(() => undefined) },
      { middleware: [(line, context, next) => next(line, withSignal(context, stopping.signal))] },
    );
    await peer.send("a\nb\n");
    stopping.abort();
    await harness.settle();
    expect([peer.received, peer.ended, handled]).toEqual(["no\n", true, []]);
  });

  it.each([true, false])("has no listener of a check that has ended: %s", async (result) => {
    const { signal } = new AbortController();
    const open = listeners(signal);
    const { peer } = await guarded(
      { ...SECRET, check: () => Promise.resolve(result) },
      { middleware: [(line, context, next) => next(line, withSignal(context, signal))] },
    );
    await peer.send("a\n");
    expect([peer.received, open()]).toEqual([result ? "come in\n" : "no\n", 0]);
  });

  it("refuses when it had aborted before, whatever the check says", async () => {
    for (const result of [true, Promise.resolve(true)]) {
      const { peer, handled } = await guarded(
        { ...SECRET, check: () => result },
        { middleware: [(line, context, next) => next(line, withSignal(context, AbortSignal.abort()))] },
      );
      await peer.send("a\nb\n");
      expect([peer.received, peer.ended, handled]).toEqual(["no\n", true, []]);
    }
  });
});
