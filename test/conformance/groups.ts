import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { bounded } from "../support/bounded.ts";
import { type Client, eventually, mostThatWaits, type Platform, start, testOn } from "./support/platform.ts";

const MANY = 1_000;
const LARGE = 65_536;

/** Frames to all members of a group. */
export function groups(platform: Platform): void {
  describe("groups", () => {
    testOn(platform, "one slow reader among 1,000 delays nobody, and costs at most maxOutboundBytes", async () => {
      const maxOutboundBytes = 4 * LARGE;
      const { dial, server, events } = await start(platform, {
        codec: lines(),
        slowConsumer: "drop",
        maxOutboundBytes,
        onConnect: (session) => {
          session.join("all");
          if (session.connection.id === 1) session.join("slow");
        },
        handler: (line) => line,
      });
      const slow = await dial({ stalled: true });
      await eventually(() => server.group("slow").size === 1);
      const clients = await Promise.all(Array.from({ length: MANY - 1 }, () => dial()));
      await eventually(() => server.group("all").size === MANY);
      await eventually(() => server.group("slow").broadcast("x".repeat(LARGE - 1)).dropped === 1);
      const most = mostThatWaits(platform, maxOutboundBytes);
      const [event] = events.filter(({ type }) => type === "slow-consumer");
      expect(event).toMatchObject({ connection: { id: 1 }, policy: "drop" });
      expect(event?.type === "slow-consumer" && event.waitingBytes).toBeLessThanOrEqual(most);
      // There may be room for a short line beside the long ones. Until the last of these, nothing is awaited: there is none then.
      const step = bounded();
      while (server.group("slow").broadcast("x".repeat(999)).dropped === 0) step();
      const { framesDropped } = server.stats();
      for (let count = 0; count < 10; count++) {
        expect(server.group("all").broadcast(String(count).padEnd(999, "."))).toEqual({ sent: MANY - 1, dropped: 1 });
      }
      await eventually(() => clients.every(({ receivedBytes }) => receivedBytes === 10_000));
      const expected = Array.from({ length: 10 }, (_, count) => `${String(count).padEnd(999, ".")}\n`).join("");
      expect(await clients.at(-1)?.until(expected)).toBe(expected);
      expect(server.stats().framesDropped).toBe(framesDropped + 10);
      slow.reset();
      await eventually(() => server.group("all").size === MANY - 1);
    });

    for (const policy of ["drop", "drop-oldest"] as const) {
      testOn(platform, `every member gets every frame in order, or a counted drop: ${policy}`, async () => {
        const { dial, server, events, closed } = await start(platform, {
          codec: lines(),
          slowConsumer: policy,
          maxOutboundBytes: 4 * LARGE,
          onConnect: (session) => session.join("all"),
          handler: (line) => line,
        });
        const clients: Client[] = [];
        for (let index = 0; index < 6; index++) clients.push(await dial({ stalled: index % 2 === 0 }));
        await eventually(() => server.group("all").size === 6);
        let sent = 0;
        await eventually(() => {
          for (let burst = 0; burst < 4; burst++) server.group("all").broadcast(`${sent++} `.padEnd(LARGE - 1, "x"));
          return server.stats().framesDropped >= 30;
        });
        for (const client of clients) client.resume();
        for (const client of clients) client.finish();
        const received = await Promise.all(clients.map((client) => client.rest()));
        await closed(6);
        const ends = events.filter((event) => event.type === "connection-closed");
        for (const { connection, reason, framesOut, framesDropped } of ends) {
          const numbers = (received[connection.id - 1] ?? "")
            .split("\n")
            .slice(0, -1)
            .map((line) => parseInt(line, 10));
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
          expect([reason, framesOut, framesOut + framesDropped]).toEqual(["remote-closed", numbers.length, sent]);
        }
        expect(server.stats()).toMatchObject({ groups: 0, connections: 0 });
      });
    }

    testOn(platform, "are joined and left from handlers, and by connections that end", async () => {
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: (line, { session }) => {
          const [verb, name = ""] = line.split(" ");
          if (verb === "JOIN") session.join(name);
          else if (verb === "LEAVE") session.leave(name);
          else if (verb === "CLOSE") session.close();
          else return JSON.stringify(session.group(name).broadcast(verb ?? "", { except: session }));
          return verb;
        },
      });
      const [one, two, three] = [await dial(), await dial(), await dial()];
      for (const client of [one, two, three]) {
        client.send("JOIN a\nJOIN b\n");
        await client.until("JOIN\nJOIN\n");
      }
      two.send("LEAVE a\n");
      await two.until("LEAVE\n");
      one.send("hello a\n");
      expect(await one.until("}\n")).toContain('{"sent":1,"dropped":0}');
      await three.until("hello\n");
      three.reset();
      await eventually(() => server.group("b").size === 2);
      two.send("CLOSE\n");
      expect(await two.rest()).toBe("JOIN\nJOIN\nLEAVE\nCLOSE\n");
      await eventually(() => server.group("b").size === 1);
      expect(server.stats().groups).toBe(2);
      one.finish();
      await one.ended;
      await eventually(() => server.stats().groups === 0);
    });
  });
}
