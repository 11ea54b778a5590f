import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { acceptsAhead, type Client, eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

/** Shutdown that waits for what is in flight, and for nothing else. */
export function draining(platform: Platform): void {
  describe("draining", () => {
    testOn(platform, "stopAccepting() refuses newcomers and goes on serving, until the drain", async () => {
      const { dial, server, events } = await start(platform, { codec: lines(), handler: (line) => line });
      const [one, other] = [await dial(), await dial()];
      one.send("before\n");
      await one.until("before\n");
      await eventually(() => server.stats().connections === 2);
      server.stopAccepting();
      await expect(dial()).rejects.toMatchObject({
        code: expect.stringMatching(/^(ECONNREFUSED|connection-refused)$/),
      });
      for (const client of [one, other]) {
        client.send("after\n");
        await client.until("after\n");
      }
      expect(await server.shutdown()).toEqual({ drained: 2, aborted: 0 });
      const types = events.map(({ type }) => type).filter((type) => !type.startsWith("connection-"));
      expect(types).toEqual(["listening", "accepting-stopped", "draining", "drained"]);
      expect([await one.ended, await other.ended]).toEqual(["fin", "fin"]);
    });

    testOn(platform, "stopAccepting() serves what was accepted and waits, unless it waits in the kernel", async () => {
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        maxConnections: 1,
      });
      const [first, second] = [await dial(), await dial()];
      second.send("second\n");
      // A server that accepts on its own needs a few rounds for that.
      for (let round = 0; round < 20; round++) await new Promise((resolve) => setTimeout(resolve, 1));
      server.stopAccepting();
      first.finish();
      await closed();
      if (acceptsAhead(platform)) {
        expect(await second.until("\n")).toBe("second\n");
        second.finish();
      } else {
        expect(await second.ended).toBe("reset");
      }
    });

    testOn(
      platform,
      "shutdown() with grace closes idle connections one by one, and serves the busy one to its end",
      async () => {
        const busy = gate();
        const { dial, server } = await start(platform, {
          codec: lines(),
          handler: async (line) => {
            if (line === "busy") await busy.promise;
            return line;
          },
        });
        const clients = [await dial(), await dial(), await dial()];
        const [working] = clients as [Client, Client, Client];
        working.send("busy\n");
        await eventually(() => server.stats().handlers === 1 && server.stats().connections === 3);
        const drained = server.shutdown({ graceMs: 1_000 });
        await Promise.all(clients.slice(1).map(({ ended }) => ended));
        busy.open();
        expect(await working.rest()).toBe("busy\n");
        expect(await drained).toEqual({ drained: 3, aborted: 0 });
      },
    );

    testOn(platform, "answers what was received in full, closes the rest, accepts nothing new", async () => {
      const release = gate();
      const { dial, server, events, heard } = await start(platform, {
        codec: lines(),
        handler: async (line) => {
          await release.promise;
          return `did ${line}`;
        },
      });
      const [busy, idle] = [await dial(), await dial()];
      busy.send("one\ntwo\nhalf");
      await heard(12);
      const drained = server.shutdown();
      expect(await idle.rest()).toBe("");
      await expect(platform.transport.connect(server.address)).rejects.toMatchObject({ code: "connection-refused" });
      release.open();
      expect(await busy.rest()).toBe("did one\ndid two\n");
      expect(await drained).toEqual({ drained: 2, aborted: 0 });
      expect(await server.finished).toEqual({ drained: 2, aborted: 0 });
      expect(events.flatMap((event) => (event.type === "connection-closed" ? [event.reason] : []))).toEqual([
        "drained",
        "drained",
      ]);
      expect(events.at(-1)).toEqual({ type: "drained", drained: 2, aborted: 0 });
    });

    testOn(platform, "says goodbye behind the last reply, and at once to idle connections", async () => {
      const release = gate();
      const { dial, server, heard } = await start(platform, {
        codec: lines(),
        handler: (line) => release.promise.then(() => line),
        onDrain: () => "goodbye",
      });
      const [busy, idle] = [await dial(), await dial()];
      busy.send("one\n");
      await heard(4);
      const drained = server.shutdown();
      expect(await idle.rest()).toBe("goodbye\n");
      release.open();
      expect(await busy.rest()).toBe("one\ngoodbye\n");
      expect(await drained).toEqual({ drained: 2, aborted: 0 });
    });

    testOn(platform, "says goodbye at the start of a grace, once, and answers what comes behind it", async () => {
      const release = gate();
      const { dial, server, heard } = await start(platform, {
        codec: lines(),
        handler: (line) => (line === "one" ? release.promise.then(() => line) : line),
        onDrain: () => "goodbye",
      });
      const [busy, other] = [await dial(), await dial()];
      busy.send("one\n");
      await heard(4);
      await eventually(() => server.stats().connections === 2);
      const drained = server.shutdown({ graceMs: 500 });
      await other.until("goodbye\n");
      other.send("two\n");
      await other.until("two\n");
      busy.send("three\n");
      release.open();
      await busy.until("three\n");
      expect([await busy.rest(), await other.rest()]).toEqual(["one\ngoodbye\nthree\n", "goodbye\ntwo\n"]);
      expect(await drained).toEqual({ drained: 2, aborted: 0 });
    });

    testOn(platform, "says what onDrain sends and returns, in that order", async () => {
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        onDrain: (session) => {
          session.send("news");
          return "goodbye";
        },
      });
      const client = await dial();
      client.send("one\n");
      await client.until("one\n");
      expect(await server.shutdown()).toEqual({ drained: 1, aborted: 0 });
      expect(await client.rest()).toBe("one\nnews\ngoodbye\n");
    });

    testOn(platform, "aborts what is still busy when the time is up", async () => {
      const begun = gate<AbortSignal>();
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        handler: (_, { signal }) => {
          begun.open(signal);
          return new Promise<string>(() => {});
        },
      });
      const client = await dial();
      client.send("hang\n");
      const signal = await begun.promise;
      expect(await server.shutdown({ timeoutMs: 60 })).toEqual({ drained: 0, aborted: 1 });
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toMatchObject({ code: "drain-timeout" });
      expect((await closed()).reason).toBe("drain-timeout");
      expect(await client.rest()).toBe("");
    });

    testOn(platform, "counts a connection as aborted whose last words were not all sent", async () => {
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        handler: (line) => {
          if (line === "bad") throw new Error("no");
          return "x".repeat(30_000_000);
        },
      });
      const client = await dial({ stalled: true });
      client.send("big\nbad\n");
      await eventually(() => server.stats().framesIn >= 1);
      expect(await server.shutdown({ timeoutMs: 60 })).toEqual({ drained: 0, aborted: 1 });
      expect((await closed()).bytesOut).toBeLessThan(30_000_000);
      client.reset();
    });

    testOn(platform, "takes no notice of what comes later, not even of FIN", async () => {
      const release = gate();
      const { dial, server, closed, heard } = await start(platform, {
        codec: lines(),
        handler: async (line) => {
          await release.promise;
          return line;
        },
      });
      const client = await dial();
      client.send("one\ntw");
      await heard(6);
      const drained = server.shutdown();
      client.send("o\n");
      client.finish();
      await heard(8);
      release.open();
      expect(await client.rest()).toBe("one\n");
      expect((await closed()).reason).toBe("drained");
      expect(await drained).toEqual({ drained: 1, aborted: 0, bytesDiscarded: 2 });
    });

    testOn(platform, "handles what was read before, and counts every byte that is discarded", async () => {
      const first = gate();
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        afterReset: "finish",
        handler: () => first.promise,
      });
      const client = await dial();
      // The kernel takes all of it at once: on Deno, FIN of the server ends the writes of a client that still has some to do.
      client.send("123456789\n".repeat(100_000));
      client.finish();
      await eventually(() => server.stats().framesIn === 1);
      const drained = server.shutdown();
      first.open();
      const { reason, bytesIn, bytesDiscarded = 0, framesIn } = await closed();
      expect([reason, bytesIn]).toEqual(["drained", 1_000_000]);
      // Bytes that were neither handled nor discarded are the beginning of a line.
      const cutOff = bytesIn - bytesDiscarded - 10 * framesIn;
      expect(cutOff >= 0 && cutOff < 10, `${bytesIn} in, ${bytesDiscarded} discarded, ${framesIn} handled`).toBe(true);
      expect(bytesDiscarded).toBeGreaterThan(0);
      expect(await drained).toEqual({ drained: 1, aborted: 0, bytesDiscarded });
    });

    testOn(platform, "is forced by a second call, and both calls tell the same", async () => {
      const begun = gate();
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: () => {
          begun.open();
          return new Promise<string>(() => {});
        },
      });
      const client = await dial();
      client.send("hang\n");
      await begun.promise;
      const first = server.shutdown();
      const second = server.shutdown();
      expect(await first).toEqual({ drained: 0, aborted: 1 });
      expect(await second).toEqual(await first);
      await client.ended;
    });

    testOn(platform, "may begin inside a handler, whose reply still arrives", async () => {
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: (line): string => {
          if (line === "stop") void server.shutdown();
          return line;
        },
      });
      const client = await dial();
      client.send("before\nstop\nafter\n");
      expect(await client.rest()).toBe("before\nstop\nafter\n");
      expect(await server.finished).toEqual({ drained: 1, aborted: 0 });
    });

    testOn(platform, "may begin with the signal of serve, and answers what is in flight", async () => {
      const controller = new AbortController();
      const busy = gate();
      const { dial, heard, server } = await start(platform, {
        codec: lines(),
        handler: async (line) => {
          await busy.promise;
          return line;
        },
        signal: controller.signal,
      });
      const [asking, idle] = [await dial(), await dial()];
      asking.send("question\n");
      await heard(9);
      controller.abort();
      expect(await idle.rest()).toBe("");
      busy.open();
      expect(await asking.rest()).toBe("question\n");
      expect(await server.finished).toEqual({ drained: 2, aborted: 0 });
    });

    testOn(platform, "may begin while connections come in, and leaves none behind", async () => {
      const { dial, server } = await start(platform, { codec: lines(), handler: (line) => line });
      const dials = Array.from({ length: 40 }, () =>
        dial().then(
          (client) => client.ended,
          () => "refused",
        ),
      );
      await eventually(() => server.stats().accepted >= 5);
      const { aborted } = await server.shutdown();
      expect(aborted).toBe(0);
      expect(server.stats().connections).toBe(0);
      const ends = await Promise.all(dials);
      expect(new Set([...ends, "fin", "reset", "refused"])).toEqual(new Set(["fin", "reset", "refused"]));
    });

    testOn(platform, "closes 1,000 idle connections at once", async () => {
      const { dial, server } = await start(platform, { codec: lines(), handler: (line) => line });
      const clients = await Promise.all(Array.from({ length: 1_000 }, () => dial()));
      await eventually(() => server.stats().connections === 1_000);
      expect(await server.shutdown()).toEqual({ drained: 1_000, aborted: 0 });
      const ends = await Promise.all(clients.map((client) => client.ended));
      expect(ends.every((end) => end === "fin")).toBe(true);
    });

    testOn(platform, "is what `await using` does", async () => {
      const { dial, server } = await start(platform, { codec: lines(), handler: (line) => line });
      const client = await dial();
      await server[Symbol.asyncDispose]();
      expect(await client.ended).toBe("fin");
      expect(server.stats().connections).toBe(0);
    });
  });
}
