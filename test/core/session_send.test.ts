import { describe, expect, it } from "vitest";
import type { ServeOptions, Session } from "../../src/core/mod.ts";
import { bounded } from "../support/bounded.ts";
import { answers } from "./support/answers.ts";
import type { Peer, PeerOptions } from "./support/peer.ts";
import { served } from "./support/served.ts";

/** A server that keeps its sessions. */
async function keeping(options: Partial<ServeOptions<string, string>> = {}, maxLinkBytes = 65_536) {
  const sessions: Session<string>[] = [];
  const onConnect: typeof options.onConnect = (session, context) => {
    sessions.push(session);
    return options.onConnect?.(session, context);
  };
  const harness = await served({ ...options, onConnect }, maxLinkBytes);
  const open = async (other?: PeerOptions): Promise<{ session: Session<string>; peer: Peer }> => {
    const side = await harness.connect(other);
    return { peer: side, session: sessions.at(-1) as Session<string> };
  };
  return { harness, open };
}

/** As many bytes of lines as are asked for: lines of `length`, with its line break. */
function linesOf(count: number, length = 10): string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(length - 1, "0"));
}

describe("session.send", () => {
  it("sends at once to a peer that asked for nothing, in one write a tick", async () => {
    const { harness, open } = await keeping();
    const { session, peer } = await open();
    expect(["a", "b"].map((frame) => session.send(frame))).toEqual(["sent", "sent"]);
    await harness.settle();
    expect([peer.received, peer.chunks.length]).toEqual(["a\nb\n", 1]);
  });

  it("sends from a timer to a session that is idle", async () => {
    const { harness, open } = await keeping();
    const { session, peer } = await open();
    for (let at = 1; at <= 3; at++) harness.clock.setTimeout(() => session.send(`tick ${at}`), at * 30_000);
    await harness.clock.advance(90_000);
    expect(peer.received).toBe("tick 1\ntick 2\ntick 3\n");
    await peer.send("a\n");
    expect(peer.received.endsWith("A\n")).toBe(true);
  });

  it("reaches a peer that is read from at the same time", async () => {
    const { open } = await keeping();
    const { session, peer } = await open();
    session.send("push");
    await peer.send("a\n");
    expect(peer.received).toBe("push\nA\n");
    await peer.send("b\n");
    expect(peer.received).toBe("push\nA\nB\n");
  });

  it("from inside a handler comes before its reply, in the same write", async () => {
    const { open } = await keeping({
      handler: (line, { session }) => {
        session.send(`about ${line}`);
        return line;
      },
    });
    const { peer } = await open();
    await peer.send("a\nb\n");
    expect([peer.received, peer.chunks.length]).toEqual(["about a\na\nabout b\nb\n", 1]);
  });

  it("from inside a handler that computes does not wait for its reply", async () => {
    const pending = answers();
    const { open, harness } = await keeping({
      concurrency: 2,
      handler: (line, context) => {
        context.session.send(`begun ${line}`);
        return pending.handler(line, context);
      },
    });
    const { peer } = await open();
    await peer.send("a\nb\n");
    expect(peer.received).toBe("begun a\nbegun b\n");
    pending.of("b").context.session.send("half of b");
    pending.of("b").resolve("B");
    await harness.settle();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("begun a\nbegun b\nhalf of b\nA\nB\n");
  });

  it("to a session from another's handler", async () => {
    const { harness, open } = await keeping({
      handler: (line, { session }) => {
        for (const member of session.group("all")) if (member !== session) member.send(line);
        return undefined;
      },
      onConnect: (session) => session.join("all"),
    });
    const [one, two] = [await open(), await open()];
    await one.peer.send("hello\n");
    expect([one.peer.received, two.peer.received, harness.server.group("all").size]).toEqual(["", "hello\n", 2]);
  });

  it("throws for what is no frame, and sends nothing of it", async () => {
    const { harness, open } = await keeping();
    const { session, peer } = await open();
    expect(() => session.send("two\nlines")).toThrow(expect.objectContaining({ code: "reply-invalid" }));
    expect(() => session.send(1 as unknown as string)).toThrow(expect.objectContaining({ code: "reply-invalid" }));
    session.send("one");
    await harness.settle();
    expect([peer.received, harness.closed]).toEqual(["one\n", []]);
    expect(harness.server.stats().framesOut).toBe(1);
  });

  it.each(["FIN", "reset", "close()", "drain", "fault"])(
    "says that it is closed after %s, and never throws",
    async (how) => {
      const { harness, open } = await keeping({
        handler: () => {
          throw new Error("no");
        },
      });
      const { session, peer } = await open();
      if (how === "FIN") await peer.finish();
      if (how === "reset") await peer.reset();
      if (how === "close()") session.close();
      if (how === "drain") void harness.server.shutdown();
      if (how === "fault") await peer.send("a\n");
      expect(session.send("late")).toBe("closed");
      expect(session.send("two\nlines")).toBe("closed");
      await harness.settle();
      expect(peer.received).toBe(how === "fault" ? "error: handler-failed\n" : "");
      expect(await session.flushed()).toBe(false);
      session.close();
      session.join("all");
      session.leave("all");
      expect(harness.server.group("all").size).toBe(0);
    },
  );

  it("works while the session ends in order, and comes before FIN", async () => {
    const pending = answers();
    const { harness, open } = await keeping({ handler: pending.handler });
    const { session, peer } = await open();
    await peer.send("a\n");
    session.close();
    expect(session.send("meanwhile")).toBe("sent");
    pending.of("a").resolve("A");
    await harness.settle();
    expect([peer.received, peer.ended, harness.reasons]).toEqual(["meanwhile\nA\n", true, ["handler-closed"]]);
  });

  it("works during a drain, and comes before the goodbye", async () => {
    const pending = answers();
    const { harness, open } = await keeping({ handler: pending.handler, onDrain: () => "goodbye" });
    const { session, peer } = await open();
    await peer.send("a\n");
    const drained = harness.server.shutdown();
    expect(session.send("meanwhile")).toBe("sent");
    session.join("all");
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("meanwhile\nA\ngoodbye\n");
    expect([session.send("late"), harness.server.group("all").size]).toEqual(["closed", 0]);
    expect(await drained).toEqual({ drained: 1, aborted: 0 });
  });

  it("keeps a connection that only listens from being idle", async () => {
    const { harness, open } = await keeping({ idleTimeoutMs: 3_000 });
    const { session } = await open();
    for (let count = 0; count < 5; count++) {
      await harness.clock.advance(2_999);
      expect(session.send("tick")).toBe("sent");
      await harness.settle();
    }
    await harness.clock.advance(2_999);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.reasons).toEqual(["idle-timeout"]);
  });

  it("meets the write deadline when the peer takes nothing", async () => {
    const { harness, open } = await keeping({ writeTimeoutMs: 500 }, 16);
    const { session } = await open({ reads: false });
    session.send("x".repeat(100));
    const flushed = session.flushed();
    await harness.clock.advance(499);
    expect(harness.closed).toEqual([]);
    await harness.clock.advance(1);
    expect([harness.reasons, await flushed]).toEqual([["write-timeout"], false]);
  });

  it.each([50, 300, 5_000])(
    "meets a write deadline of %i ms although another was set before",
    async (writeTimeoutMs) => {
      const { harness, open } = await keeping({ writeTimeoutMs }, 16);
      const { session } = await open({ reads: false });
      session.send("taken");
      await harness.clock.advance(400);
      session.send("x".repeat(100));
      await harness.clock.advance(writeTimeoutMs - 1);
      expect(harness.closed).toEqual([]);
      await harness.clock.advance(1);
      expect(harness.reasons).toEqual(["write-timeout"]);
    },
  );
});

