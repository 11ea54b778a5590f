import { describe, expect, it } from "vitest";
import { type Context, lines } from "../../src/core/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

/** Answers in capitals, and ends the connection at QUIT. */
function quits(line: string, context: Context): string {
  if (line === "QUIT") context.close();
  return line === "QUIT" ? "BYE" : line.toUpperCase();
}

describe("context.close", () => {
  it("that comes with the last line, which FIN ended, is the reason all the same", async () => {
    const harness = await served({
      codec: lines({ unterminated: "deliver" }),
      handler: (line, { session }) => {
        session.close();
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("bye");
    await peer.finish();
    expect([peer.received, harness.reasons]).toEqual(["bye\n", ["handler-closed"]]);
  });

  it("ends the connection behind the reply; what follows is not handled", async () => {
    const handled: string[] = [];
    const harness = await served({
      handler: (line, context) => {
        handled.push(line);
        return quits(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nQUIT\nb\n");
    expect([peer.received, peer.ended]).toEqual(["A\nBYE\n", true]);
    expect(handled).toEqual(["a", "QUIT"]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesIn: 2, framesOut: 2 }]);
    expect(harness.closed[0]).not.toHaveProperty("error");
  });

  it("needs no reply", async () => {
    const harness = await served({ handler: (_, context) => context.close() });
    const peer = await harness.connect();
    await peer.send("QUIT\n");
    expect([peer.received, peer.ended]).toEqual(["", true]);
    expect(harness.reasons).toEqual(["handler-closed"]);
  });

  it("waits for an asynchronous reply, and for the ones before it", async () => {
    const pending = answers();
    const harness = await served({
      concurrency: 3,
      handler: (line, context) => {
        if (line === "QUIT") context.close();
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nQUIT\nb\n");
    expect(pending.frames).toEqual(["a", "QUIT"]);
    pending.of("QUIT").resolve("BYE");
    await harness.settle();
    expect(peer.received).toBe("");
    pending.of("a").resolve("A");
    await harness.settle();
    expect([peer.received, peer.ended]).toEqual(["A\nBYE\n", true]);
    expect(harness.reasons).toEqual(["handler-closed"]);
  });

  it("voids the replies behind it", async () => {
    const pending = answers();
    const harness = await served({
      concurrency: 3,
      handler: async (line, context) => {
        const reply = await pending.handler(line, context);
        if (line === "QUIT") context.close();
        return reply;
      },
    });
    const peer = await harness.connect();
    await peer.send("QUIT\nb\n");
    expect(pending.frames).toEqual(["QUIT", "b"]);
    pending.of("QUIT").resolve("BYE");
    await harness.settle();
    expect(pending.of("b").aborted).toBe("handler-closed");
    expect([peer.received, peer.ended]).toEqual(["BYE\n", true]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesIn: 2, framesOut: 1 }]);
  });

  it("gives way to the fault of its own handler", async () => {
    const harness = await served({
      handler: (_, context) => {
        context.close();
        throw new Error("no");
      },
    });
    const peer = await harness.connect();
    await peer.send("QUIT\n");
    expect(peer.received).toBe("error: handler-failed\n");
    expect(harness.reasons).toEqual(["handler-failed"]);
  });

  it("is refused when the handler has finished", async () => {
    let late: Context | undefined;
    const harness = await served({
      handler: (line, context) => {
        late = context;
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(() => late?.close()).toThrow(TypeError);
    await peer.send("b\n");
    expect(peer.received).toBe("a\nb\n");
  });

  it("counts as drained when the server drains meanwhile", async () => {
    const pending = answers();
    const harness = await served({
      onDrain: () => "goodbye",
      handler: (line, context) => {
        context.close();
        return pending.handler(line, context);
      },
    });
    const peer = await harness.connect();
    await peer.send("QUIT\n");
    const drained = harness.server.shutdown();
    pending.of("QUIT").resolve("BYE");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("BYE\n");
    expect(harness.reasons).toEqual(["handler-closed"]);
  });

  it("is not undone by an upgrade, its own or another's", async () => {
    const to = { codec: lines(), handler: () => "upgraded" };
    const own = await served({
      handler: (_, context) => {
        context.close();
        context.upgrade(to);
        return "BYE";
      },
    });
    const peer = await own.connect();
    await peer.send("QUIT\nb\n");
    expect([peer.received, peer.ended]).toEqual(["BYE\n", true]);

    const pending = answers();
    const its = await served({
      concurrency: 2,
      handler: async (line, context) => {
        if (line === "QUIT") context.close();
        const reply = await pending.handler(line, context);
        if (line === "a") context.upgrade(to);
        return reply;
      },
    });
    const another = await its.connect();
    await another.send("a\nQUIT\n");
    pending.of("a").resolve("A");
    pending.of("QUIT").resolve("BYE");
    await its.settle();
    expect([another.received, another.ended]).toEqual(["A\nBYE\n", true]);
    expect([own.reasons, its.reasons]).toEqual([["handler-closed"], ["handler-closed"]]);
  });
});
