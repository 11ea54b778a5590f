import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { type Client, eventually, type Platform, start, testOn } from "./support/platform.ts";

/** Fits the buffers between two ends, so that it is sent before anybody reads. */
const LATE_BYTES = 50_000;
/** More than a client's own buffers hold, so that most of it is with the server's kernel when FIN follows it. */
const DOWNLOAD_BYTES = 3_000_000;
const LINGER_MS = 200;

/** Reads nothing but speaks, for several times as long as the server lingers for a client that is quiet. */
async function dawdle(client: Client): Promise<void> {
  for (let step = 0; step < 12; step++) {
    client.send("still here\n");
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS / 4));
  }
  client.resume();
}

/** Deadlines by the runtime's own clock. Their exact instants are tested on a virtual one, in test/core. */
export function deadlines(platform: Platform): void {
  describe("deadlines", () => {
    testOn(platform, "an idle connection is closed in order", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: (line) => line, idleTimeoutMs: 600 });
      const client = await dial();
      client.send("hello\n");
      expect(await client.rest()).toBe("hello\n");
      expect(await client.ended).toBe("fin");
      const { reason, durationMs } = await closed();
      expect(reason).toBe("idle-timeout");
      expect(durationMs).toBeGreaterThanOrEqual(600);
    });

    testOn(platform, "a connection that says nothing is closed, however much is sent to it", async () => {
      const { dial, closed, server } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        onConnect: (session) => session.join("all"),
        idleTimeoutMs: 300,
        silenceTimeoutMs: 900,
      });
      const client = await dial();
      const news = setInterval(() => server.group("all").broadcast("news"), 20);
      try {
        const { reason, durationMs, framesOut } = await closed();
        expect(reason).toBe("silence-timeout");
        expect(durationMs).toBeGreaterThanOrEqual(900);
        expect(framesOut).toBeGreaterThan(5);
        expect(await client.ended).toBe("fin");
      } finally {
        clearInterval(news);
      }
    });

    testOn(platform, "a frame that drips in is cut off, however often bytes come", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        frameTimeoutMs: 100,
        idleTimeoutMs: 5_000,
      });
      const client = await dial();
      client.send("begun");
      const drip = setInterval(() => client.send("."), 10);
      const text = await client.rest().finally(() => clearInterval(drip));
      expect(text).toBe("error: frame-timeout\n");
      const { reason, durationMs } = await closed();
      expect(reason).toBe("frame-timeout");
      expect(durationMs).toBeGreaterThanOrEqual(100);
    });

    testOn(platform, "a connection that has lived long enough is closed in order", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: (line) => line, lifetimeMs: 700 });
      const client = await dial();
      client.send("again\n");
      const talk = setInterval(() => client.send("again\n"), 10);
      const text = await client.rest().finally(() => clearInterval(talk));
      expect(text).toMatch(/^(again\n)+$/);
      expect((await closed()).reason).toBe("lifetime-reached");
    });

    testOn(platform, "a client that reads late, even after the linger deadline, still gets everything", async () => {
      const { dial, closed, server } = await start(platform, {
        codec: lines(),
        handler: () => "x".repeat(LATE_BYTES - 1),
        lingerTimeoutMs: 60,
      });
      const client = await dial({ stalled: true });
      client.send("all\n");
      await eventually(() => server.stats().bytesOut === LATE_BYTES);
      void server.shutdown();
      expect((await closed()).reason).toBe("drained");
      client.resume();
      expect(await client.ended).toBe("fin");
      expect(client.receivedBytes).toBe(LATE_BYTES);
    });

    testOn(
      platform,
      "a client that reads late, and sends meanwhile, gets all of a reply, and FIN, from a handler that closes",
      async () => {
        const { dial, closed } = await start(platform, {
          codec: lines(),
          handler: (_, context) => {
            context.close();
            return "x".repeat(DOWNLOAD_BYTES - 1);
          },
          lingerTimeoutMs: LINGER_MS,
        });
        const client = await dial({ stalled: true });
        client.send("all\n");
        await dawdle(client);
        expect(await client.ended).toBe("fin");
        expect(client.receivedBytes).toBe(DOWNLOAD_BYTES);
        const end = await closed();
        expect(end).toMatchObject({ reason: "handler-closed", bytesOut: DOWNLOAD_BYTES });
        expect(end).not.toHaveProperty("unconfirmed");
      },
    );

    testOn(
      platform,
      "a client that reads late, and sends meanwhile, gets all of a reply, and FIN, from a drain",
      async () => {
        const { dial, closed, server } = await start(platform, {
          codec: lines(),
          handler: () => "x".repeat(DOWNLOAD_BYTES - 1),
          lingerTimeoutMs: LINGER_MS,
        });
        const client = await dial({ stalled: true });
        client.send("all\n");
        await eventually(() => server.stats().framesOut === 1);
        const drained = server.shutdown({ timeoutMs: 60_000 });
        await dawdle(client);
        expect(await client.ended).toBe("fin");
        expect(client.receivedBytes).toBe(DOWNLOAD_BYTES);
        const { reason, bytesIn } = await closed();
        expect(reason).toBe("drained");
        expect(await drained).toEqual({ drained: 1, aborted: 0, bytesDiscarded: bytesIn - "all\n".length });
      },
    );

    testOn(platform, "a client that does not answer FIN is released after the linger deadline", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        idleTimeoutMs: 30,
        lingerTimeoutMs: 400,
      });
      const client = await dial({ halfOpen: true });
      client.send("hello\n");
      expect(await client.ended).toBe("fin");
      const { reason, durationMs, unconfirmed } = await closed();
      expect([reason, unconfirmed]).toEqual(["idle-timeout", true]);
      expect(durationMs).toBeGreaterThanOrEqual(400);
      client.finish();
    });

    testOn(
      platform,
      "a client that is quiet for longer than the linger deadline is released with FIN at once",
      async () => {
        const { dial, closed } = await start(platform, {
          codec: lines(),
          handler: (line) => line,
          idleTimeoutMs: 100,
          lingerTimeoutMs: 100,
          maxLingerMs: 60_000,
        });
        const client = await dial({ halfOpen: true });
        expect(await client.ended).toBe("fin");
        const end = await closed();
        expect(end.reason).toBe("idle-timeout");
        expect(end).not.toHaveProperty("unconfirmed");
        client.finish();
      },
    );
  });
}
