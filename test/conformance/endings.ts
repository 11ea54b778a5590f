import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

const MEGABYTE = 1_048_576;
/** Of an intake: they fit the buffers between two ends. */
const LINES = 2_000;

/** How connections end, in order and out of order. */
export function endings(platform: Platform): void {
  /** A client sends all its lines and vanishes while the first is being handled. Handlers let I/O have its turn now and then. */
  async function leftIntake(afterReset: "drop" | "finish") {
    const taken: string[] = [];
    const begun = gate();
    const trial = await start(platform, {
      codec: lines(),
      afterReset,
      handler: async (line) => {
        taken.push(line);
        await begun.promise;
        if (taken.length % 20 < 4) await new Promise((resolve) => setTimeout(resolve));
        return `stored ${line}`;
      },
    });
    const client = await trial.dial({ stalled: true });
    client.send(Array.from({ length: LINES }, (_, at) => `line ${at}\n`).join(""));
    await eventually(() => taken.length === 1);
    client.reset();
    begun.open();
    return { ...trial, taken };
  }

  describe("endings", () => {
    testOn(platform, "a handler that closes has the last word", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (line, context) => {
          if (line === "QUIT") context.close();
          return line;
        },
      });
      const client = await dial();
      client.send("a\nQUIT\nb\n");
      expect(await client.rest()).toBe("a\nQUIT\n");
      expect(await client.ended).toBe("fin");
      expect(await closed()).toMatchObject({ reason: "handler-closed", framesIn: 2, framesOut: 2 });
    });

    testOn(platform, "a reply follows the peer's FIN", async () => {
      const release = gate();
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: async (line) => {
          await release.promise;
          return `answer to ${line}`;
        },
      });
      const client = await dial();
      client.send("question\n");
      client.finish();
      release.open();
      expect(await client.rest()).toBe("answer to question\n");
      expect(await client.ended).toBe("fin");
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "16 MB follow the peer's FIN in full", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: () => "x".repeat(16 * MEGABYTE) });
      const client = await dial();
      client.send("all\n");
      client.finish();
      expect(await client.ended).toBe("fin");
      expect(client.receivedBytes).toBe(16 * MEGABYTE + 1);
      expect(await closed()).toMatchObject({ reason: "remote-closed", bytesOut: 16 * MEGABYTE + 1 });
    });

    testOn(platform, "a reset in the middle of a frame ends that connection", async () => {
      const { dial, closed, heard } = await start(platform, { codec: lines(), handler: (line) => line });
      const client = await dial();
      client.send("half");
      await heard(4);
      client.reset();
      expect((await closed()).reason).toBe("connection-reset");
    });

    testOn(platform, "a reset in the middle of a reply ends that connection only", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: (line) => line.repeat(8 * MEGABYTE) });
      const [client, other] = [await dial(), await dial()];
      client.send("x\n");
      await eventually(() => client.receivedBytes > 0);
      client.reset();
      expect((await closed()).reason).toBe("connection-reset");
      other.send("y\n");
      other.finish();
      expect((await other.rest()).length).toBe(8 * MEGABYTE + 1);
    });

    testOn(platform, "connections that reset at once do not disturb the others", async () => {
      const { dial, server } = await start(platform, { codec: lines(), handler: (line) => line });
      for (let count = 0; count < 50; count++) {
        const client = await dial();
        if (count % 2 === 0) client.send("partial");
        client.reset();
      }
      const client = await dial();
      client.send("still here\n");
      expect(await client.until("\n")).toBe("still here\n");
      await eventually(() => server.stats().connections === 1);
    });

    testOn(platform, "a connection that resets before it is accepted does not disturb the others", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: (line) => line, maxConnections: 1 });
      const first = await dial();
      first.send("first\n");
      await first.until("\n");
      for (let count = 0; count < 5; count++) {
        const impatient = await dial();
        impatient.send("never mind\n");
        impatient.reset();
      }
      const last = await dial();
      last.send("last\n");
      first.finish();
      expect(await last.until("\n")).toBe("last\n");
      expect((await closed()).reason).toBe("remote-closed");
    });

    testOn(platform, "the peer may leave without a word", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: (line) => line });
      const client = await dial();
      client.finish();
      expect(await client.ended).toBe("fin");
      expect(await closed()).toMatchObject({ reason: "remote-closed", bytesIn: 0, framesIn: 0 });
    });

    testOn(platform, "after a fault, what the peer still sends does not cut off the fault frame", async () => {
      const { dial, closed } = await start(platform, { codec: lines({ maxFrameBytes: 10 }), handler: (line) => line });
      const client = await dial({ halfOpen: true });
      client.send("x".repeat(4 * MEGABYTE));
      expect(await client.until("\n")).toBe("error: frame-too-large\n");
      client.finish();
      expect((await closed()).reason).toBe("frame-too-large");
      expect(await client.ended).toBe("fin");
    });

    testOn(
      platform,
      "a client that never reads stops being read, and is cut by the write deadline, with a reset",
      async () => {
        const { dial, closed, server } = await start(platform, {
          codec: lines(),
          handler: () => "r".repeat(100_000),
          maxOutboundBytes: 200_000,
          writeTimeoutMs: 600,
        });
        const client = await dial({ stalled: true });
        const requests = 300_000;
        client.send("q\n".repeat(requests));
        const { reason, framesIn, bytesOut } = await closed();
        expect(reason).toBe("write-timeout");
        // The kernel holds megabytes at most in both directions; the whole reply would be 10 GB.
        expect(framesIn).toBeLessThan(requests / 10);
        const other = await dial();
        other.send("q\n");
        expect((await other.until("\n")).length).toBe(100_001);
        expect(server.stats().connections).toBe(1);
        // A reset takes the rest back. FIN would come behind all that the kernel took, and a cut reply would look whole.
        client.resume();
        await client.ended;
        expect(client.receivedBytes).toBeLessThan(bytesOut);
      },
    );

    testOn(platform, "when more waits than the whole server may hold, the largest is reset and no other", async () => {
      const { dial, closed, server } = await start(platform, {
        codec: lines(),
        handler: (line) => "x".repeat(Number(line) * MEGABYTE - 1),
        maxTotalOutboundBytes: 30 * MEGABYTE,
      });
      const [small, large] = [await dial({ stalled: true }), await dial({ stalled: true })];
      small.send("10\n");
      await eventually(() => server.stats().waitingOutboundBytes > 0);
      large.send("40\n");
      expect(await closed()).toMatchObject({ connection: { id: 2 }, reason: "budget-exceeded" });
      expect(server.stats().waitingOutboundBytes).toBeLessThan(10 * MEGABYTE);
      small.finish();
      small.resume();
      expect(await small.ended).toBe("fin");
      expect(small.receivedBytes).toBe(10 * MEGABYTE);
      expect(server.stats().waitingOutboundBytes).toBe(0);
      large.reset();
    });

    testOn(platform, "an intake handles what was received in full, though its sender has gone", async () => {
      const { taken, closed, server } = await leftIntake("finish");
      const { reason, framesIn, framesAfterReset = 0 } = await closed();
      expect(reason).toBe("connection-reset");
      expect(framesIn).toBe(LINES);
      expect(framesAfterReset).toBeGreaterThan(LINES / 2);
      expect(taken).toEqual(Array.from({ length: LINES }, (_, at) => `line ${at}`));
      expect(server.stats()).toMatchObject({ connections: 0, handlers: 0 });
    });

    testOn(platform, "what was received is dropped when its sender has gone, unless it is asked for", async () => {
      const { taken, closed } = await leftIntake("drop");
      const end = await closed();
      expect(end.reason).toBe("connection-reset");
      expect(end).not.toHaveProperty("framesAfterReset");
      expect(taken.length).toBeLessThan(LINES / 2);
    });

    testOn(platform, "every connection is reported opened once and closed once", async () => {
      const { dial, events, server, closed } = await start(platform, {
        codec: lines({ maxFrameBytes: 3 }),
        handler: (line) => line,
      });
      const clients = await Promise.all(Array.from({ length: 30 }, () => dial()));
      await eventually(() => server.stats().accepted === 30);
      for (const [index, client] of clients.entries()) {
        client.send(index % 3 === 0 ? "abc\n" : "abcd\n");
        if (index % 3 === 0) client.finish();
        else if (index % 3 === 1) client.reset();
      }
      await closed(30);
      const ids = (type: string) =>
        events.flatMap((event) => (event.type === type && "connection" in event ? [event.connection.id] : []));
      expect(ids("connection-opened")).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
      expect(ids("connection-closed").toSorted((a, b) => a - b)).toEqual(ids("connection-opened"));
    });
  });
}
