import { describe, expect } from "vitest";
import { lines, type Session } from "../../src/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

/** A pause that says nothing about the next one: behind it, a session is parked after a second of quiet. */
const LONG_MS = 25_000;

/** Events on a connection after a quiet time, in which it holds no streams. */
export function parking(platform: Platform): void {
  /** A client that has asked once and then been quiet for longer than a heartbeat is. */
  async function quiet() {
    const clock = manualClock();
    const opened = gate<Session<string>>();
    const trial = await start(platform, {
      codec: lines(),
      onConnect: (session) => opened.open(session),
      handler: (line) => line,
      clock,
      idleTimeoutMs: 60_000,
    });
    const client = await trial.dial();
    client.send("first\n");
    await client.until("first\n");
    const session = await opened.promise;
    // The client may have read what is not written yet, in the server's eyes.
    await session.flushed();
    await clock.advance(LONG_MS);
    return { ...trial, clock, client, session };
  }

  describe("parking", () => {
    testOn(platform, "does not show: a quiet connection goes on, again and again", async () => {
      const { client, clock, session } = await quiet();
      let expected = "first\n";
      for (let round = 0; round < 5; round++) {
        client.send(`round ${round}\nand `);
        expected += `round ${round}\n`;
        await client.until(expected);
        client.send("more\n");
        expected += "and more\n";
        expect(await client.until(expected)).toBe(expected);
        await session.flushed();
        await clock.advance(LONG_MS);
      }
    });

    testOn(platform, "does not show: a quiet connection gets what is pushed, and may answer", async () => {
      const { client, clock, session } = await quiet();
      let expected = "first\n";
      for (let round = 0; round < 5; round++) {
        expect(session.send(`push ${round}`)).toBe("sent");
        expected += `push ${round}\n`;
        await client.until(expected);
        await session.flushed();
        await clock.advance(LONG_MS);
        if (round % 2 === 0) continue;
        client.send("answer\n");
        expected += "answer\n";
        expect(await client.until(expected)).toBe(expected);
      }
    });

    testOn(platform, "a quiet connection may be finished by the peer", async () => {
      const { client, closed } = await quiet();
      client.finish();
      expect(await client.ended).toBe("fin");
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "a quiet connection may be reset", async () => {
      const { client, closed } = await quiet();
      client.reset();
      expect((await closed()).reason).toBe("connection-reset");
    });

    testOn(platform, "a quiet connection may say its last word with its FIN", async () => {
      const { client } = await quiet();
      client.send("last\n");
      client.finish();
      expect(await client.rest()).toBe("first\nlast\n");
    });

    testOn(platform, "a quiet connection is drained at once", async () => {
      const { client, server } = await quiet();
      expect(await server.shutdown()).toEqual({ drained: 1, aborted: 0 });
      expect(await client.ended).toBe("fin");
    });

    testOn(platform, "a quiet connection is idle all the same", async () => {
      const { client, clock, server, closed } = await quiet();
      await clock.advance(60_000 - LONG_MS - 1);
      expect(server.stats().connections).toBe(1);
      await clock.advance(1);
      expect(await client.ended).toBe("fin");
      expect(await closed()).toMatchObject({ reason: "idle-timeout" });
      await eventually(() => server.stats().connections === 0);
    });
  });
}
