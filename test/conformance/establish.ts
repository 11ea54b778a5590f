import { describe, expect } from "vitest";
import {
  type Connection,
  type EstablishStep,
  identify,
  readHead,
  SpillwayError,
  streamConnection,
} from "../../src/core/mod.ts";
import { lines, type ServerEvent } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

const HEAD = "sesame\n";
const MANY = 200;
const MOST_AT_ONCE = 16;

type Refusal = Extract<ServerEvent, { type: "establish-failed" }>;

/** Lets those in whose first line is the word. `onBytes` is told how many bytes of the head have come. */
function knock(onBytes: (count: number) => void = () => undefined): EstablishStep {
  return async (connection) => {
    const head = await readHead(connection, (bytes) => {
      onBytes(bytes.length);
      return bytes.indexOf(10) + 1 || undefined;
    });
    if (new TextDecoder().decode(head) === HEAD) return connection;
    throw new SpillwayError<"denied">("denied", "not the word");
  };
}

/** The refusals, once there are so many. */
async function refusals(events: readonly ServerEvent[], count: number): Promise<Refusal[]> {
  const all = () => events.filter((event) => event.type === "establish-failed");
  await eventually(() => all().length >= count);
  return all();
}

const echo = { codec: lines(), handler: (line: string) => line.toUpperCase() } as const;

