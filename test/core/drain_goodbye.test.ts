import { describe, expect, it } from "vitest";
import { lengthPrefixed } from "../../src/core/codecs/mod.ts";
import type { Context, Middleware } from "../../src/core/mod.ts";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

describe("onDrain", () => {
  it("sends the goodbye of an idle connection, then FIN", async () => {
    const it = await served({ onDrain: ({ connection: { id } }) => `goodbye ${id}` });
    const others = [await it.connect(), await it.connect()];
    await others[0]?.send("a\n");
    expect(await it.server.shutdown()).toEqual({ drained: 2, aborted: 0 });
    await it.settle();
    expect(others.map(({ ended, received }) => [ended, received])).toEqual([
      [true, "A\ngoodbye 1\n"],
      [true, "goodbye 2\n"],
    ]);
    expect(it.closed).toMatchObject([
      { reason: "drained", framesOut: 2 },
      { reason: "drained", framesOut: 1 },
    ]);
  });

  it("is told at once, and what it returns comes behind every reply", async () => {
    const pending = answers();
    const told: number[] = [];
    const it = await served({
      handler: pending.handler,
      onDrain: ({ connection: { id } }) => {
        told.push(id);
        return "goodbye";
      },
    });
    const other = await it.connect();
    await other.send("a\nb\nhalf");
    const drained = it.server.shutdown();
    expect(told).toEqual([1]);
    pending.of("a").resolve("A");
    await it.settle();
    expect(other.received).toBe("A\n");
    pending.of("b").resolve("B");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(other.received).toBe("A\nB\ngoodbye\n");
    expect(told).toEqual([1]);
  });

  it("has the last word: what is sent while it leaves finds the connection closed", async () => {
    const results: string[] = [];
    const it = await served({ onConnect: (session) => session.join("all"), onDrain: () => "goodbye" }, 4);
    const other = await it.connect({ reads: false });
    const [session] = it.server.group("all");
    const drained = it.server.shutdown();
    results.push(String(session?.send("too late")));
    it.server.group("all").broadcast("too late");
    await other.read();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([results, other.received]).toEqual([["closed"], "goodbye\n"]);
  });

  it("has the last word over authentication that is not complete in time", async () => {
    const waits: Middleware<string> = Object.assign((line: string) => line, { authenticates: true });
    const it = await served({ middleware: [waits], authenticationTimeoutMs: 1_000, onDrain: () => "goodbye" }, 4);
    const other = await it.connect({ reads: false });
    const drained = it.server.shutdown();
    await it.clock.advance(1_000);
    await other.read();
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect([it.reasons, other.received]).toEqual([["drained"], "goodbye\n"]);
  });

  it("may say nothing", async () => {
    const it = await served({ onDrain: () => undefined });
    const other = await it.connect();
    await it.server.shutdown();
    await it.settle();
    expect([other.ended, other.received]).toEqual([true, ""]);
  });

  it("may take its time, which the drain waits for", async () => {
    let say: (goodbye: string) => void = () => {};
    const it = await served({ onDrain: () => new Promise<string>((resolve) => void (say = resolve)) });
    const other = await it.connect();
    const drained = it.server.shutdown();
    await it.settle();
    expect([other.ended, other.received]).toEqual([false, ""]);
    say("goodbye");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(other.received).toBe("goodbye\n");
  });

  it("that never settles is cut off with the drain", async () => {
    const it = await served({ onDrain: () => new Promise<string>(() => {}) });
    await it.connect();
    const drained = it.server.shutdown({ timeoutMs: 500 });
    await it.clock.advance(500);
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
  });

  it("is not heard behind a fault", async () => {
    const pending = answers();
    const it = await served({ handler: pending.handler, onDrain: () => "goodbye" });
    const other = await it.connect();
    await other.send("a\n");
    const drained = it.server.shutdown();
    pending.of("a").reject(new Error("no"));
    await drained;
    expect(other.received).toBe("error: handler-failed\n");
    expect(it.reasons).toEqual(["handler-failed"]);
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
    const it = await served({ onDrain });
    const other = await it.connect();
    expect(await it.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    await it.settle();
    expect([other.ended, other.received]).toEqual([true, ""]);
    expect(it.reasons).toEqual(["drained"]);
    expect(it.of("handler-error").map(({ error }) => error.message)).toEqual([expect.stringContaining(message)]);
  });

  it("may force the drain", async () => {
    const it = await served({ onDrain: () => void it.server.shutdown() });
    const others = [await it.connect(), await it.connect()];
    expect(await it.server.shutdown()).toEqual({ drained: 0, aborted: 2 });
    await it.settle();
    expect(others.map(({ received }) => received)).toEqual(["", ""]);
    expect(it.reasons).toEqual(["drain-timeout", "drain-timeout"]);
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
    const it = await served({
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
    const other = await it.connect();
    await other.send("a\nlast\n");
    const drained = it.server.shutdown();
    pending.of("a").resolve("A");
    await it.settle();
    if (pending.frames.includes("last")) pending.of("last").resolve("LAST");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(told).toBe(0);
    expect(other.received).not.toContain("goodbye");
  });

  it("of the service is not asked behind an upgrade, which has its own", async () => {
    const frames = lengthPrefixed({ width: 1 });
    const it = await served({
      onDrain: () => "goodbye",
      handler: (line, context) => {
        const handler = () => undefined;
        if (line === "own") context.upgrade({ codec: frames, handler, onDrain: () => "bye" });
        if (line === "none") context.upgrade({ codec: frames, handler });
        return "ok";
      },
    });
    const [own, none] = [await it.connect(), await it.connect()];
    await own.send("own\n");
    await none.send("none\n");
    await it.server.shutdown();
    expect([own.received, none.received]).toEqual(["ok\n\u0003bye", "ok\n"]);
  });

  it("of an upgrade is said where the service wants to be told of nothing", async () => {
    const it = await served({
      handler: (line, context) => {
        const frames = lengthPrefixed({ width: 1 });
        context.upgrade({ codec: frames, handler: (frame: Uint8Array) => frame, onDrain: () => "bye" });
        return line;
      },
    });
    const other = await it.connect();
    await other.send("go\n");
    expect(await it.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    await it.settle();
    expect(other.received).toBe("go\n\x03bye");
  });

  it("of an upgrade takes the place of what was to be said when the upgrade comes during the drain", async () => {
    const pending = answers();
    const it = await served({
      onDrain: () => "goodbye",
      handler: async (line, context) => {
        await pending.handler(line, context);
        context.upgrade({ codec: lengthPrefixed({ width: 1 }), handler: () => undefined, onDrain: () => "bye" });
        return "ok";
      },
    });
    const other = await it.connect();
    await other.send("a\n");
    const drained = it.server.shutdown();
    pending.of("a").resolve(undefined);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(other.received).toBe("ok\n\u0003bye");
  });
});