describe("a slow consumer", () => {
  it.each(["drop", "drop-oldest"] as const)(
    "with %s misses frames, each counted, and none out of order",
    async (policy) => {
      const limits = { maxOutboundBytes: 1_000, maxOutboundFrames: 20, slowConsumer: policy };
      const { harness, open } = await keeping(limits, 100);
      const { session, peer } = await open({ reads: false });
      const results: string[] = [];
      for (const frame of linesOf(200)) {
        results.push(session.send(frame));
        await harness.settle();
      }
      // The first is in the link, and one write more; the rest waits in its bounds.
      const dropped = results.filter((result) => result === "dropped").length;
      expect(results.filter((result) => result === "sent")).toHaveLength(11);
      expect(dropped).toBe(policy === "drop" ? 200 - 11 - 20 : 0);
      expect(harness.of("slow-consumer")).toMatchObject([{ policy, waitingFrames: 20, waitingBytes: 210 }]);
      await peer.read();
      const received = peer.received.trimEnd().split("\n");
      const { framesOut, framesDropped } = harness.server.stats();
      expect([framesOut, framesDropped, received.length]).toEqual([31, 169, 31]);
      const all = linesOf(200);
      expect(received).toEqual([...all.slice(0, 11), ...(policy === "drop" ? all.slice(11, 31) : all.slice(-20))]);
    },
  );

  it('with "reset" is reset at the first frame without room, and told of', async () => {
    const { harness, open } = await keeping(
      { maxOutboundBytes: 300, onConnect: (session) => session.join("all") },
      100,
    );
    const { session, peer } = await open({ reads: false });
    const results: string[] = [];
    for (const frame of linesOf(50)) {
      results.push(session.send(frame));
      await harness.settle();
    }
    expect(results.indexOf("closed")).toBe(results.lastIndexOf("queued") + 1);
    expect(results.slice(results.indexOf("closed")).every((result) => result === "closed")).toBe(true);
    expect(harness.closed).toMatchObject([
      { reason: "slow-consumer", framesDropped: 1, error: { code: "slow-consumer" } },
    ]);
    expect(harness.of("slow-consumer")).toHaveLength(1);
    expect([harness.server.group("all").size, await session.flushed()]).toEqual([0, false]);
    await peer.read();
    expect(peer.error).toMatchObject({ code: "connection-reset" });
  });

  it('with "reset" aborts the handlers of that connection, the one that sends too', async () => {
    const aborted: string[] = [];
    const { harness, open } = await keeping(
      {
        maxOutboundBytes: 50,
        handler: async (_line, { session, signal }) => {
          signal.addEventListener("abort", () => aborted.push((signal.reason as { code: string }).code));
          session.send("x".repeat(20));
          await Promise.resolve();
          const step = bounded();
          while (session.send("x".repeat(20)) !== "closed") step();
          return new Promise<string>(() => {});
        },
      },
      16,
    );
    const { peer } = await open({ reads: false });
    await peer.send("go\n");
    expect([harness.reasons, aborted]).toEqual([["slow-consumer"], ["slow-consumer"]]);
    expect(harness.server.stats().handlers).toBe(0);
  });

  it('with "reset" may be closed by a synchronous handler, whose reply is void', async () => {
    const { harness, open } = await keeping({
      maxOutboundBytes: 50,
      handler: (line, { session }) => {
        const step = bounded();
        while (session.send("x".repeat(20)) !== "closed") step();
        return line;
      },
    });
    const { peer } = await open();
    await peer.send("a\nb\n");
    expect(harness.closed).toMatchObject([{ reason: "slow-consumer", framesIn: 1 }]);
    expect(peer.received).not.toContain("a\n");
  });

  it("does not stop being answered: a reply waits, and keeps its place", async () => {
    const { harness, open } = await keeping({ maxOutboundBytes: 200, slowConsumer: "drop-oldest" }, 20);
    const { session, peer } = await open({ reads: false });
    for (const frame of linesOf(10)) session.send(frame);
    await harness.settle();
    await peer.send("a\n");
    for (const frame of linesOf(30)) session.send(frame);
    await peer.send("b\n");
    await peer.read();
    const received = peer.received.split("\n").filter((line) => /[A-Z]/.test(line));
    expect(received).toEqual(["A", "B"]);
    const { framesOut, framesDropped } = harness.server.stats();
    expect([framesOut + framesDropped, framesDropped > 0]).toEqual([42, true]);
  });

  it("pushes back on its requests while pushes take up the room", async () => {
    const { harness, open } = await keeping({ maxOutboundBytes: 100, slowConsumer: "drop" }, 10);
    const { session, peer } = await open({ reads: false });
    const step = bounded();
    while (session.send("x".repeat(9)) !== "dropped") step();
    await harness.settle();
    const { framesIn } = harness.server.stats();
    for (let count = 0; count < 20; count++) await peer.send("0123456\n");
    expect(harness.server.stats().framesIn).toBe(framesIn);
    expect(harness.server.stats().bytesIn).toBeLessThan(20 * 8);
    await peer.read();
    expect(harness.server.stats().framesIn).toBe(framesIn + 20);
  });
});

describe("session.flushed", () => {
  it("lets a sender go at the peer's pace: nothing is dropped, and little waits", async () => {
    let most = 0;
    const results = new Set<string>();
    const { harness, open } = await keeping({ maxOutboundBytes: 20 }, 10);
    const { session, peer } = await open();
    const run = async () => {
      for (const frame of linesOf(100)) {
        results.add(session.send(frame));
        const { framesOut, bytesOut } = harness.server.stats();
        most = Math.max(most, framesOut * 10 - bytesOut);
        if (!(await session.flushed())) throw new Error("it was over first");
      }
    };
    await run();
    expect([most, [...results]]).toEqual([10, ["sent"]]);
    await harness.settle();
    expect(peer.received.trimEnd().split("\n")).toEqual(linesOf(100));
  });

  it("is true for what was written before an orderly end", async () => {
    const { harness, open } = await keeping();
    const { session } = await open();
    session.send("last");
    const flushed = session.flushed();
    session.close();
    expect(await flushed).toBe(true);
    await harness.settle();
    expect(harness.reasons).toEqual(["handler-closed"]);
  });
});
