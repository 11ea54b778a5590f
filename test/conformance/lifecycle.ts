import { describe, expect } from "vitest";
import { type CloseReason, lines, type ServerStats } from "../../src/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { type Client, eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

const MEGABYTE = 1_048_576;

/** The events of a connection that a service is told of, and the connections that it takes on at once. */
export function lifecycle(platform: Platform): void {
  describe("the life of a connection", () => {
    testOn(platform, "begins with a greeting, or a refusal, before any reply", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        onConnect: async ({ connection: { id } }, context) => {
          if (id === 2) context.close();
          return id === 2 ? "not you" : "welcome";
        },
        handler: (line) => line,
      });
      const welcome = await dial();
      await welcome.until("welcome\n");
      const refused = await dial();
      refused.send("hello\n");
      expect(await refused.rest()).toBe("not you\n");
      expect(await closed()).toMatchObject({ reason: "handler-closed", connection: { id: 2 }, framesIn: 0 });
      welcome.send("hello\n");
      expect(await welcome.until("hello\n")).toBe("welcome\nhello\n");
    });

    testOn(platform, "is an entry of server.sessions, by which it can be found and ended", async () => {
      const { dial, closed, server } = await start(platform, {
        codec: lines(),
        state: ({ id }) => ({ id }),
        handler: (line) => line,
      });
      const clients = [await dial(), await dial(), await dial()];
      await eventually(() => server.stats().connections === 3);
      expect([...server.sessions].map(({ state }) => state.id)).toEqual([1, 2, 3]);
      for (const session of server.sessions) if (session.state.id !== 2) session.abort();
      expect([(await closed(1)).reason, (await closed(2)).reason]).toEqual(["aborted", "aborted"]);
      expect([...server.sessions].map(({ connection }) => connection.id)).toEqual([2]);
      const port = [...server.sessions][0]?.connection.remoteAddress.port;
      const left = clients.find((client) => client.port === port);
      left?.send("still here\n");
      expect(await left?.until("\n")).toBe("still here\n");
    });

    testOn(platform, "ends with the reason that onDisconnect is told, once, which a drain waits for", async () => {
      const told: [number, CloseReason][] = [];
      const release = gate();
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        state: ({ id }) => ({ id }),
        onDisconnect: async ({ state }, reason) => {
          told.push([state.id, reason]);
          if (reason === "drained") await release.promise;
        },
        handler: (line) => line,
      });
      const clients: Client[] = [];
      for (let index = 0; index < 3; index++) {
        const client = await dial();
        client.send("hello\n");
        await client.until("hello\n");
        clients.push(client);
      }
      clients[0]?.finish();
      await closed(1);
      clients[1]?.reset();
      await closed(2);
      const drained = server.shutdown();
      await closed(3);
      expect(server.stats().connections).toBe(1);
      release.open();
      expect(await drained).toEqual({ drained: 1, aborted: 0 });
      expect(told).toEqual([
        [1, "remote-closed"],
        [2, "connection-reset"],
        [3, "drained"],
      ]);
    });

    testOn(platform, "when all handlers of the server are busy, nothing more is read: the sender blocks", async () => {
      const release = gate();
      const { dial, server, heard } = await start(platform, {
        codec: lines(),
        maxConcurrentHandlers: 1,
        handler: async (line) => {
          await release.promise;
          return line.length.toString();
        },
      });
      const [busy, waiting] = [await dial(), await dial()];
      busy.send("busy\n");
      await eventually(() => server.stats().handlers === 1);
      const sent = 32 * MEGABYTE;
      waiting.send(`${"x".repeat(32_767)}\n`.repeat(sent / 32_768));
      await heard(10);
      const stopped = await steady(() => server.stats().bytesIn);
      expect(stopped).toBeLessThan(sent / 2);
      release.open();
      await eventually(() => server.stats().bytesIn > stopped);
      expect(await busy.until("\n")).toBe("4\n");
      await waiting.until("32767\n32767\n");
      waiting.reset();
    });

    testOn(platform, "ends for all in a drain with everything in flight, and nothing is left", async () => {
      const clock = manualClock();
      const release = gate();
      const { dial, server, events } = await start(platform, {
        codec: lines(),
        clock,
        concurrency: 4,
        maxConcurrentHandlers: 12,
        slowConsumer: "drop-oldest",
        maxOutboundBytes: 65_536,
        onConnect: async (session) => {
          session.join("all");
          return "welcome";
        },
        onDrain: (session) => {
          session.group("all").broadcast(`${session.connection.id} leaves`, { except: session });
          return "goodbye";
        },
        onDisconnect: async (session) => {
          session.group("all").broadcast(`${session.connection.id} left`);
        },
        handler: async (line, { session }) => {
          session.join("late");
          session.send(`about ${line}`);
          if (line === "leave") session.close();
          await release.promise;
          session.group("late").broadcast(line);
          return line === "stream" ? words(line) : line;
        },
      });
      const clients = await Promise.all(Array.from({ length: 24 }, (_, index) => dial({ stalled: index % 6 === 5 })));
      await Promise.all(clients.filter((_, index) => index % 6 !== 5).map((client) => client.until("welcome\n")));
      for (const [index, client] of clients.entries()) {
        client.send(["wait\nwait\n", "stream\nwait\n", "leave\nwait\n", "wait\nhalf", "", "wait\n"][index % 6] ?? "");
      }
      await eventually(() => server.stats().handlers === 12);
      const drained = server.shutdown();
      for (const client of clients.slice(0, 3)) client.reset();
      server.group("all").broadcast("the server drains");
      release.open();
      for (const client of clients) client.resume();
      const received = await Promise.all(clients.slice(3).map((client) => client.rest()));
      expect(await drained).toMatchObject({ aborted: 0 });
      // Connections that asked nothing, and connections that waited in line.
      expect(received[1]?.endsWith("goodbye\n")).toBe(true);
      expect(received.filter((text) => text.endsWith("goodbye\n")).length).toBeGreaterThanOrEqual(17);
      expect(events.filter(({ type }) => type === "connection-closed")).toHaveLength(24);
      expect(server.stats()).toMatchObject({ connections: 0, handlers: 0, groups: 0 } satisfies Partial<ServerStats>);
      await server.finished;
      expect(clock.pending).toBe(0);
    });
  });
}

async function* words(line: string): AsyncGenerator<string> {
  for (const word of ["one", "two", "three"]) yield `${line} ${word}`;
}

/** The value that a number has once it does not change any more for a while. */
async function steady(value: () => number): Promise<number> {
  let last = Number.NaN;
  let same = 0;
  await eventually(() => {
    same = value() === last ? same + 1 : 0;
    last = value();
    return same >= 25;
  });
  return last;
}
