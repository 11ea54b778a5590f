import { describe, expect, expectTypeOf, it } from "vitest";
import { type CloseReason, lines, type Service, type Session, serve } from "../../src/core/mod.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { answers } from "./answers.ts";
import { served } from "./served.ts";

describe("onConnect", () => {
  it("greets before anything is asked, and before the first reply", async () => {
    const it = await served({ onConnect: ({ connection: { id } }) => `hello ${id}` });
    const [quiet, eager] = [await it.connect(), await it.connect()];
    expect(quiet.received).toBe("hello 1\n");
    await eager.send("a\n");
    expect(eager.received).toBe("hello 2\nA\n");
    expect(it.server.stats().framesOut).toBe(3);
  });

  it("greets behind what it sends", async () => {
    const it = await served({
      onConnect: (session) => {
        expect([session.send("one"), session.send("two")]).toEqual(["sent", "sent"]);
        return "three";
      },
    });
    const other = await it.connect();
    expect([other.received, other.chunks.length]).toEqual(["one\ntwo\nthree\n", 1]);
  });

  it("may take its time: frames wait, however many may be handled at once", async () => {
    const pending = answers();
    const handled: string[] = [];
    const it = await served({
      concurrency: 8,
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
      handler: (line) => {
        handled.push(line);
        return line;
      },
    });
    const other = await it.connect();
    await other.send("a\nb\n");
    expect([handled, other.received]).toEqual([[], ""]);
    pending.of("greeting").resolve("hello");
    await it.settle();
    expect(other.received).toBe("hello\na\nb\n");
  });

  it("greets who has sent all it had to say by then", async () => {
    const pending = answers();
    const it = await served({
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
    });
    const other = await it.connect();
    await other.send("a\n");
    await other.finish();
    pending.of("greeting").resolve("hello");
    await it.settle();
    expect([other.received, other.ended, it.reasons]).toEqual(["hello\nA\n", true, ["remote-closed"]]);
  });

  it.each(["at once", "later"])("refuses with a last frame: %s", async (when) => {
    const ends: string[] = [];
    const it = await served({
      onConnect: (_session, context) => {
        context.close();
        return when === "later" ? Promise.resolve("not you") : "not you";
      },
      onDisconnect: (_session, reason) => void ends.push(reason),
    });
    const other = await it.connect();
    await other.send("a\n");
    expect([other.received, other.ended]).toEqual(["not you\n", true]);
    expect(it.closed).toMatchObject([{ reason: "handler-closed", framesIn: 0, framesOut: 1 }]);
    expect(ends).toEqual(["handler-closed"]);
  });

  it.each(["at once", "later"])("greets even if it closes the session before it returns: %s", async (when) => {
    const it = await served({
      onConnect: (session) => {
        session.close();
        return when === "later" ? Promise.resolve("hello") : "hello";
      },
    });
    const other = await it.connect();
    expect([other.received, other.ended]).toEqual(["hello\n", true]);
    expect(it.closed).toMatchObject([{ reason: "handler-closed", framesOut: 1 }]);
  });

  it("greets even if it shuts the server down before it returns", async () => {
    const it = await served({
      onConnect: () => {
        void it.server.shutdown();
        return "hello";
      },
      onDrain: () => "goodbye",
    });
    const other = await it.connect();
    expect([other.received, other.ended]).toEqual(["hello\ngoodbye\n", true]);
    expect(await it.server.finished).toEqual({ drained: 1, aborted: 0 });
  });

  it.each(["throws", "rejects", "gives no frame"])("that %s ends the connection with a fault", async (how) => {
    const it = await served({
      onConnect: (session) => {
        session.join("all");
        if (how === "throws") throw new Error("no");
        return how === "rejects" ? Promise.reject(new Error("no")) : "two\nlines";
      },
    });
    const other = await it.connect();
    await other.send("a\n");
    expect([other.received, other.ended, it.reasons]).toEqual(["error: handler-failed\n", true, ["handler-failed"]]);
    expect(it.of("handler-error")).toMatchObject([{ error: { code: "handler-failed" } }]);
    expect(it.closed[0]?.framesIn).toBe(0);
  });

  it("whose failure makes an observer shut the server down is told of all the same", async () => {
    const it = await served({
      onConnect: () => {
        throw new Error("no");
      },
      observer: ({ type }) => {
        if (type === "handler-error") void it.server.shutdown();
      },
    });
    const other = await it.connect();
    expect([other.received, it.reasons]).toEqual(["error: handler-failed\n", ["handler-failed"]]);
  });

  it("that never settles meets the handler's deadline", async () => {
    const pending = answers();
    const it = await served({
      handlerTimeoutMs: 100,
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
    });
    const other = await it.connect();
    await it.clock.advance(99);
    expect(it.closed).toEqual([]);
    await it.clock.advance(1);
    expect([other.received, it.reasons]).toEqual(["error: handler-timeout\n", ["handler-timeout"]]);
    expect(pending.of("greeting").aborted).toBe("handler-timeout");
  });

  it("is told when the other side is gone meanwhile, though it never said a word", async () => {
    const pending = answers();
    const it = await served({
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
    });
    const other = await it.connect();
    await other.reset();
    expect(pending.of("greeting").aborted).toBe("connection-reset");
    expect(it.reasons).toEqual(["connection-reset"]);
  });

  it("is waited for by a drain", async () => {
    const pending = answers();
    const it = await served({
      onConnect: (_session, context) => pending.handler("greeting", context) as Promise<string>,
      onDrain: () => "goodbye",
    });
    const other = await it.connect();
    const drained = it.server.shutdown();
    await it.settle();
    expect(it.closed).toEqual([]);
    pending.of("greeting").resolve("hello");
    await it.settle();
    expect(other.received).toBe("hello\ngoodbye\n");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });
});

