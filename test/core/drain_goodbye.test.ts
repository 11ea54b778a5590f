import { describe, expect, it } from "vitest";
import { lengthPrefixed } from "../../src/core/codecs/mod.ts";
import type { Context, Middleware, Session } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("onDrain", () => {
  it("sends the goodbye of an idle connection, then FIN", async () => {
    const harness = await served({ onDrain: ({ connection: { id } }) => `goodbye ${id}` });
    const peers = [await harness.connect(), await harness.connect()];
    await peers[0]?.send("a\n");
    expect(await harness.server.shutdown()).toEqual({ drained: 2, aborted: 0 });
    await harness.settle();
    expect(peers.map(({ ended, received }) => [ended, received])).toEqual([
      [true, "A\ngoodbye 1\n"],
      [true, "goodbye 2\n"],
    ]);
    expect(harness.closed).toMatchObject([
      { reason: "drained", framesOut: 2 },
      { reason: "drained", framesOut: 1 },
    ]);
  });

  it("is told at once, and what it returns comes behind every reply", async () => {
    const pending = answers();
    const told: number[] = [];
    const harness = await served({
      handler: pending.handler,
      onDrain: ({ connection: { id } }) => {
        told.push(id);
        return "goodbye";
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\nhalf");
    const drained = harness.server.shutdown();
    expect(told).toEqual([1]);
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\n");
    pending.of("b").resolve("B");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("A\nB\ngoodbye\n");
    expect(told).toEqual([1]);
  });

  it("has the last word: what is sent while it leaves finds the connection closed", async () => {
    const results: string[] = [];
    const harness = await served({ onConnect: (session) => session.join("all"), onDrain: () => "goodbye" }, 4);
    const peer = await harness.connect({ reads: false });
    const [session] = harness.server.group("all");
    const drained = harness.server.shutdown();
    results.push(String(session?.send("too late")));
    harness.server.group("all").broadcast("too late");
    await peer.read();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([results, peer.received]).toEqual([["closed"], "goodbye\n"]);
  });

  it("has the last word over authentication that is not complete in time", async () => {
    const waits: Middleware<string> = Object.assign((line: string) => line, { authenticates: true });
    const harness = await served({ middleware: [waits], authenticationTimeoutMs: 1_000, onDrain: () => "goodbye" }, 4);
    const peer = await harness.connect({ reads: false });
    const drained = harness.server.shutdown();
    await harness.clock.advance(1_000);
    await peer.read();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([harness.reasons, peer.received]).toEqual([["drained"], "goodbye\n"]);
  });

  it("comes behind what the hook itself sends", async () => {
    const harness = await served({
      onDrain: (session) => {
        session.send("news");
        return "goodbye";
      },
    });
    const peer = await harness.connect();
    expect(await harness.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("news\ngoodbye\n");
  });

  it("may say nothing", async () => {
    const harness = await served({ onDrain: () => undefined });
    const peer = await harness.connect();
    await harness.server.shutdown();
    await harness.settle();
    expect([peer.ended, peer.received]).toEqual([true, ""]);
  });

  it("may take its time, which the drain waits for", async () => {
    let say: (goodbye: string) => void = () => {};
    const harness = await served({ onDrain: () => new Promise<string>((resolve) => void (say = resolve)) });
    const peer = await harness.connect();
    const drained = harness.server.shutdown();
    await harness.settle();
    expect([peer.ended, peer.received]).toEqual([false, ""]);
    say("goodbye");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("goodbye\n");
  });

  it("that never settles is cut off with the drain", async () => {
    const harness = await served({ onDrain: () => new Promise<string>(() => {}) });
    await harness.connect();
    const drained = harness.server.shutdown({ timeoutMs: 500 });
    await harness.clock.advance(500);
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
  });

  it("is not heard behind a fault", async () => {
    const pending = answers();
    const harness = await served({ handler: pending.handler, onDrain: () => "goodbye" });
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown();
    pending.of("a").reject(new Error("no"));
    await drained;
    expect(peer.received).toBe("error: handler-failed\n");
    expect(harness.reasons).toEqual(["handler-failed"]);
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
    ["promises what is no frame", () => Promise.resolve("two\nlines"), "the handler's reply was refused"],
  ])("that %s ends the connection without a goodbye", async (_name, onDrain, message) => {
    const harness = await served({ onDrain });
    const peer = await harness.connect();
    expect(await harness.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    await harness.settle();
    expect([peer.ended, peer.received]).toEqual([true, ""]);
    expect(harness.reasons).toEqual(["drained"]);
    expect(harness.of("handler-error").map(({ error }) => error.message)).toEqual([expect.stringContaining(message)]);
  });

  it("may force the drain", async () => {
    const harness = await served({ onDrain: () => void harness.server.shutdown() });
    const peers = [await harness.connect(), await harness.connect()];
    expect(await harness.server.shutdown()).toEqual({ drained: 0, aborted: 2 });
    await harness.settle();
    expect(peers.map(({ received }) => received)).toEqual(["", ""]);
    expect(harness.reasons).toEqual(["drain-timeout", "drain-timeout"]);
  });

  it.each([
    ["closes", (context: Context) => context.close()],
    [
      "fails",
      () => {
        throw new Error("no");
      },
    ],
  ])("is not called for a connection that a handler %s meanwhile", async (_name, act) => {
    const pending = answers();
    let told = 0;
    const harness = await served({
      concurrency: 2,
      onDrain: () => {
        told += 1;
        return "goodbye";
      },
      handler: (line, context) => {
        if (line === "last") act(context);
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nlast\n");
    const drained = harness.server.shutdown();
    pending.of("a").resolve("A");
    await harness.settle();
    if (pending.frames.includes("last")) pending.of("last").resolve("LAST");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(told).toBe(0);
    expect(peer.received).not.toContain("goodbye");
  });

  it("of the service is not asked behind an upgrade, which has its own", async () => {
    const frames = lengthPrefixed({ width: 1 });
    const harness = await served({
      onDrain: () => "goodbye",
      handler: (line, context) => {
        const handler = () => undefined;
        if (line === "own") context.upgrade({ codec: frames, handler, onDrain: () => "bye" });
        if (line === "none") context.upgrade({ codec: frames, handler });
        return "ok";
      },
    });
    const [own, none] = [await harness.connect(), await harness.connect()];
    await own.send("own\n");
    await none.send("none\n");
    await harness.server.shutdown();
    expect([own.received, none.received]).toEqual(["ok\n\u0003bye", "ok\n"]);
  });

  it("of an upgrade is said where the service wants to be told of nothing", async () => {
    const harness = await served({
      handler: (line, context) => {
        const frames = lengthPrefixed({ width: 1 });
        context.upgrade({ codec: frames, handler: (frame: Uint8Array) => frame, onDrain: () => "bye" });
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    expect(await harness.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    await harness.settle();
    expect(peer.received).toBe("go\n\x03bye");
  });

  it("of an upgrade takes the place of what was to be said when the upgrade comes during the drain", async () => {
    const pending = answers();
    const harness = await served({
      onDrain: () => "goodbye",
      handler: async (line, context) => {
        await pending.handler(line, context);
        context.upgrade({ codec: lengthPrefixed({ width: 1 }), handler: () => undefined, onDrain: () => "bye" });
        return "ok";
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    const drained = harness.server.shutdown();
    pending.of("a").resolve(undefined);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("ok\n\u0003bye");
  });

  it("gives the last frame also while it waits to be written: what is pushed then is refused", async () => {
    let session: Session<string> | undefined;
    const harness = await served(
      {
        onConnect: (opened) => {
          session = opened;
        },
        onDrain: () => "goodbye",
      },
      4,
    );
    const peer = await harness.connect({ reads: false });
    expect(session?.send("news")).toBe("sent");
    await harness.settle();
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(session?.send("more")).toBe("closed");
    await peer.read();
    await drained;
    expect(peer.received).toBe("news\ngoodbye\n");
    expect(harness.reasons).toEqual(["drained"]);
  });
});
