import { describe, expect, it } from "vitest";
import { lengthPrefixed } from "../../src/core/codecs/mod.ts";
import type { EstablishStep, Middleware, Session } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** The grace of these tests, and the time in which an idle connection is closed with this chance. */
const GRACE_MS = 10_000;
const grace = { graceMs: GRACE_MS, timeoutMs: 500 };
const random = () => 0.5;

/** Fulfils when the session takes nothing new: the drain of its connection has begun. */
const untilDraining = ({ draining }: Session<string>): Promise<void> =>
  new Promise((resolve) => {
    if (draining.aborted) resolve();
    else draining.addEventListener("abort", () => resolve());
  });

describe("onDrain, with a grace,", () => {
  it("is said to every session when the grace begins, and to none again", async () => {
    const told: number[] = [];
    const harness = await served({
      random,
      onDrain: ({ connection: { id } }) => {
        told.push(id);
        return "bye";
      },
    });
    const peers = [await harness.connect(), await harness.connect(), await harness.connect()];
    const drained = harness.server.shutdown(grace);
    expect(harness.of("accepting-stopped")).toHaveLength(1);
    await harness.settle();
    expect([told, peers.map(({ received }) => received)]).toEqual([
      [1, 2, 3],
      ["bye\n", "bye\n", "bye\n"],
    ]);
    expect(peers.map(({ ended }) => ended)).toEqual([false, false, false]);
    await harness.clock.advance(GRACE_MS);
    expect(await drained).toEqual({ drained: 3, aborted: 0 });
    expect([told, peers.map(({ received }) => received)]).toEqual([
      [1, 2, 3],
      ["bye\n", "bye\n", "bye\n"],
    ]);
    expect(harness.reasons).toEqual(["drained", "drained", "drained"]);
  });

  it("is followed by the replies to what comes in the grace, and by pushes", async () => {
    const harness = await served({ random, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown(grace);
    await peer.send("b\nc\n");
    const [session] = harness.server.sessions;
    expect(session?.send("news")).toBe("sent");
    await harness.clock.advance(GRACE_MS);
    expect(peer.received).toBe("A\nbye\nB\nC\nnews\n");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("comes behind the replies to the frames that were taken before, and in front of all others", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 4, handler: pending.handler, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    void harness.server.shutdown(grace);
    await peer.send("c\n");
    pending.of("c").resolve("C");
    pending.of("b").resolve("B");
    await harness.settle();
    expect(peer.received).toBe("");
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nB\nbye\nC\n");
  });

  it("comes behind a stream that was asked for before, which the drain ends", async () => {
    const harness = await served({
      async *handler(_line, { session }) {
        yield "begun";
        await untilDraining(session);
        yield "ended";
      },
      onDrain: () => "bye",
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    const drained = harness.server.shutdown(grace);
    await harness.clock.advance(GRACE_MS - 1);
    expect(peer.received).toBe("begun\n");
    await harness.clock.advance(1);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("begun\nended\nbye\n");
  });

  it("takes no place of a frame while it waits for its turn", async () => {
    const pending = answers();
    const harness = await served({ concurrency: 2, handler: pending.handler, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown(grace);
    await peer.send("b\nc\n");
    expect(pending.frames).toEqual(["a", "b"]);
    expect([...harness.server.sessions].map((session) => session.stats().framesInFlight)).toEqual([2]);
  });

  it("is said to a connection that was accepted before, when it is served", async () => {
    const harness = await served({ maxConnections: 1, onDrain: () => "bye" });
    const [first, second] = [await harness.connect(), await harness.connect()];
    void harness.server.shutdown(grace);
    await harness.settle();
    expect([first.received, second.received]).toEqual(["bye\n", ""]);
    await first.finish();
    await second.send("a\n");
    expect(second.received).toBe("bye\nA\n");
  });

  it("waits for onConnect, whose greeting comes first", async () => {
    let greet: (greeting: string) => void = () => {};
    const harness = await served({
      onConnect: () => new Promise<string>((resolve) => void (greet = resolve)),
      onDrain: () => "bye",
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    void harness.server.shutdown(grace);
    await harness.settle();
    expect(peer.received).toBe("");
    greet("hello");
    await harness.settle();
    expect(peer.received.split("\n").toSorted()).toEqual(["", "A", "bye", "hello"]);
    expect(peer.received.startsWith("hello\n")).toBe(true);
  });

  it("waits for authentication", async () => {
    const checks: Middleware<string> = Object.assign(
      (line: string, { session }: { session: Session<string> }) => {
        if (line === "secret") session.completeAuthentication();
        return line;
      },
      { authenticates: true },
    );
    const told: number[] = [];
    const onDrain = ({ connection: { id } }: Session<string>) => {
      told.push(id);
      return "bye";
    };
    const harness = await served({ middleware: [checks], authenticationTimeoutMs: Infinity, onDrain });
    const [peer, unknown] = [await harness.connect(), await harness.connect()];
    const drained = harness.server.shutdown(grace);
    await peer.send("guess\n");
    expect([told, peer.received]).toEqual([[], "guess\n"]);
    await peer.send("secret\n");
    expect([told, peer.received]).toEqual([[1], "guess\nsecret\nbye\n"]);
    await harness.clock.advance(GRACE_MS);
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
    expect([told, unknown.received]).toEqual([[1, 2], "bye\n"]);
  });

  it("is the last frame where the hook closes the session, which the grace then leaves alone", async () => {
    const pending = answers();
    const harness = await served({
      handler: pending.handler,
      onDrain: (session) => {
        session.close();
        return "bye";
      },
    });
    const [busy, idle] = [await harness.connect(), await harness.connect()];
    await busy.send("a\nb\n");
    const drained = harness.server.shutdown(grace);
    await harness.settle();
    expect([idle.received, idle.ended]).toEqual(["bye\n", true]);
    pending.of("a").resolve("A");
    await harness.settle();
    pending.of("b").resolve("B");
    // Nobody is left, and the rest of the grace is not waited for.
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
    expect([busy.received, busy.ended]).toEqual(["A\nB\nbye\n", true]);
    expect(harness.reasons).toEqual(["handler-closed", "handler-closed"]);
    expect(harness.clock.now()).toBe(0);
  });

  it("may be asynchronous: frames are answered meanwhile, and it comes when it is known", async () => {
    let say: (goodbye: string) => void = () => {};
    const onDrain = () => new Promise<string>((resolve) => void (say = resolve));
    const harness = await served({ onDrain });
    const peer = await harness.connect();
    void harness.server.shutdown(grace);
    await peer.send("a\n");
    say("bye");
    await harness.settle();
    await peer.send("b\n");
    expect(peer.received).toBe("A\nbye\nB\n");
  });

  it("is the last frame where the hook waits for session.draining", async () => {
    let told = 0;
    const harness = await served({
      random,
      onDrain: async (session) => {
        told += 1;
        await untilDraining(session);
        return "bye";
      },
    });
    const [idle, busy] = [await harness.connect(), await harness.connect()];
    await idle.send("a\n");
    const drained = harness.server.shutdown(grace);
    await harness.clock.advance(GRACE_MS / 2);
    expect([idle.received, idle.ended]).toEqual(["A\nbye\n", true]);
    await busy.send("half");
    await harness.clock.advance(GRACE_MS / 2);
    expect(await drained).toMatchObject({ drained: 2, aborted: 0 });
    expect([told, busy.received]).toEqual([2, "bye\n"]);
  });

  it("does not keep a peer that has sent FIN, when the hook takes its time", async () => {
    const harness = await served({ onDrain: () => new Promise<string>(() => {}) });
    const peer = await harness.connect();
    const drained = harness.server.shutdown(grace);
    await peer.send("a\n");
    await peer.finish();
    expect([peer.received, peer.ended, harness.reasons]).toEqual(["A\n", true, ["remote-closed"]]);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("is said to a peer that has sent FIN and waits for a reply", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler, onDrain: () => "bye" });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.finish();
    void harness.server.shutdown(grace);
    pending.of("a").resolve("A");
    await harness.settle();
    expect([peer.received, harness.reasons]).toEqual(["A\nbye\n", ["remote-closed"]]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no goodbye");
      },
      "onDrain threw: no goodbye",
    ],
    ["rejects", () => Promise.reject(new Error("no goodbye")), "onDrain threw: no goodbye"],
    ["returns what is no frame", () => "two\nlines", "the handler's reply was refused"],
  ])("is reported when it %s, and the session goes on", async (_name, hook, message) => {
    let told = 0;
    const onDrain = () => {
      told += 1;
      return hook();
    };
    const harness = await served({ onDrain });
    const peer = await harness.connect();
    const drained = harness.server.shutdown(grace);
    await peer.send("a\n");
    expect(peer.received).toBe("A\n");
    await harness.clock.advance(GRACE_MS);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([told, harness.reasons]).toEqual([1, ["drained"]]);
    expect(harness.of("handler-error").map(({ error }) => error.message)).toEqual([expect.stringContaining(message)]);
  });

  it("is not called for a connection that is on its way out", async () => {
    const pending = answers();
    let told = 0;
    const onDrain = () => {
      told += 1;
      return "bye";
    };
    const harness = await served({ handler: pending.handler, onDrain });
    const peer = await harness.connect();
    await peer.send("a\n");
    for (const session of harness.server.sessions) session.close();
    const drained = harness.server.shutdown(grace);
    pending.of("a").resolve("A");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([told, peer.received]).toEqual([0, "A\n"]);
  });

  it("of an upgrade is said if the service has said none before", async () => {
    const frames = lengthPrefixed({ width: 1 });
    const handler = (frame: Uint8Array) => frame;
    const harness = await served({
      handler: (line, context) => {
        context.upgrade({ codec: frames, handler, onDrain: () => "new" });
        return line;
      },
      onDrain: ({ connection: { id } }) => (id === 1 ? "old" : undefined),
    });
    const [told, untold] = [await harness.connect(), await harness.connect()];
    const drained = harness.server.shutdown(grace);
    await told.send("go\n");
    await untold.send("go\n");
    await harness.clock.advance(GRACE_MS);
    expect(await drained).toEqual({ drained: 2, aborted: 0 });
    expect([told.received, untold.received]).toEqual(["old\ngo\n", "go\n\x03new"]);
  });

  it.each([
    ["in front of it", 1, "ok\n\x03new"],
    ["between other frames", 2, "ok\nB\n\x03new"],
  ])(
    "of an upgrade takes the place of one that waits for its turn behind the upgrade, %s",
    async (_name, concurrency, received) => {
      const pending = answers();
      const harness = await served({
        concurrency,
        handler: async (line, context) => {
          const reply = await pending.handler(line, context);
          if (line !== "a") return reply;
          context.upgrade({ codec: lengthPrefixed({ width: 1 }), handler: () => undefined, onDrain: () => "new" });
          return "ok";
        },
        onDrain: () => "old",
      });
      const peer = await harness.connect();
      await peer.send("a\n");
      void harness.server.shutdown(grace);
      if (concurrency === 2) {
        await peer.send("b\n");
        pending.of("b").resolve("B");
      }
      pending.of("a").resolve(undefined);
      await harness.settle();
      expect(peer.received).toBe(received);
    },
  );

  it("is not said in plain once TLS begins", async () => {
    const pending = answers();
    let secured: () => void = () => {};
    const secure: EstablishStep = async (connection) => {
      await new Promise<void>((resolve) => void (secured = resolve));
      return connection;
    };
    const harness = await served({
      handler: async (line, context) => {
        const reply = await pending.handler(line, context);
        if (line === "STARTTLS") context.startTls(secure);
        return reply;
      },
      onDrain: () => "bye",
    });
    const [before, meanwhile] = [await harness.connect(), await harness.connect()];
    await before.send("STARTTLS\n");
    void harness.server.shutdown(grace);
    // The goodbye has its turn behind the command.
    pending.of("STARTTLS").resolve("go");
    await harness.settle();
    expect([before.received, meanwhile.received]).toEqual(["go\n", "bye\n"]);
    secured();
    await harness.settle();
    expect(before.received).toBe("go\nbye\n");
  });

  it("may force the end", async () => {
    const harness = await served({ onDrain: () => void harness.server.shutdown() });
    const peers = [await harness.connect(), await harness.connect()];
    expect(await harness.server.shutdown(grace)).toEqual({ drained: 0, aborted: 2 });
    await harness.settle();
    expect(peers.map(({ received }) => received)).toEqual(["", ""]);
  });

  it("may abort its session", async () => {
    const harness = await served({ onDrain: (session) => session.abort() });
    await harness.connect();
    expect(await harness.server.shutdown(grace)).toEqual({ drained: 1, aborted: 0, unconfirmed: 1 });
    expect(harness.reasons).toEqual(["aborted"]);
  });
});