describe("onDisconnect", () => {
  /** A server that notes each end, and when it was told. */
  async function noted(options: Parameters<typeof served>[0] = {}) {
    const ends: [number, CloseReason][] = [];
    const it = await served({
      ...options,
      onDisconnect: (session, reason) => {
        ends.push([session.connection.id, reason]);
        return options.onDisconnect?.(session, reason);
      },
    });
    return { it, ends };
  }

  it("is told of every end once, with the reason that the event says", async () => {
    const { it, ends } = await noted({
      handler: (line, context) => {
        if (line === "QUIT") context.close();
        if (line === "FAIL") throw new Error("no");
        return line;
      },
    });
    const others = [];
    for (let index = 0; index < 6; index++) others.push(await it.connect());
    const [fin, reset, quit, failing, cut] = others;
    await fin?.finish();
    await reset?.reset();
    await quit?.send("QUIT\n");
    await failing?.send("FAIL\n");
    await cut?.send("half");
    await cut?.finish();
    await it.server.shutdown();
    expect(ends).toEqual([
      [1, "remote-closed"],
      [2, "connection-reset"],
      [3, "handler-closed"],
      [4, "handler-failed"],
      [5, "unexpected-eof"],
      [6, "drained"],
    ]);
    expect(it.closed.map(({ connection, reason }) => [connection.id, reason])).toEqual(ends);
  });

  it("finds the session closed, in no group, with its state", async () => {
    const found: unknown[] = [];
    const { it } = await noted({
      state: () => ({ name: "x" }),
      onConnect: (session) => session.join("all"),
      onDisconnect: (session) => {
        session.join("all");
        session.close();
        found.push(session.state, session.send("too late"), session.group("all").size);
        void session.flushed().then((written) => found.push(written));
      },
    });
    const other = await it.connect();
    await other.finish();
    expect(found).toEqual([{ name: "x" }, "closed", 0, false]);
  });

  it("is not told of who was refused", async () => {
    const { it, ends } = await noted({ maxConnections: 1, beyondMaxConnections: "reject" });
    await it.connect();
    const refused = await it.connect();
    expect([refused.received, ends]).toEqual(["error: too-many-connections\n", []]);
  });

  it("is not told of who was never told of", async () => {
    const { it, ends } = await noted({
      state: () => {
        throw new Error("no state");
      },
    });
    const other = await it.connect();
    expect([other.received, it.reasons, ends]).toEqual(["error: handler-failed\n", ["handler-failed"], []]);
  });

  it.each(["throws", "rejects"])("that %s is reported, and hinders nothing", async (how) => {
    const { it } = await noted({
      onDisconnect: () => {
        if (how === "throws") throw new Error("no");
        return Promise.reject(new Error("no"));
      },
    });
    const other = await it.connect();
    await other.finish();
    expect(it.of("handler-error")).toMatchObject([{ error: { code: "handler-failed" } }]);
    expect([it.reasons, it.server.stats().connections]).toEqual([["remote-closed"], 0]);
  });

  it("is waited for by a drain", async () => {
    const told = answers();
    const { it } = await noted({
      onDisconnect: async (session) => void (await told.handler(`${session.connection.id}`, {} as never)),
    });
    await it.connect();
    let result: unknown;
    void it.server.shutdown().then((drained) => {
      result = drained;
    });
    await it.clock.advance(1_000);
    expect([it.reasons, result]).toEqual([["drained"], undefined]);
    told.of("1").resolve(undefined);
    await it.settle();
    expect(result).toEqual({ drained: 1, aborted: 0 });
    expect(it.clock.pending).toBe(0);
  });

  it("that hangs is given up when a handler would be", async () => {
    const { it } = await noted({ handlerTimeoutMs: 500, onDisconnect: () => new Promise<void>(() => {}) });
    const other = await it.connect();
    await other.finish();
    expect(it.reasons).toEqual(["remote-closed"]);
    await it.clock.advance(499);
    expect(it.server.stats().connections).toBe(1);
    await it.clock.advance(1);
    expect(it.server.stats().connections).toBe(0);
    expect(it.of("handler-error")).toMatchObject([{ error: { code: "handler-timeout" } }]);
    expect(it.clock.pending).toBe(0);
  });

  it("that hangs is not waited for by a forced drain, which counts it as aborted", async () => {
    const { it, ends } = await noted({ onDisconnect: () => new Promise<void>(() => {}) });
    await it.connect();
    const drained = it.server.shutdown();
    await it.settle();
    void it.server.shutdown();
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
    expect([it.reasons, ends]).toEqual([["drained"], [[1, "drained"]]]);
    expect(it.clock.pending).toBe(0);
  });

  it("that hangs is given up when the drain's time is up", async () => {
    const { it } = await noted({ onDisconnect: () => new Promise<void>(() => {}) });
    await it.connect();
    const drained = it.server.shutdown({ timeoutMs: 50 });
    await it.clock.advance(50);
    expect(await drained).toEqual({ drained: 0, aborted: 1 });
  });
});