/** Steps between the accepted connection and its session. */
export function establish(platform: Platform): void {
  describe("establish steps", () => {
    testOn(platform, "read a head, however it is cut, and leave what is behind it", async () => {
      const text = `${HEAD}hi\nyo\n`;
      let seen = 0;
      const { dial, server } = await start(platform, { ...echo, establish: [knock((count) => (seen = count))] });
      for (let at = 1; at < text.length; at++) {
        seen = 0;
        const client = await dial();
        client.send(text.slice(0, at));
        if (at < HEAD.length) await eventually(() => seen === at);
        else await eventually(() => server.stats().accepted === at);
        client.send(text.slice(at));
        expect(await client.until("YO\n")).toBe("HI\nYO\n");
        client.finish();
      }
    });

    testOn(platform, "leave all that comes with the head to the session, in order", async () => {
      const { dial, closed } = await start(platform, {
        ...echo,
        establish: [knock()],
        state: () => ({ greeted: false }),
        onConnect: (session) => {
          session.state.greeted = true;
          return "hello";
        },
        handler: (line, { session }) => `${line} ${session.state.greeted}`,
      });
      const client = await dial();
      const asked = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
      client.send(`${HEAD}${asked.join("\n")}\n`);
      client.finish();
      expect(await client.rest()).toBe(`hello\n${asked.map((line) => `${line} true\n`).join("")}`);
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 20_000 });
    });

    testOn(platform, "leave the peer's FIN behind the head to the session, which answers it", async () => {
      const { dial, closed } = await start(platform, { ...echo, establish: [knock()], onEnd: () => "bye" });
      for (const [sent, answer] of [
        [HEAD, "bye\n"],
        [`${HEAD}hi\n`, "HI\nbye\n"],
      ] as const) {
        const client = await dial();
        client.send(sent);
        client.finish();
        expect(await client.rest()).toBe(answer);
        expect(await client.ended).toBe("fin");
      }
      expect(await closed(2)).toMatchObject({ reason: "remote-closed" });
    });

    testOn(platform, "that take time behind a head keep what comes meanwhile, FIN included", async () => {
      const knocked = gate();
      const release = gate();
      const wait: EstablishStep = async (connection) => {
        knocked.open();
        await release.promise;
        return connection;
      };
      const { dial, server } = await start(platform, { ...echo, establish: [knock(), wait] });
      const client = await dial();
      client.send(`${HEAD}one\n`);
      await knocked.promise;
      client.send("two\n");
      client.finish();
      const other = await dial();
      await eventually(() => server.stats().establishing === 2);
      release.open();
      expect(await client.rest()).toBe("ONE\nTWO\n");
      other.send(`${HEAD}three\n`);
      expect(await other.until("THREE\n")).toBe("THREE\n");
    });

    testOn(platform, "that refuse reset the connection", async () => {
      const connected = gate();
      const { dial, events, server } = await start(platform, {
        ...echo,
        establish: [
          async () => {
            await connected.promise;
            throw new SpillwayError<"denied">("denied", "nobody comes in");
          },
        ],
      });
      const client = await dial();
      connected.open();
      expect(await client.ended).toBe("reset");
      expect(await refusals(events, 1)).toMatchObject([
        { connection: { id: 1, remoteAddress: { port: client.port } }, error: { code: "denied" } },
      ]);
      expect(server.stats()).toMatchObject({ connections: 0, accepted: 0, establishing: 0, establishFailed: 1 });
    });

    testOn(platform, "that refuse what they have read end the connection without a word", async () => {
      const { dial, events } = await start(platform, { ...echo, establish: [knock()] });
      const client = await dial();
      client.send("open up\nhi\n");
      expect(await client.rest()).toBe("");
      expect(await refusals(events, 1)).toMatchObject([{ error: { code: "denied" } }]);
    });

    testOn(
      platform,
      "that wait for close() before they refuse a connection end it in order, behind what they sent",
      async () => {
        const { dial, events } = await start(platform, {
          ...echo,
          establish: [
            async (connection) => {
              await connection.writable.getWriter().write(new TextEncoder().encode("nobody comes in\n"));
              await connection.close();
              throw new SpillwayError<"denied">("denied", "nobody comes in");
            },
          ],
        });
        const client = await dial();
        expect(await client.rest()).toBe("nobody comes in\n");
        expect(await client.ended).toBe("fin");
        expect(await refusals(events, 1)).toMatchObject([{ error: { code: "denied" } }]);
      },
    );

    testOn(platform, "end with the peer, at FIN or a reset within the head", async () => {
      let seen = 0;
      const { dial, events } = await start(platform, { ...echo, establish: [knock((count) => (seen += count))] });
      const ending = await dial();
      ending.send("ses");
      ending.finish();
      expect(await ending.rest()).toBe("");
      expect(await refusals(events, 1)).toMatchObject([{ error: { code: "unexpected-eof" } }]);
      seen = 0;
      const breaking = await dial();
      breaking.send("ses");
      await eventually(() => seen === 3);
      breaking.reset();
      expect((await refusals(events, 2))[1]).toMatchObject({ error: { code: "connection-reset" } });
    });

    testOn(platform, "have their time, and no more", async () => {
      const { dial, events } = await start(platform, { ...echo, establish: [knock()], establishTimeoutMs: 200 });
      const client = await dial();
      client.send("ses");
      const drip = setInterval(() => client.send("a"), 20);
      const text = await client.rest().finally(() => clearInterval(drip));
      expect(text).toBe("");
      const [refusal] = await refusals(events, 1);
      expect(refusal?.error.code).toBe("establish-timeout");
      expect(refusal?.durationMs).toBeGreaterThanOrEqual(200);
    });

    testOn(platform, "end with the drain, which does not wait for them", async () => {
      const reasons: unknown[] = [];
      const hang: EstablishStep = (_, { signal }) => {
        signal.addEventListener("abort", () => reasons.push(signal.reason));
        return new Promise(() => {});
      };
      const { dial, events, server } = await start(platform, { ...echo, establish: [hang] });
      const clients = [await dial(), await dial()];
      await eventually(() => server.stats().establishing === 2);
      expect(await server.shutdown()).toEqual({ drained: 0, aborted: 0 });
      expect(events.slice(-4).map(({ type }) => type)).toEqual([
        "draining",
        "establish-failed",
        "establish-failed",
        "drained",
      ]);
      expect(reasons).toMatchObject([{ code: "drained" }, { code: "drained" }]);
      for (const client of clients) expect(await client.rest()).toBe("");
    });

    testOn(platform, "that are slow delay no other connection", async () => {
      const release = gate();
      let first = true;
      const { dial, server } = await start(platform, {
        ...echo,
        establish: [
          async (connection) => {
            if (first) {
              first = false;
              await release.promise;
            }
            return connection;
          },
        ],
      });
      const slow = await dial();
      slow.send("slow\n");
      await eventually(() => server.stats().establishing === 1);
      for (let count = 0; count < 10; count++) {
        const fast = await dial();
        fast.send(`fast ${count}\n`);
        expect(await fast.until("\n")).toBe(`FAST ${count}\n`);
      }
      expect(server.stats()).toMatchObject({ establishing: 1, accepted: 10 });
      release.open();
      expect(await slow.until("\n")).toBe("SLOW\n");
    });

    testOn(platform, "take 200 connections at once, so many at a time as may be", async () => {
      let current = 0;
      let most = 0;
      const count: EstablishStep = async (connection) => {
        current += 1;
        most = Math.max(most, current);
        await new Promise((resolve) => setTimeout(resolve, 1));
        current -= 1;
        return connection;
      };
      const { dial, server } = await start(platform, {
        ...echo,
        establish: [count, knock()],
        maxEstablishing: MOST_AT_ONCE,
      });
      const talk = async (index: number) => {
        const client = await dial();
        client.send(`${HEAD}client ${index}\n`);
        const answer = await client.until("\n");
        client.finish();
        return answer;
      };
      const answers = await Promise.all(Array.from({ length: MANY }, (_, index) => talk(index)));
      expect(answers).toEqual(Array.from({ length: MANY }, (_, index) => `CLIENT ${index}\n`));
      expect(most).toBeLessThanOrEqual(MOST_AT_ONCE);
      expect(most).toBeGreaterThan(1);
      expect(server.stats()).toMatchObject({ accepted: MANY, establishing: 0, establishFailed: 0 });
    });

    testOn(platform, "may give a connection another address, or another connection in its place", async () => {
      const remoteAddress = { hostname: "192.0.2.7", port: 4_711 } as const;
      const doubled = ({ readable, writable }: Connection): Connection => {
        const twice = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => {
            controller.enqueue(chunk);
            controller.enqueue(chunk);
          },
        });
        return streamConnection({ readable: readable.pipeThrough(twice), writable, remoteAddress });
      };
      const { dial, events, closed } = await start(platform, {
        ...echo,
        establish: [knock(), (connection) => identify(connection, { remoteAddress }), doubled],
      });
      const client = await dial();
      client.send(`${HEAD}hi\n`);
      client.finish();
      expect(await client.rest()).toBe("HI\nHI\n");
      expect(await closed()).toMatchObject({ reason: "remote-closed", connection: { remoteAddress } });
      expect(events.filter(({ type }) => type === "connection-opened")).toMatchObject([
        { connection: { id: 1, remoteAddress } },
      ]);
    });
  });
}
