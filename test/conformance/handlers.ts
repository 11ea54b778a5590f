import { describe, expect } from "vitest";
import { type Handler, lines, SpillwayError } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

/** The handling of frames. */
export function handlers(platform: Platform): void {
  describe("handlers", () => {
    testOn(platform, "may answer at once, later, or not at all", async () => {
      const { dial } = await start(platform, {
        codec: lines(),
        handler: (line) => {
          if (line === "quiet") return undefined;
          return line === "later" ? Promise.resolve("later") : line;
        },
      });
      const client = await dial();
      client.send("now\nquiet\nlater\nquiet\nnow\n");
      client.finish();
      expect(await client.rest()).toBe("now\nlater\nnow\n");
    });

    testOn(platform, "work at once up to the concurrency, and replies keep the order", async () => {
      const gates = [gate(), gate(), gate(), gate()];
      const begun: number[] = [];
      const { dial } = await start(platform, {
        codec: lines(),
        concurrency: 3,
        handler: async (line) => {
          if (line === "ping") return "pong";
          begun.push(Number(line));
          await gates[Number(line)]?.promise;
          return line;
        },
      });
      const [client, other] = [await dial(), await dial()];
      client.send("0\n1\n2\n3\n");
      await eventually(() => begun.length === 3);
      gates[2]?.open();
      gates[1]?.open();
      // A reply that overtook the first one would be here before another connection's second answer.
      for (const pongs of ["pong\n", "pong\npong\n"]) {
        other.send("ping\n");
        await other.until(pongs);
      }
      expect(client.receivedBytes).toBe(0);
      expect(begun).toEqual([0, 1, 2]);
      gates[0]?.open();
      expect(await client.until("2\n")).toBe("0\n1\n2\n");
      gates[3]?.open();
      expect(await client.until("3\n")).toBe("0\n1\n2\n3\n");
      expect(begun).toEqual([0, 1, 2, 3]);
    });

    testOn(platform, "of a busy connection do not delay another", async () => {
      const busy = gate();
      const { dial } = await start(platform, {
        codec: lines(),
        handler: async (line) => {
          if (line === "busy") await busy.promise;
          return line;
        },
      });
      const [one, other] = [await dial(), await dial()];
      one.send("busy\n");
      other.send("quick\n");
      expect(await other.until("\n")).toBe("quick\n");
      expect(one.receivedBytes).toBe(0);
      busy.open();
      expect(await one.until("\n")).toBe("busy\n");
    });

    testOn(platform, "learn where the connection comes from", async () => {
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: (_, { connection }) =>
          `${connection.id} ${connection.remoteAddress.port} ${connection.localAddress.port}`,
      });
      const client = await dial();
      client.send("who\n");
      expect(await client.until("\n")).toBe(`1 ${client.port} ${server.address.port}\n`);
    });

    for (const [name, handler] of failing) {
      testOn(platform, `end their own connection only, with a fault frame, when they ${name}`, async () => {
        const { dial, closed, events } = await start(platform, { codec: lines(), handler });
        const [good, bad] = [await dial(), await dial()];
        bad.send("ok\nbad\nlost\n");
        expect(await bad.rest()).toBe("ok\nerror: handler-failed\n");
        expect(await closed()).toMatchObject({ reason: "handler-failed", error: { code: "handler-failed" } });
        expect(events.filter(({ type }) => type === "handler-error")).toHaveLength(1);
        good.send("ok\n");
        expect(await good.until("\n")).toBe("ok\n");
      });
    }

    testOn(platform, "that never settle are cut off by their deadline and told so", async () => {
      const aborted = gate<unknown>();
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handlerTimeoutMs: 60,
        handler: (_, { signal }) => {
          signal.addEventListener("abort", () => aborted.open(signal.reason));
          return new Promise<string>(() => {});
        },
      });
      const client = await dial();
      client.send("hang\n");
      expect(await client.rest()).toBe("error: handler-timeout\n");
      expect(await aborted.promise).toMatchObject({ code: "handler-timeout" });
      const { reason, durationMs } = await closed();
      expect(reason).toBe("handler-timeout");
      expect(durationMs).toBeGreaterThanOrEqual(60);
    });

    testOn(platform, "are told when their connection is reset while they compute", async () => {
      const [begun, aborted] = [gate(), gate<unknown>()];
      const { dial, closed } = await start(platform, {
        codec: lines(),
        handler: (_, { signal }) => {
          signal.addEventListener("abort", () => aborted.open(signal.reason));
          begun.open();
          return new Promise<string>(() => {});
        },
      });
      const client = await dial();
      client.send("hang\n");
      await begun.promise;
      client.reset();
      expect(await aborted.promise).toMatchObject({ code: "connection-reset" });
      expect((await closed()).reason).toBe("connection-reset");
    });
  });
}

const failing: [string, Handler<string, string>][] = [
  [
    "throw",
    (line) => {
      if (line === "bad") throw new Error("no");
      return line;
    },
  ],
  ["reject", async (line) => (line === "bad" ? Promise.reject(new Error("no")) : line)],
  [
    "throw what is no Error",
    (line) => {
      if (line === "bad") throw undefined;
      return line;
    },
  ],
  [
    "throw an error of Spillway's",
    (line) => {
      if (line === "bad") throw new SpillwayError("frame-invalid", "mine");
      return line;
    },
  ],
  ["return the wrong type", (line) => (line === "bad" ? (42 as unknown as string) : line)],
  ["resolve to the wrong type", async (line) => (line === "bad" ? (null as unknown as string) : line)],
  ["reply with a line break", (line) => (line === "bad" ? "two\nlines" : line)],
];
