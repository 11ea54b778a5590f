import { describe, expect, it } from "vitest";
import type { ClientSession, SpillwayError } from "../../../src/core/mod.ts";
import { connected, connecting, outcome } from "./support/connected.ts";

const RECONNECT = { reconnect: { jitter: 0, minDelayMs: 10 } } as const;
const login = async (session: ClientSession<string, string>) => void (await session.request("login"));

describe("onConnect", () => {
  it("runs on every connection, and is answered, before anything that waits is sent", async () => {
    const harness = await connecting({ ...RECONNECT, onConnect: login });
    const connect = outcome(harness.connecting.then(() => "connected"));
    expect([harness.peer.received, connect()]).toEqual(["login\n", "…"]);
    await harness.peer.send("OK\n");
    expect(connect()).toBe("connected");
    const client = await harness.connecting;
    const first = outcome(client.request("a"));
    await harness.peer.send("A\n");
    await harness.peer.reset();
    const second = ["b", "c"].map((frame) => outcome(client.request(frame)));
    await harness.clock.advance(10);
    expect([harness.peers.length, harness.peer.received, client.send("x")]).toEqual([2, "login\n", "closed"]);
    await harness.peer.send("OK\n");
    expect(harness.peer.received).toBe("login\nb\nc\n");
    await harness.peer.send("B\nC\n");
    expect([first(), ...second.map((reply) => reply())]).toEqual(["A", "B", "C"]);
    client.abort();
  });

  it("may only send, and does so ahead of what is requested when the connection is opened", async () => {
    const replies: (() => unknown)[] = [];
    const harness = await connected({
      onConnect: (session) => void session.send("HELLO"),
      observer: ({ type }, client) => {
        if (type === "connection-opened") replies.push(outcome(client.request("a")));
      },
    });
    expect(harness.peer.received).toBe("HELLO\na\n");
    await harness.peer.send("A\n");
    expect(replies.map((reply) => reply())).toEqual(["A"]);
  });

  it("lets what is asked of the client meanwhile wait, without a word of it on the wire", async () => {
    const harness = await connecting({
      onConnect: login,
      observer: ({ type }, client) => {
        if (type === "connection-opened") {
          early.push(outcome(client.request("early")));
          sends.push(client.send("early push"));
        }
      },
    });
    expect(harness.peer.received).toBe("login\n");
    await harness.peer.send("OK\nnot asked for\n");
    expect(harness.peer.received).toBe("login\nearly\n");
    await harness.peer.send("EARLY\n");
    expect([early[0]?.(), sends]).toEqual(["EARLY", ["closed"]]);
    (await harness.connecting).abort();
  });
  const early: (() => unknown)[] = [];
  const sends: string[] = [];

  it("that threw makes connect reject at once, though the peer neither ends nor falls silent", async () => {
    const onConnect = async (session: ClientSession<string, string>) => {
      throw new Error(await session.request("login"));
    };
    const harness = await connecting({ onConnect, isPush: (line) => line === "!" }, { finishes: false });
    const connect = outcome(harness.connecting);
    await harness.peer.send("NO\n!\n");
    expect([connect(), harness.peer.received, harness.clock.pending]).toEqual(["handler-failed", "login\n", 0]);
    expect(harness.of("connection-closed")).toMatchObject([{ reason: "handler-failed", unconfirmed: true }]);
  });

  it("that takes too long makes connect reject at its deadline, though the peer does not end", async () => {
    const harness = await connecting({ authenticationTimeoutMs: 1_000, onConnect: login }, { finishes: false });
    const connect = outcome(harness.connecting);
    await harness.clock.advance(999);
    expect(connect()).toBe("…");
    await harness.clock.advance(1);
    expect([connect(), harness.clock.pending]).toEqual(["authentication-timeout", 0]);
  });

  it("makes connect reject with what it threw, and nothing is left", async () => {
    const harness = await connecting({
      reconnect: true,
      onConnect: async (session) => {
        if ((await session.request("login")) !== "OK") throw new Error("wrong password");
      },
    });
    const failed = harness.connecting.catch((error: SpillwayError) => error);
    await harness.peer.send("NO\n");
    const error = (await failed) as SpillwayError;
    expect(error).toMatchObject({ code: "handler-failed", message: "onConnect threw: wrong password" });
    expect(error.cause).toMatchObject({ message: "wrong password" });
    await harness.clock.advance(60_000);
    expect([harness.clock.pending, harness.peers.length, harness.peer.ended]).toEqual([0, 1, true]);
    expect(harness.events.map(({ type }) => type)).toEqual([
      "connection-opened",
      "handler-error",
      "connection-closed",
      "client-closed",
    ]);
  });

  it("that throws at once is the same", async () => {
    const harness = await connecting({ onConnect: () => Promise.reject(new Error("no")) });
    await expect(harness.connecting).rejects.toMatchObject({ code: "handler-failed" });
    const other = await connecting({
      onConnect: () => {
        throw new Error("no");
      },
    });
    await expect(other.connecting).rejects.toMatchObject({ code: "handler-failed" });
    expect([harness.clock.pending, other.clock.pending]).toEqual([0, 0]);
  });

  it("that throws is a failed attempt: the pauses grow, and requests wait for the next", async () => {
    let attempts = 0;
    const harness = await connected(
      {
        reconnect: { jitter: 0 },
        onConnect: async (session) => {
          attempts += 1;
          await session.request("login");
          if (attempts > 1 && attempts < 5) throw new Error("not yet");
        },
      },
      { answers: () => "OK" },
    );
    await harness.peer.reset();
    const reply = outcome(harness.client.request("a"));
    await harness.clock.advance(2_000);
    expect(harness.of("reconnecting").map(({ delayMs }) => delayMs)).toEqual([100, 200, 400, 800]);
    expect(harness.of("handler-error").map(({ error }) => error.code)).toEqual(Array(3).fill("handler-failed"));
    expect(reply()).toBe("OK");
    expect(harness.peer.received).toBe("login\na\n");
  });

  it("runs before any frame is looked at, so that isPush can know the first of each connection", async () => {
    let greeted = false;
    const harness = await connected({
      ...RECONNECT,
      onConnect: () => {
        greeted = false;
      },
      isPush: () => {
        const first = !greeted;
        greeted = true;
        return first;
      },
    });
    for (let count = 1; count <= 2; count++) {
      const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
      await harness.peer.send("welcome\nA\nB\n");
      expect([replies.map((reply) => reply()), harness.client.stats().waitingPushes]).toEqual([["A", "B"], count]);
      await harness.peer.reset();
      await harness.clock.advance(10);
    }
  });

  it("has authenticationTimeoutMs, and a request of the client, which it must not wait for, says why", async () => {
    const harness = await connected({
      ...RECONNECT,
      authenticationTimeoutMs: 500,
      onConnect: (session) => {
        if (session.connection.id > 1) return harness.client.request("a");
        return undefined;
      },
    });
    await harness.peer.reset();
    await harness.clock.advance(10);
    const { client } = harness;
    expect([client.connection?.id, harness.peer.received]).toEqual([2, ""]);
    await harness.clock.advance(500);
    expect(harness.of("handler-error")[0]?.error).toMatchObject({
      code: "authentication-timeout",
      message: expect.stringContaining("requests of the client wait for it"),
    });
    expect(harness.of("connection-closed").map(({ reason }) => reason)).toEqual([
      "connection-reset",
      "authentication-timeout",
    ]);
  });

  it("that is too slow on the first connection makes connect reject", async () => {
    const harness = await connecting({ onConnect: () => new Promise(() => {}) });
    const connect = outcome(harness.connecting);
    await harness.clock.advance(9_999);
    expect(connect()).toBe("…");
    await harness.clock.advance(1);
    expect([connect(), harness.clock.pending]).toEqual(["authentication-timeout", 0]);
  });

  it("hears that its connection ended, and connect says why", async () => {
    const seen: unknown[] = [];
    const harness = await connecting({
      onConnect: async (session) => {
        session.draining.addEventListener("abort", () => seen.push("draining"));
        await session.request("login").catch((error: SpillwayError) => seen.push(error.code));
        await session.request("again").catch((error: SpillwayError) => seen.push(error.code));
        seen.push(session.send("push"), await session.flushed());
      },
    });
    const connect = outcome(harness.connecting);
    await harness.peer.reset();
    expect([connect(), harness.clock.pending]).toEqual(["connection-reset", 0]);
    expect(seen).toEqual(["draining", "connection-reset", "client-closed", "closed", false]);
  });

  it("is given up by connect's signal", async () => {
    const controller = new AbortController();
    const harness = await connecting({ signal: controller.signal, onConnect: login });
    const connect = outcome(harness.connecting);
    controller.abort(new Error("enough"));
    await harness.settle();
    expect([connect(), harness.clock.pending]).toEqual(["connect-aborted", 0]);
    expect(harness.peer.error).toMatchObject({ code: "connection-reset" });
  });

  it("keeps its session for that connection alone", async () => {
    const sessions: ClientSession<string, string>[] = [];
    const harness = await connected({ ...RECONNECT, onConnect: (session) => void sessions.push(session) });
    const [first] = sessions as [ClientSession<string, string>];
    const own = outcome(first.request("own"));
    await harness.peer.send("OWN\n");
    const lost = outcome(first.request("lost"));
    await harness.peer.reset();
    const never = outcome(first.request("never"));
    await harness.clock.advance(10);
    expect([own(), lost(), never(), first.send("x")]).toEqual(["OWN", "connection-reset", "client-closed", "closed"]);
    expect(harness.peer.received).toBe("");
    expect(sessions.map(({ connection }) => connection.id)).toEqual([1, 2]);
  });

  it("goes ahead of the others, also where only one may be on its way", async () => {
    const sessions: ClientSession<string, string>[] = [];
    const harness = await connected({ maxPendingRequests: 1, onConnect: (session) => void sessions.push(session) });
    const replies = ["a", "b"].map((frame) => outcome(harness.client.request(frame)));
    replies.push(outcome((sessions[0] as ClientSession<string, string>).request("own")));
    await harness.peer.send("A\n");
    expect(harness.peer.received).toBe("a\nown\n");
    await harness.peer.send("OWN\n");
    await harness.peer.send("B\n");
    expect(replies.map((reply) => reply())).toEqual(["A", "B", "OWN"]);
  });

  it("lets a close wait for what waits for it", async () => {
    const harness = await connected({ ...RECONNECT, onConnect: login }, { answers: (line) => line.toUpperCase() });
    await harness.peer.reset();
    harness.silence();
    await harness.clock.advance(10);
    const reply = outcome(harness.client.request("a"));
    const closed = harness.client.close();
    await harness.settle();
    expect([reply(), harness.peer.received]).toEqual(["…", "login\n"]);
    await harness.peer.send("LOGIN\n");
    await harness.peer.send("A\n");
    expect([reply(), await closed]).toEqual(["A", { drained: 2, aborted: 0 }]);
  });

  it("is cut off by the end of a drain, which counts what it asked meanwhile", async () => {
    const harness = await connected(
      { ...RECONNECT, onConnect: (session) => login(session).then(() => login(session)) },
      { answers: (line) => line.toUpperCase() },
    );
    await harness.peer.reset();
    harness.silence();
    await harness.clock.advance(10);
    const reply = outcome(harness.client.request("a"));
    const closed = harness.client.close({ timeoutMs: 50 });
    await harness.peer.send("LOGIN\n");
    expect(harness.peer.received).toBe("login\nlogin\n");
    await harness.clock.advance(50);
    expect([reply(), await closed]).toEqual(["client-closed", { drained: 1, aborted: 2 }]);
  });

  it("is cut short by a close that nothing waits for", async () => {
    let ended: unknown;
    const harness = await connected({
      ...RECONNECT,
      onConnect: (session) =>
        session.connection.id === 1
          ? undefined
          : new Promise((resolve) => session.draining.addEventListener("abort", () => resolve((ended = "drained")))),
    });
    await harness.peer.reset();
    await harness.clock.advance(10);
    expect(await harness.client.close()).toEqual({ drained: 0, aborted: 0 });
    expect([ended, harness.of("handler-error")]).toEqual(["drained", []]);
  });
});

