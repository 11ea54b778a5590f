import { describe, expect, expectTypeOf, it } from "vitest";
import { type CloseReason, lines, type Service, type Session, serve } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { answers } from "./support/answers.ts";
import { served } from "./support/served.ts";

describe("onConnect", () => {
  it("greets before anything is asked, and before the first reply", async () => {
    const harness = await served({ onConnect: ({ connection: { id } }) => `hello ${id}` });
    const [quiet, eager] = [await harness.connect(), await harness.connect()];
    expect(quiet.received).toBe("hello 1\n");
    await eager.send("a\n");
    expect(eager.received).toBe("hello 2\nA\n");
    expect(harness.server.stats().framesOut).toBe(3);
  });

  it("greets behind what it sends", async () => {
    const harness = await served({
      onConnect: (session) => {
        expect([session.send("one"), session.send("two")]).toEqual(["sent", "sent"]);
        return "three";
      },
    });
    const peer = await harness.connect();
    expect([peer.received, peer.chunks.length]).toEqual(["one\ntwo\nthree\n", 1]);
  });

  it("may take its time: frames wait, however many may be handled at once", async () => {
    const pending = answers();
    const handled: string[] = [];
    const harness = await served({
      concurrency: 8,
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
      handler: (line) => {
        handled.push(line);
        return line;
      },
    });
    const peer = await harness.connect();
    await peer.send("a\nb\n");
    expect([handled, peer.received]).toEqual([[], ""]);
    pending.of("greeting").resolve("hello");
    await harness.settle();
    expect(peer.received).toBe("hello\na\nb\n");
  });

  it("greets a peer that has sent all it had to say by then", async () => {
    const pending = answers();
    const harness = await served({
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    await peer.finish();
    pending.of("greeting").resolve("hello");
    await harness.settle();
    expect([peer.received, peer.ended, harness.reasons]).toEqual(["hello\nA\n", true, ["remote-closed"]]);
  });

  it.each(["at once", "later"])("refuses with a last frame: %s", async (when) => {
    const ends: string[] = [];
    const harness = await served({
      onConnect: (_session, context) => {
        context.close();
        return when === "later" ? Promise.resolve("not you") : "not you";
      },
      onDisconnect: (_session, reason) => void ends.push(reason),
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect([peer.received, peer.ended]).toEqual(["not you\n", true]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesIn: 0, framesOut: 1 }]);
    expect(ends).toEqual(["handler-closed"]);
  });

  it.each(["at once", "later"])("greets even if it closes the session before it returns: %s", async (when) => {
    const harness = await served({
      onConnect: (session) => {
        session.close();
        return when === "later" ? Promise.resolve("hello") : "hello";
      },
    });
    const peer = await harness.connect();
    expect([peer.received, peer.ended]).toEqual(["hello\n", true]);
    expect(harness.closed).toMatchObject([{ reason: "handler-closed", framesOut: 1 }]);
  });

  it("greets even if it shuts the server down before it returns", async () => {
    const harness = await served({
      onConnect: () => {
        void harness.server.shutdown();
        return "hello";
      },
      onDrain: () => "goodbye",
    });
    const peer = await harness.connect();
    expect([peer.received, peer.ended]).toEqual(["hello\ngoodbye\n", true]);
    expect(await harness.server.finished).toEqual({ drained: 1, aborted: 0 });
  });

  it.each(["throws", "rejects", "gives no frame"])("that %s ends the connection with a fault", async (how) => {
    const harness = await served({
      onConnect: (session) => {
        session.join("all");
        if (how === "throws") throw new Error("no");
        return how === "rejects" ? Promise.reject(new Error("no")) : "two\nlines";
      },
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect([peer.received, peer.ended, harness.reasons]).toEqual(["error: handler-failed\n", true, ["handler-failed"]]);
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-failed" } }]);
    expect(harness.closed[0]?.framesIn).toBe(0);
  });

  it("whose failure makes an observer shut the server down is told of all the same", async () => {
    const harness = await served({
      onConnect: () => {
        throw new Error("no");
      },
      observer: ({ type }) => {
        if (type === "handler-error") void harness.server.shutdown();
      },
    });
    const peer = await harness.connect();
    expect([peer.received, harness.reasons]).toEqual(["error: handler-failed\n", ["handler-failed"]]);
  });

  it("that never settles meets the handler's deadline", async () => {
    const pending = answers();
    const harness = await served({
      handlerTimeoutMs: 100,
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
    });
    const peer = await harness.connect();
    await harness.clock.advance(99);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect([peer.received, harness.reasons]).toEqual(["error: handler-timeout\n", ["handler-timeout"]]);
    expect(pending.of("greeting").aborted).toBe("handler-timeout");
  });

  it("is told when the peer is gone meanwhile, though it never said a word", async () => {
    const pending = answers();
    const harness = await served({
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
    });
    const peer = await harness.connect();
    await peer.reset();
    expect(pending.of("greeting").aborted).toBe("connection-reset");
    expect(harness.reasons).toEqual(["connection-reset"]);
  });

  it("is waited for by a drain", async () => {
    const pending = answers();
    const harness = await served({
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
      onDrain: () => "goodbye",
    });
    const peer = await harness.connect();
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(harness.closed).toEqual([]);
    pending.of("greeting").resolve("hello");
    await harness.settle();
    expect(peer.received).toBe("hello\ngoodbye\n");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });
});

describe("onDisconnect", () => {
  /** A server that notes each end, and when it was told. */
  async function noted(options: Parameters<typeof served>[0] = {}) {
    const ends: [number, CloseReason][] = [];
    const harness = await served({
      ...options,
      onDisconnect: (session, reason) => {
        ends.push([session.connection.id, reason]);
        return options.onDisconnect?.(session, reason);
      },
    });
    return { harness, ends };
  }

  it("is told of every end once, with the reason that the event says", async () => {
    const { harness, ends } = await noted({
      handler: (line, context) => {
        if (line === "QUIT") context.close();
        if (line === "FAIL") throw new Error("no");
        return line;
      },
    });
    const others = [];
    for (let index = 0; index < 6; index++) others.push(await harness.connect());
    const [fin, reset, quit, failing, cut] = others;
    await fin?.finish();
    await reset?.reset();
    await quit?.send("QUIT\n");
    await failing?.send("FAIL\n");
    await cut?.send("half");
    await cut?.finish();
    await harness.server.shutdown();
    expect(ends).toEqual([
      [1, "remote-closed"],
      [2, "connection-reset"],
      [3, "handler-closed"],
      [4, "handler-failed"],
      [5, "unexpected-eof"],
      [6, "drained"],
    ]);
    expect(harness.closed.map(({ connection, reason }) => [connection.id, reason])).toEqual(ends);
  });

  it("finds the session closed, in no group, with its state", async () => {
    const found: unknown[] = [];
    const { harness } = await noted({
      state: () => ({ name: "x" }),
      onConnect: (session) => session.join("all"),
      onDisconnect: (session) => {
        session.join("all");
        session.close();
        found.push(session.state, session.send("too late"), session.group("all").size);
        void session.flushed().then((written) => found.push(written));
      },
    });
    const peer = await harness.connect();
    await peer.finish();
    expect(found).toEqual([{ name: "x" }, "closed", 0, false]);
  });

  it("is not told of a connection that was refused", async () => {
    const { harness, ends } = await noted({ maxConnections: 1, beyondMaxConnections: "reject" });
    await harness.connect();
    const refused = await harness.connect();
    expect([refused.received, ends]).toEqual(["error: too-many-connections\n", []]);
  });

  it("is not told of a connection that onConnect was not told of", async () => {
    const { harness, ends } = await noted({
      state: () => {
        throw new Error("no state");
      },
    });
    const peer = await harness.connect();
    expect([peer.received, harness.reasons, ends]).toEqual(["error: handler-failed\n", ["handler-failed"], []]);
  });

  it.each(["throws", "rejects"])("that %s is reported, and hinders nothing", async (how) => {
    const { harness } = await noted({
      onDisconnect: () => {
        if (how === "throws") throw new Error("no");
        return Promise.reject(new Error("no"));
      },
    });
    const peer = await harness.connect();
    await peer.finish();
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-failed" } }]);
    expect([harness.reasons, harness.server.stats().connections]).toEqual([["remote-closed"], 0]);
  });

  it("is waited for by a drain", async () => {
    const told = answers();
    const { harness } = await noted({
      onDisconnect: async (session) => void (await told.handler(`${session.connection.id}`, {} as never)),
    });
    await harness.connect();
    let result: unknown;
    void harness.server.shutdown().then((drained) => {
      result = drained;
    });
    await harness.clock.advance(1_000);
    expect([harness.reasons, result]).toEqual([["drained"], undefined]);
    told.of("1").resolve(undefined);
    await harness.settle();
    expect(result).toEqual({ drained: 1, aborted: 0 });
    expect(harness.clock.pending).toBe(0);
  });

  it("that hangs is given up when a handler would be", async () => {
    const { harness } = await noted({ handlerTimeoutMs: 500, onDisconnect: () => new Promise<void>(() => {}) });
    const peer = await harness.connect();
    await peer.finish();
    expect(harness.reasons).toEqual(["remote-closed"]);
    await harness.clock.advance(499);
    expect(harness.server.stats().connections).toBe(1);
    await harness.clock.advance(1);
    expect(harness.server.stats().connections).toBe(0);
    expect(harness.of("handler-error")).toMatchObject([{ error: { code: "handler-timeout" } }]);
    expect(harness.clock.pending).toBe(0);
  });

  it("that hangs is not waited for by a forced drain, which counts it as aborted", async () => {
    const { harness, ends } = await noted({ onDisconnect: () => new Promise<void>(() => {}) });
    await harness.connect();
    const drained = harness.server.shutdown();
    await harness.settle();
    void harness.server.shutdown();
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
    expect([harness.reasons, ends]).toEqual([["drained"], [[1, "drained"]]]);
    expect(harness.clock.pending).toBe(0);
  });

  it("that hangs is given up when the drain's time is up", async () => {
    const { harness } = await noted({ onDisconnect: () => new Promise<void>(() => {}) });
    await harness.connect();
    const drained = harness.server.shutdown({ timeoutMs: 50 });
    await harness.clock.advance(50);
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
  });
});

describe("onDisconnect because of a forced drain", () => {
  it("is told as ever, and given up when a handler would be, or when the drain is forced once more", async () => {
    for (const how of ["deadline", "force"]) {
      const harness = await served({
        handlerTimeoutMs: 500,
        handler: () => new Promise<string>(() => {}),
        onDisconnect: () => new Promise<void>(() => {}),
      });
      const peer = await harness.connect();
      await peer.send("hang\n");
      const drained = harness.server.shutdown({ timeoutMs: 50 });
      await harness.clock.advance(50);
      expect([harness.reasons, harness.server.stats().connections]).toEqual([["drain-timeout"], 1]);
      if (how === "force") void harness.server.shutdown();
      else await harness.clock.advance(500);
      expect(await drained).toEqual({ drained: 0, aborted: 1 });
      expect([harness.server.stats().connections, harness.clock.pending]).toEqual([0, 0]);
    }
  });
});

describe("onDrain", () => {
  it("may push: what it returns comes behind that", async () => {
    const harness = await served({
      onDrain: (session) => {
        expect(session.send("soon")).toBe("sent");
        return "goodbye";
      },
    });
    const peer = await harness.connect();
    await harness.server.shutdown();
    await harness.settle();
    expect([peer.received, peer.ended]).toEqual(["soon\ngoodbye\n", true]);
  });

  it("may close the session: it still says goodbye", async () => {
    const harness = await served({
      onDrain: (session) => {
        session.close();
        return "goodbye";
      },
    });
    const peer = await harness.connect();
    await harness.server.shutdown();
    await harness.settle();
    expect([peer.received, harness.reasons]).toEqual(["goodbye\n", ["drained"]]);
  });

  it("says the last word: nobody else's frame comes behind the goodbye, however slow the peer is", async () => {
    const harness = await served({ onConnect: (session) => session.join("all"), onDrain: () => "goodbye" }, 4);
    const peer = await harness.connect({ reads: false });
    const drained = harness.server.shutdown();
    await harness.settle();
    expect(harness.server.group("all").broadcast("too late")).toEqual({ sent: 0, dropped: 0 });
    await peer.read();
    expect(peer.received).toBe("goodbye\n");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("may end a stream that would not end by itself", async () => {
    const ended = new Map<number, () => void>();
    const harness = await served({
      handler: async function* (_line, { session }) {
        yield "begun";
        await new Promise<void>((resolve) => ended.set(session.connection.id, resolve));
        yield "ended";
      },
      onDrain: (session) => {
        ended.get(session.connection.id)?.();
        return "goodbye";
      },
    });
    const peer = await harness.connect();
    await peer.send("go\n");
    expect(await harness.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    expect(peer.received).toBe("begun\nended\ngoodbye\n");
  });
});

describe("state", () => {
  it("is made once for each connection, before anything else, and has its type everywhere", async () => {
    const transport = memoryTransport();
    const made: number[] = [];
    const asked: number[] = [];
    await using server = await serve(transport, {
      port: 0,
      codec: lines(),
      state: ({ id }) => {
        made.push(id);
        return { id, asked: 0 };
      },
      onConnect: (session) => {
        expectTypeOf(session).toEqualTypeOf<Session<string, { id: number; asked: number }>>();
        return `you are ${session.state.id}`;
      },
      handler: (_line, { session }) => {
        expectTypeOf(session.state.asked).toEqualTypeOf<number>();
        session.state.asked += 1;
        return String(session.state.asked);
      },
      onDrain: ({ state }) => {
        expectTypeOf(state.id).toEqualTypeOf<number>();
        return undefined;
      },
      onDisconnect: ({ state }) => {
        expectTypeOf(state).toEqualTypeOf<{ id: number; asked: number }>();
        asked.push(state.asked);
      },
    });
    const connection = await transport.connect(server.address);
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode("a\nb\n"));
    await writer.close();
    const reader = connection.readable.pipeThrough(new TextDecoderStream()).getReader();
    let received = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) received += read.value;
    expect(received).toBe("you are 1\n1\n2\n");
    await connection.closed;
    await server.shutdown();
    expect([made, asked]).toEqual([[1], [2]]);
  });
});

describe("an error in a hook", () => {
  const thrown = (): never => {
    throw new Error("no");
  };
  const rejected = (): Promise<never> => Promise.reject(new Error("no"));

  async function* failing(): AsyncGenerator<string> {
    yield "one";
    await rejected();
  }

  it.each<[string, Partial<Service>]>([
    ["state", { state: thrown }],
    ["onConnect", { onConnect: thrown }],
    ["onConnect", { onConnect: rejected }],
    ["onConnect", { state: () => 1, onConnect: thrown }],
    ["onEnd", { onEnd: thrown }],
    ["onEnd", { onEnd: rejected }],
    ["onEnd", { onEnd: failing }],
    ["onDrain", { onDrain: thrown }],
    ["onDrain", { onDrain: rejected }],
    ["onDisconnect", { onDisconnect: thrown }],
    ["onDisconnect", { onDisconnect: rejected }],
    ["the handler", { onConnect: () => "hello", handler: thrown }],
  ])("names the hook: %s: %o", async (name, hooks) => {
    const harness = await served(hooks);
    const peer = await harness.connect();
    if (name === "onEnd") await peer.finish();
    else if (name === "the handler") await peer.send("a\n");
    else await harness.server.shutdown();
    await harness.settle();
    expect(harness.of("handler-error").map(({ error }) => error.message)).toEqual([`${name} threw: no`]);
  });
});
