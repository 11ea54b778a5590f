import { describe, expect } from "vitest";
import { lines, type Session } from "../../src/mod.ts";
import { eventually, gate, mostThatWaits, type Platform, start, testOn } from "./support/platform.ts";

const FRAME_BYTES = 65_536;

/** A line of 64 KiB that begins with its number. */
function numbered(count: number): string {
  return `${count} `.padEnd(FRAME_BYTES - 1, "x");
}

/** The numbers of the lines that came. */
function numbersIn(text: string): number[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(line.split(" ")[0]));
}

/** Frames that are sent to a connection without a request. */
export function pushes(platform: Platform): void {
  describe("pushes", () => {
    testOn(platform, "arrive in order, from anywhere and at any time, at a peer that says nothing", async () => {
      const opened = gate<Session<string>>();
      const { dial } = await start(platform, {
        codec: lines(),
        onConnect: (session) => {
          session.send("from onConnect");
          opened.open(session);
        },
        handler: (line, { session }) => {
          session.send("from the handler");
          return line;
        },
      });
      const client = await dial();
      const session = await opened.promise;
      await client.until("from onConnect\n");
      // A frame that the client has read may not be written yet, in the server's eyes.
      await session.flushed();
      expect([session.send("one"), session.send("two")]).toEqual(["sent", "sent"]);
      expect(await session.flushed()).toBe(true);
      await client.until("two\n");
      client.send("reply\n");
      expect(await client.until("reply\n")).toBe("from onConnect\none\ntwo\nfrom the handler\nreply\n");
    });

    testOn(platform, "go at the reader's pace when they wait for flushed()", async () => {
      const opened = gate<Session<string>>();
      const { dial, closed } = await start(platform, {
        codec: lines(),
        onConnect: (session) => opened.open(session),
        handler: () => undefined,
        writeTimeoutMs: Infinity,
      });
      const client = await dial({ stalled: true });
      const session = await opened.promise;
      let flushed = 0;
      const sendAll = async () => {
        for (let count = 0; count < 200; count++) {
          expect(session.send(numbered(count))).toBe("sent");
          if (!(await session.flushed())) throw new Error("it was over first");
          flushed += 1;
        }
        session.close();
      };
      const sent = sendAll();
      client.resume();
      await sent;
      expect(numbersIn(await client.rest())).toEqual(Array.from({ length: 200 }, (_, count) => count));
      expect([flushed, (await closed()).framesDropped]).toEqual([200, 0]);
    });

    testOn(platform, "flushed() is false when the client is gone first", async () => {
      const opened = gate<Session<string>>();
      const { dial, closed } = await start(platform, {
        codec: lines(),
        onConnect: (session) => opened.open(session),
        handler: () => undefined,
        maxOutboundBytes: Infinity,
      });
      const client = await dial({ stalled: true });
      const session = await opened.promise;
      for (let count = 0; count < 300; count++) session.send(numbered(count));
      const flushed = session.flushed();
      client.reset();
      expect(await flushed).toBe(false);
      await closed();
      expect(session.send("late")).toBe("closed");
    });

    for (const policy of ["drop", "drop-oldest"] as const) {
      testOn(platform, `to a slow reader lose frames, each counted, and no order: ${policy}`, async () => {
        const opened = gate<Session<string>>();
        const { dial, server, events, closed } = await start(platform, {
          codec: lines(),
          slowConsumer: policy,
          maxOutboundBytes: 10 * FRAME_BYTES,
          onConnect: (session) => opened.open(session),
          handler: (line) => line,
        });
        const client = await dial({ stalled: true });
        const session = await opened.promise;
        let sent = 0;
        const push = () => {
          for (let burst = 0; burst < 5; burst++) session.send(numbered(sent++));
          return server.stats().framesDropped >= 20;
        };
        await eventually(push);
        const slow = events.filter((event) => event.type === "slow-consumer");
        // More than one where the kernel takes all that waits, and that happens again.
        expect(slow.length).toBeGreaterThan(0);
        for (const event of slow) {
          expect(event).toMatchObject({ policy, connection: { id: 1 } });
          expect(event.waitingBytes).toBeLessThanOrEqual(mostThatWaits(platform, 10 * FRAME_BYTES));
        }
        client.resume();
        client.send("last\n");
        client.finish();
        const received = numbersIn((await client.rest()).replace("last\n", ""));
        expect(received).toEqual(received.toSorted((one, other) => one - other));
        const { framesOut, framesDropped, reason } = await closed();
        expect(reason).toBe("remote-closed");
        expect([framesOut, framesOut + framesDropped]).toEqual([received.length + 1, sent + 1]);
        if (policy === "drop-oldest") expect(received.at(-1)).toBe(sent - 1);
        else expect(received[0]).toBe(0);
      });
    }

    testOn(platform, "to a slow reader reset it, and nobody else, by default", async () => {
      const sessions: Session<string>[] = [];
      const { dial, closed, events } = await start(platform, {
        codec: lines(),
        maxOutboundBytes: 10 * FRAME_BYTES,
        onConnect: (session) => void sessions.push(session),
        handler: (line) => line,
      });
      const slow = await dial({ stalled: true });
      await eventually(() => sessions.length === 1);
      const other = await dial();
      await eventually(() => sessions.length === 2);
      let sent = 0;
      await eventually(() => {
        for (let burst = 0; burst < 5; burst++) sessions[0]?.send(numbered(sent++));
        return sessions[0]?.send("end") === "closed";
      });
      expect(await closed()).toMatchObject({ reason: "slow-consumer", connection: { id: 1 } });
      expect(events.filter(({ type }) => type === "slow-consumer")).toHaveLength(1);
      slow.resume();
      await slow.ended;
      sessions[1]?.send("push");
      other.send("still here\n");
      expect(await other.until("here\n")).toBe("push\nstill here\n");
    });

    testOn(platform, "from handlers reach other connections, and while the server drains", async () => {
      const release = gate();
      const { dial, server } = await start(platform, {
        codec: lines(),
        onConnect: (session) => session.join("all"),
        handler: async (line, { session }) => {
          await release.promise;
          for (const member of session.group("all")) if (member !== session) member.send(line);
          return undefined;
        },
        onDrain: () => "goodbye",
      });
      const clients = [await dial(), await dial()];
      for (const [index, client] of clients.entries()) client.send(`from ${index}\n`);
      await eventually(() => server.stats().handlers === 2);
      const drained = server.shutdown();
      release.open();
      // The second one to be released may find the first one gone.
      const received = await Promise.all(clients.map((client) => client.rest()));
      expect(received.every((text, index) => [`from ${1 - index}\ngoodbye\n`, "goodbye\n"].includes(text))).toBe(true);
      expect(received).not.toEqual(["goodbye\n", "goodbye\n"]);
      expect(await drained).toEqual({ drained: 2, aborted: 0 });
    });
  });
}
