import { describe, expect } from "vitest";
import { authenticate, rateLimit } from "../../src/middleware/mod.ts";
import { lines, type Middleware } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

const LATE = "error: authentication-timeout\n";

/** The middleware around the handler. Its exact instants are tested on a virtual clock, in test/core and test/middleware. */
export function middleware(platform: Platform): void {
  describe("middleware", () => {
    testOn(platform, "that fails, or misuses next, ends its own connection only", async () => {
      const faults: Record<string, Middleware<string>> = {
        throws: () => {
          throw new Error("no");
        },
        rejects: () => Promise.reject(new Error("no")),
        twice: async (line, context, next) => {
          await next(line, context);
          return next(line, context);
        },
        never: () => new Promise(() => undefined),
      };
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handlerTimeoutMs: 200,
        middleware: [(line, context, next) => faults[line]?.(line, context, next) ?? next(line, context)],
        handler: (line) => line,
      });
      const witness = await dial();
      for (const [index, fault] of Object.keys(faults).entries()) {
        const client = await dial();
        client.send(`${fault}\nbehind\n`);
        const reason = fault === "never" ? "handler-timeout" : "handler-failed";
        expect(await client.rest()).toBe(`error: ${reason}\n`);
        expect((await closed(index + 1)).reason).toBe(reason);
        witness.send(`${fault} is over\n`);
        await witness.until(`${fault} is over\n`);
      }
    });

    testOn(platform, "rateLimit that waits answers all in order, at its rate", async () => {
      const { dial } = await start(platform, {
        codec: lines(),
        concurrency: 2,
        middleware: [rateLimit({ perSecond: 40, burst: 1, onLimit: "wait" })],
        handler: (line) => line,
      });
      const client = await dial();
      const sent = performance.now();
      client.send("1\n2\n3\n4\n5\n");
      expect(await client.until("5\n")).toBe("1\n2\n3\n4\n5\n");
      expect(performance.now() - sent).toBeGreaterThanOrEqual(99);
    });
  });

  describe("authenticate", () => {
    const guard = (check: (line: string) => boolean | Promise<boolean>) =>
      authenticate({ check, accepted: "come in", refused: "no" });

    testOn(platform, "lets in, refuses, and cuts off peers that say nothing", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        authenticationTimeoutMs: 1_200,
        middleware: [guard((line) => line === "secret")],
        handler: (line) => line.toUpperCase(),
      });
      const friend = await dial();
      friend.send("secret\nhello\n");
      const stranger = await dial();
      stranger.send("guess\nhello\n");
      const silent = await dial();
      expect(await friend.until("HELLO\n")).toBe("come in\nHELLO\n");
      expect(await stranger.rest()).toBe("no\n");
      expect((await closed(1)).reason).toBe("handler-closed");
      expect(await silent.rest()).toBe(LATE);
      expect(await silent.ended).toBe("fin");
      const { reason, durationMs } = await closed(2);
      expect(reason).toBe("authentication-timeout");
      expect(durationMs).toBeGreaterThanOrEqual(1_200);
      friend.send("still here\n");
      await friend.until("STILL HERE\n");
    });

    testOn(platform, "has its deadline while bytes drip in, and while the check computes", async () => {
      const { dial, closed } = await start(platform, {
        codec: lines(),
        authenticationTimeoutMs: 150,
        middleware: [guard(() => new Promise(() => undefined))],
        handler: (line) => line,
      });
      const [dripping, checked] = [await dial(), await dial()];
      checked.send("secret\n");
      const drip = setInterval(() => dripping.send("."), 10);
      const text = await dripping.rest().finally(() => clearInterval(drip));
      expect([text, await checked.rest()]).toEqual([LATE, LATE]);
      expect([(await closed(1)).reason, (await closed(2)).reason]).toEqual(Array(2).fill("authentication-timeout"));
    });

    testOn(platform, "keeps what is behind the first frame waiting, and answers it in a drain", async () => {
      const checked = gate<boolean>();
      const asked: string[] = [];
      const { dial, server, heard } = await start(platform, {
        codec: lines(),
        concurrency: 8,
        middleware: [
          guard((line) => {
            asked.push(line);
            return checked.promise;
          }),
        ],
        handler: (line) => line.toUpperCase(),
      });
      const client = await dial();
      client.send("secret\na\nb\n");
      await heard(11);
      await eventually(() => asked.length === 1);
      const drained = server.shutdown();
      checked.open(true);
      expect(await client.rest()).toBe("come in\nA\nB\n");
      expect(await drained).toEqual({ drained: 1, aborted: 0 });
      expect(asked).toEqual(["secret"]);
    });
  });
}
