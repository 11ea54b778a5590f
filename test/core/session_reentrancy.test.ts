// User code that calls the session or the server back, within the call that tells it of something.
import { describe, expect, it } from "vitest";
import type { ServeOptions, Session } from "../../src/core/mod.ts";
import { served } from "./support/served.ts";

type Options = Partial<ServeOptions<string, string>>;

describe("an observer of handler-error that shuts the server down", () => {
  it.each<[string, Options]>([
    ["rejects", { handler: () => Promise.reject(new Error("no")) }],
    ["never finishes", { handler: () => new Promise<string>(() => {}), handlerTimeoutMs: 100 }],
    [
      "gives a stream that throws",
      {
        handler: async function* () {
          yield* [];
          throw new Error("no");
        },
      },
    ],
  ])("gets the fault frame to the peer of a handler that %s", async (_name, options) => {
    const harness = await served({
      ...options,
      observer: ({ type }) => {
        if (type === "handler-error") void harness.server.shutdown();
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    await harness.clock.advance(100);
    expect(peer.received).toMatch(/^error: handler-(failed|timeout)\n$/);
    expect(harness.closed).toMatchObject([{ error: { name: "SpillwayError" } }]);
  });

  it("leaves the requests of other servers alone", async () => {
    const failing = await served({
      handler: () => Promise.reject(new Error("no")),
      observer: ({ type }) => {
        if (type === "handler-error") void failing.server.shutdown();
      },
    });
    await (await failing.connect()).send("a\n");
    const other = await served({ handler: async (line) => line.toUpperCase() });
    const peer = await other.connect();
    for (const line of ["a\n", "b\n", "c\n"]) await peer.send(line);
    expect(peer.received).toBe("A\nB\nC\n");
  });
});

it("an observer of frame-error that shuts the server down does not keep the fault frame from the peer", async () => {
  const harness = await served({
    frameTimeoutMs: 100,
    observer: ({ type }) => {
      if (type === "frame-error") void harness.server.shutdown();
    },
  });
  const peer = await harness.connect();
  await peer.send("half");
  await harness.clock.advance(100);
  expect([peer.received, harness.reasons]).toEqual(["error: frame-timeout\n", ["frame-timeout"]]);
});

it("a listener of a handler's signal that closes the session does not keep its stream from cleaning up", async () => {
  let cleaned = false;
  const harness = await served({
    handlerTimeoutMs: 100,
    handler: (_line, { session, signal }) => {
      signal.addEventListener("abort", () => session.close());
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<IteratorResult<string>>(() => {}),
          return: async () => {
            cleaned = true;
            return { done: true, value: undefined };
          },
        }),
      };
    },
  });
  const peer = await harness.connect();
  await peer.send("a\n");
  await harness.clock.advance(100);
  expect([peer.received, cleaned]).toEqual(["error: handler-timeout\n", true]);
});

describe("a session whose peer has sent FIN", () => {
  /** A stream that goes on until the session drains. */
  async function* ticks({ draining }: Session<string>): AsyncGenerator<string> {
    yield "tick";
    if (!draining.aborted) await new Promise((resolve) => draining.addEventListener("abort", resolve));
    yield "last";
  }

  async function halfClosed(options: Options = {}) {
    const sessions: Session<string>[] = [];
    const harness = await served({ handler: (_line, { session }) => ticks(session), ...options });
    const peer = await harness.connect({ finishes: false });
    await peer.send("a\n");
    await peer.finish();
    sessions.push(...harness.server.sessions);
    expect([peer.received, harness.closed]).toEqual(["tick\n", []]);
    return { harness, peer, session: sessions[0] as Session<string> };
  }

  it("is told that the server drains, and says goodbye", async () => {
    const { harness, peer } = await halfClosed({ onDrain: () => "bye" });
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([peer.received, harness.reasons]).toEqual(["tick\nlast\nbye\n", ["remote-closed"]]);
  });

  it("ends when it is closed, and when its lifetime is reached", async () => {
    const closed = await halfClosed();
    closed.session.close();
    await closed.harness.settle();
    expect([closed.peer.received, closed.harness.reasons]).toEqual(["tick\nlast\n", ["remote-closed"]]);
    const old = await halfClosed({ lifetimeMs: 1_000 });
    await old.harness.clock.advance(1_000);
    expect([old.peer.received, old.harness.reasons]).toEqual(["tick\nlast\n", ["remote-closed"]]);
  });
});

it("abort() of a session that is over leaves its onDisconnect alone, which the drain waits for", async () => {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const harness = await served({
    onDisconnect: async (session) => {
      session.abort();
      await finished;
    },
  });
  const peer = await harness.connect();
  await peer.finish();
  expect([...harness.server.sessions]).toEqual([]);
  let over = false;
  const drained = harness.server.shutdown().then((result) => {
    over = true;
    return result;
  });
  await harness.settle();
  expect(over).toBe(false);
  finish();
  await harness.settle();
  expect(await drained).toEqual({ drained: 1, aborted: 0 });
});
