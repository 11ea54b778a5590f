import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

/** Replies of many frames. */
export function streams(platform: Platform): void {
  describe("streams of replies", () => {
    testOn(platform, "arrive in full, in order, each in its place", async () => {
      const { dial } = await start(platform, {
        codec: lines(),
        concurrency: 3,
        handler: (line) => (line === "count" ? count(1_500) : Promise.resolve(line)),
      });
      const client = await dial();
      client.send("before\ncount\nbetween\ncount\nafter\n");
      client.finish();
      const numbers = Array.from({ length: 1_500 }, (_, index) => `${index + 1}\n`).join("");
      expect(await client.rest()).toBe(`before\n${numbers}between\n${numbers}after\n`);
    });

    testOn(platform, "are not asked while the client does not read, and stop when it leaves", async () => {
      const watched = endless();
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        maxOutboundBytes: 65_536,
        writeTimeoutMs: Infinity,
        handler: (line, { signal }) => (line === "ping" ? line : watched.begin(signal)),
      });
      const [client, other] = [await dial({ stalled: true }), await dial()];
      client.send("go\n");
      // When ten pings pass and it was not asked, it waits for the client.
      let pings = 0;
      for (let asked = -1; pings < 10; pings += 1) {
        if (asked !== watched.asked) pings = 0;
        asked = watched.asked;
        other.send("ping\n");
        const { receivedBytes } = other;
        await eventually(() => other.receivedBytes > receivedBytes);
      }
      // The kernel holds megabytes at most.
      expect(watched.asked * 65_536).toBeLessThan(64 * 1_048_576);
      const { asked } = watched;
      client.resume();
      await eventually(() => watched.asked > asked);
      client.reset();
      expect((await closed()).reason).toBe("connection-reset");
      await watched.returned.promise;
      expect([watched.returns, watched.signal?.reason]).toMatchObject([1, { code: "connection-reset" }]);
      expect(server.stats().handlers).toBe(0);
    });

    testOn(platform, "stop when the client leaves while they wait", async () => {
      const [begun, cleaned] = [gate(), gate<string>()];
      const { dial, server, closed } = await start(platform, {
        codec: lines(),
        handler: async function* (_line, { signal }) {
          try {
            yield "begun";
            begun.open();
            await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          } finally {
            cleaned.open((signal.reason as { code: string }).code);
          }
        },
      });
      const client = await dial();
      client.send("go\n");
      await client.until("begun\n");
      await begun.promise;
      client.reset();
      expect(await cleaned.promise).toBe("connection-reset");
      expect((await closed()).reason).toBe("connection-reset");
      expect(server.stats()).toMatchObject({ connections: 0, handlers: 0 });
    });

    testOn(platform, "follow the client's FIN to their end, and a drain waits for it", async () => {
      const release = gate();
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: async function* (line) {
          yield `${line} begun`;
          await release.promise;
          yield `${line} done`;
        },
      });
      const [finished, open] = [await dial(), await dial()];
      for (const client of [finished, open]) {
        client.send("it\n");
        await client.until("begun\n");
      }
      finished.finish();
      const drained = server.shutdown();
      release.open();
      for (const client of [finished, open]) expect(await client.rest()).toBe("it begun\nit done\n");
      expect(await drained).toEqual({ drained: 2, aborted: 0 });
    });
  });
}

async function* count(last: number): AsyncGenerator<string> {
  for (let at = 1; at <= last; at++) yield String(at);
}

/** A stream of lines of 64 KiB without end, and what became of it. */
function endless() {
  const line = "x".repeat(65_535);
  const watched = {
    asked: 0,
    returns: 0,
    returned: gate(),
    signal: undefined as AbortSignal | undefined,
    begin(signal: AbortSignal): AsyncIterable<string> {
      watched.signal = signal;
      const next = async () => {
        watched.asked += 1;
        return { done: false as const, value: line };
      };
      const stop = async () => {
        watched.returns += 1;
        watched.returned.open();
        return { done: true as const, value: undefined };
      };
      return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
    },
  };
  return watched;
}