describe("a client's observer", () => {
  it("may ask at connection-opened, as before: the reply goes to the right request", async () => {
    const replies: (() => unknown)[] = [];
    const harness = await connected({
      ...RECONNECT,
      observer: ({ type }, client) => {
        if (type === "connection-opened") replies.push(outcome(client.request("login")));
      },
    });
    const own = outcome(harness.client.request("a"));
    await harness.peer.send("OK\nA\n");
    expect([harness.peer.received, replies[0]?.(), own()]).toEqual(["login\na\n", "OK", "A"]);
    await harness.peer.reset();
    await harness.clock.advance(10);
    await harness.peer.send("OK\n");
    expect([harness.peer.received, replies[1]?.()]).toEqual(["login\n", "OK"]);
  });

  it.each(["close", "abort"] as const)("may %s at connection-opened: connect rejects", async (how) => {
    const harness = await connecting({
      observer: ({ type }, client) => {
        if (type === "connection-opened") void client[how]();
      },
    });
    await expect(harness.connecting).rejects.toMatchObject({ code: "client-closed" });
    expect(harness.of("client-closed")).toHaveLength(1);
    expect(harness.clock.pending).toBe(0);
  });

  it.each(["close", "abort", "reconnect"] as const)(
    "may %s at connection-closed, and the end is the right one",
    async (how) => {
      let calls = 0;
      const harness = await connected({
        ...RECONNECT,
        observer: ({ type }, client) => {
          if (type === "connection-closed" && (calls += 1) === 1) void client[how]();
        },
      });
      await harness.peer.reset();
      await harness.settle();
      if (how === "reconnect") {
        expect(harness.of("reconnecting")).toEqual([{ type: "reconnecting", attempt: 1, delayMs: 0 }]);
        expect(harness.client.connection?.id).toBe(2);
      } else expect((await harness.client.closed).reason).toBe("connection-reset");
    },
  );

  it("may ask while a bad frame is reported: that goes to the next connection", async () => {
    let reply: () => unknown = () => undefined;
    const harness = await connected({
      ...RECONNECT,
      isPush: (frame) => {
        if (frame === "bad") throw new Error("bad");
        return false;
      },
      observer: ({ type }, client) => {
        if (type === "handler-error") reply = outcome(client.request("after"));
      },
    });
    await harness.peer.send("bad\n");
    expect(harness.peer.received).toBe("");
    await harness.clock.advance(10);
    expect(harness.peer.received).toBe("after\n");
    await harness.peer.send("AFTER\n");
    expect(reply()).toBe("AFTER");
  });
});

