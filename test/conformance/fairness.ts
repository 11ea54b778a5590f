import { describe, expect } from "vitest";
import { connect } from "../../src/core/mod.ts";
import { type Handler, lines, type ServeOptions } from "../../src/mod.ts";
import { type Client, eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

/** So much of a flood may be handled before a ping that was sent in its midst: a thousandth of what used to be. */
const MOST_BEFORE_PING = 5_000;
const MEGABYTE = 1_048_576;

type Lines = Partial<ServeOptions<string, string>> & { readonly handler: Handler<string, string> };

/** Computes for as long as a frame of a flood does. */
function work(): void {
  const end = performance.now() + 0.02;
  while (performance.now() < end);
}

/** One connection, or one stream, does not keep the others waiting: by counts, as times are the machine's. */
export function fairness(platform: Platform): void {
  describe("fairness", () => {
    /** Floods; `each` is called for every piece of work. */
    const floods: Record<string, { sent: string; serve: (each: () => void) => Lines }> = {
      "lines of no byte, to a synchronous handler": {
        sent: "\n".repeat(MEGABYTE),
        serve: (each) => ({ handler: () => each() }),
      },
      "lines to a handler that awaits what is there already": {
        sent: "\n".repeat(MEGABYTE),
        serve: (each) => ({
          handler: async () => {
            each();
            await undefined;
          },
        }),
      },
      "lines to several such handlers at once": {
        sent: "\n".repeat(MEGABYTE),
        serve: (each) => ({
          concurrency: 16,
          handler: async () => {
            await undefined;
            each();
          },
        }),
      },
      "a stream of replies without end": {
        sent: "go\n",
        serve: (each) => ({
          handler: async function* () {
            for (;;) {
              each();
              yield "row";
            }
          },
        }),
      },
      "lines that are too long, and skipped": {
        sent: "xx\n".repeat(MEGABYTE / 4),
        serve: (each) => ({
          codec: lines({ maxFrameBytes: 1 }),
          invalidFrame: "skip",
          observer: ({ type }) => type === "frame-error" && each(),
          handler: () => undefined,
        }),
      },
      "lines that are broadcast": {
        sent: "\n".repeat(MEGABYTE),
        serve: (each) => ({
          onConnect: (session) => session.join("all"),
          handler: (line, { session }) => {
            each();
            session.group("all").broadcast(line, { except: session });
          },
        }),
      },
    };

    for (const [name, { sent, serve }] of Object.entries(floods)) {
      testOn(platform, `a ping, a new connection and a timer do not wait for a flood: ${name}`, async () => {
        let done = 0;
        let pings = 0;
        let fired = 0;
        let onWork = () => {};
        const each = () => {
          work();
          done += 1;
          onWork();
        };
        const { handler, ...options } = serve(each);
        const { dial } = await start<string, string>(platform, {
          codec: lines({ maxFrameBytes: 4 }),
          writeTimeoutMs: Infinity,
          ...options,
          handler: (line, context) => {
            if (line !== "p") return handler(line, context);
            pings += 1;
            return "pong";
          },
        });
        const [flood, other] = [await dial(), await dial()];
        other.send("p\n");
        await other.until("pong\n");
        const begun = gate();
        onWork = () => done === 100 && begun.open();
        flood.send(sent);
        await begun.promise;
        for (let round = 1; round <= 10; round++) {
          const before = done;
          other.send("p\n");
          setTimeout(() => (fired += 1), 0);
          const third = dial();
          await eventuallyIn(() => pings > round && fired === round);
          (await third).reset();
          expect(done - before).toBeLessThan(MOST_BEFORE_PING);
        }
        flood.reset();
      });
    }

    testOn(platform, "a client that takes pushes as quickly as they come lets others have their turn", async () => {
      const { server } = await start(platform, {
        codec: lines(),
        handler: async function* () {
          for (let count = 0; count < 100_000; count++) yield "row";
        },
      });
      await using client = await connect(platform.transport, {
        ...server.address,
        codec: lines(),
        isPush: () => true,
        maxPushes: 100_000,
      });
      client.request("go").catch(() => undefined);
      await eventually(() => client.stats().waitingPushes > 5_000);
      let taken = 0;
      let fired = false;
      for await (const _ of client) {
        work();
        taken += 1;
        // Not before: the first push may have to wait for a slice.
        if (taken === 1) setTimeout(() => (fired = true), 0);
        if (taken === MOST_BEFORE_PING || fired) break;
      }
      expect(fired).toBe(true);
      client.abort();
    });
  });

  describe("a reader that keeps up", () => {
    const bursts = {
      "200 lines of 450 characters, with room for 64 KiB": {
        count: 200,
        line: "x".repeat(450),
        maxOutboundBytes: 65_536,
      },
      "20,000 lines of a character": { count: 20_000, line: "a" },
      "20,000 lines of a character, with room for 1,000": { count: 20_000, line: "a", maxOutboundFrames: 1_000 },
    };
    for (const [name, { count, line, ...limits }] of Object.entries(bursts)) {
      for (const slowConsumer of ["reset", "drop", "drop-oldest"] as const) {
        testOn(platform, `is not slow, whatever is broadcast at once: ${name}; ${slowConsumer}`, async () => {
          const { dial, server, events } = await start(platform, {
            codec: lines(),
            slowConsumer,
            ...limits,
            onConnect: (session) => session.join("all"),
            handler: (text, { session }) => void session.group("all").broadcast(text, { except: session }),
          });
          const members: Client[] = [];
          for (let member = 0; member < 5; member++) members.push(await dial());
          const sender = await dial();
          await eventually(() => server.group("all").size === 6);
          sender.send(`${line}\n`.repeat(count));
          const bytes = count * (line.length + 1);
          await eventually(() => {
            expect(events.filter(({ type }) => type === "slow-consumer")).toEqual([]);
            return members.every(({ receivedBytes }) => receivedBytes === bytes);
          });
          expect(server.stats().framesDropped).toBe(0);
        });
      }
    }

    testOn(platform, "is not slow when one handler sends more than there is room for", async () => {
      const { dial, server, events, closed } = await start(platform, {
        codec: lines(),
        maxOutboundBytes: 65_536,
        handler: (line, { session }) => {
          for (let count = 0; count < 100; count++) session.send(line);
        },
      });
      const client = await dial();
      client.send(`${"x".repeat(999)}\n`);
      await eventually(() => client.receivedBytes === 100_000);
      expect([events.filter(({ type }) => type === "slow-consumer"), server.stats().framesDropped]).toEqual([[], 0]);
      client.finish();
      expect((await closed()).reason).toBe("remote-closed");
    });
  });
}

/** As `eventually`, but looks in every tick of the event loop: how much is done meanwhile is counted. */
async function eventuallyIn(condition: () => boolean): Promise<void> {
  const end = performance.now() + 8_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not so: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