describe("onDisconnect because of a forced drain", () => {
  it("is told as ever, and given up when a handler would be, or when the drain is forced once more", async () => {
    for (const how of ["deadline", "force"]) {
      const it = await served({
        handlerTimeoutMs: 500,
        handler: () => new Promise<string>(() => {}),
        onDisconnect: () => new Promise<void>(() => {}),
      });
      const other = await it.connect();
      await other.send("hang\n");
      const drained = it.server.shutdown({ timeoutMs: 50 });
      await it.clock.advance(50);
      expect([it.reasons, it.server.stats().connections]).toEqual([["drain-timeout"], 1]);
      if (how === "force") void it.server.shutdown();
      else await it.clock.advance(500);
      expect(await drained).toEqual({ drained: 0, aborted: 1 });
      expect([it.server.stats().connections, it.clock.pending]).toEqual([0, 0]);
    }
  });
});

describe("onDrain", () => {
  it("may push: what it returns comes behind that", async () => {
    const it = await served({
      onDrain: (session) => {
        expect(session.send("soon")).toBe("sent");
        return "goodbye";
      },
    });
    const other = await it.connect();
    await it.server.shutdown();
    await it.settle();
    expect([other.received, other.ended]).toEqual(["soon\ngoodbye\n", true]);
  });

  it("may close the session: it still says goodbye", async () => {
    const it = await served({
      onDrain: (session) => {
        session.close();
        return "goodbye";
      },
    });
    const other = await it.connect();
    await it.server.shutdown();
    await it.settle();
    expect([other.received, it.reasons]).toEqual(["goodbye\n", ["drained"]]);
  });

  it("says the last word: nobody else's frame comes behind the goodbye, however slow the other side is", async () => {
    const it = await served({ onConnect: (session) => session.join("all"), onDrain: () => "goodbye" }, 4);
    const other = await it.connect({ reads: false });
    const drained = it.server.shutdown();
    await it.settle();
    expect(it.server.group("all").broadcast("too late")).toEqual({ sent: 0, dropped: 0 });
    await other.read();
    expect(other.received).toBe("goodbye\n");
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("may end a stream that would not end by itself", async () => {
    const ended = new Map<number, () => void>();
    const it = await served({
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
    const other = await it.connect();
    await other.send("go\n");
    expect(await it.server.shutdown()).toEqual({ drained: 1, aborted: 0 });
    expect(other.received).toBe("begun\nended\ngoodbye\n");
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

describe("an error in a hook names the hook", () => {
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
  ])("%s: %o", async (name, hooks) => {
    const it = await served(hooks);
    const other = await it.connect();
    if (name === "onEnd") await other.finish();
    else if (name === "the handler") await other.send("a\n");
    else await it.server.shutdown();
    await it.settle();
    expect(it.of("handler-error").map(({ error }) => error.message)).toEqual([`${name} threw: no`]);
  });
});