describe("isPush", () => {
  it("may ask: the frame that it looks at is no answer to that", async () => {
    let reply: () => unknown = () => undefined;
    const harness = await connected({
      isPush: (frame) => {
        if (frame === "first") reply = outcome(harness.client.request("a"));
        return false;
      },
    });
    await harness.peer.send("first\n");
    expect([harness.peer.received, reply(), harness.client.stats().waitingPushes]).toEqual(["a\n", "…", 1]);
    await harness.peer.send("A\n");
    expect(reply()).toBe("A");
  });
});

describe("reconnect()", () => {
  it("leaves the connection, and makes the next without a pause", async () => {
    const harness = await connected({ ...RECONNECT });
    const lost = outcome(harness.client.request("lost"));
    harness.client.reconnect();
    const next = outcome(harness.client.request("next"));
    await harness.settle();
    expect([lost(), harness.peers.length, harness.peer.received]).toEqual(["aborted", 2, "next\n"]);
    await harness.peer.send("NEXT\n");
    expect(next()).toBe("NEXT");
    expect(harness.of("connection-closed")[0]?.reason).toBe("aborted");
    expect(harness.of("reconnecting")).toEqual([{ type: "reconnecting", attempt: 1, delayMs: 0 }]);
  });

  it("cuts a pause short, does nothing during an attempt, and leaves nothing to the next loss", async () => {
    const harness = await connected({ reconnect: { jitter: 0, minDelayMs: 5_000 } });
    await harness.peer.reset();
    await harness.clock.advance(100);
    harness.client.reconnect();
    harness.client.reconnect();
    await harness.settle();
    expect(harness.peers).toHaveLength(2);
    await harness.peer.reset();
    await harness.clock.advance(100);
    expect([harness.peers.length, harness.of("reconnecting").map(({ delayMs }) => delayMs)]).toEqual([
      2,
      [5_000, 10_000],
    ]);
  });

  it("is misuse without the option, and before connect is done", async () => {
    const harness = await connected();
    expect(() => harness.client.reconnect()).toThrow(TypeError);
    let thrown: unknown;
    const early = await connecting({
      reconnect: true,
      observer: (event, client) => {
        try {
          if (event.type === "connection-opened") client.reconnect();
        } catch (error) {
          thrown = error;
        }
      },
    });
    expect(thrown).toBeInstanceOf(TypeError);
    (await early.connecting).abort();
  });

  it("does nothing when the client is closed", async () => {
    const harness = await connected({ ...RECONNECT });
    await harness.client.close();
    harness.client.reconnect();
    await harness.clock.advance(1_000);
    expect(harness.peers).toHaveLength(1);
  });
});
