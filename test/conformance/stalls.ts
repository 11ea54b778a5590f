import { describe, expect } from "vitest";
import { connect } from "../../src/core/mod.ts";
import { authenticate, timeout } from "../../src/middleware/mod.ts";
import { type Bytes, type ClientBehaviour, type Connection, lines } from "../../src/mod.ts";
import { listenOnTcp } from "../support/tcp_listener.ts";
import { eventually, type Platform, start, testOn } from "./support/platform.ts";

const PEERS = 20;
const DEADLINE_MS = 1_000;
const STALL_MS = 1_400;

/** Does something, and then blocks this whole process for longer than any deadline here: in a handler, as it mostly happens. */
async function stallAfter(act: () => void, platform: Platform): Promise<void> {
  const { dial } = await start(platform, {
    codec: lines(),
    handler: (line) => {
      act();
      for (const until = performance.now() + STALL_MS; performance.now() < until; );
      return line;
    },
  });
  const client = await dial();
  client.send("block\n");
  await client.until("block\n");
}

/** An act that was in time counts, even if the process comes to it when the time is over. */
export function stalls(platform: Platform): void {
  describe("after a stall of the process", () => {
    testOn(platform, "peers whose lines came in time are answered, and the silent one is found idle", async () => {
      const { dial, closed, events, server } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        idleTimeoutMs: DEADLINE_MS,
      });
      const peers = await Promise.all(Array.from({ length: PEERS }, () => dial()));
      const silent = await dial();
      for (const peer of [...peers, silent]) peer.send("first\n");
      for (const peer of [...peers, silent]) await peer.until("first\n");
      await stallAfter(() => {
        for (const peer of peers) peer.send("second\n");
      }, platform);
      await Promise.all(peers.map((peer) => peer.until("second\n")));
      expect((await closed()).reason).toBe("idle-timeout");
      expect(await silent.rest()).toBe("first\n");
      expect(server.stats().framesIn).toBe(2 * PEERS + 1);
      expect(events.filter(({ type }) => type === "connection-opened")).toHaveLength(PEERS + 1);
    });

    testOn(platform, "a frame that was completed in time is handled, and one that was not is cut off", async () => {
      const { dial, heard } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        frameTimeoutMs: DEADLINE_MS,
      });
      const [whole, part] = [await dial(), await dial()];
      whole.send("be");
      part.send("be");
      await heard(4);
      await stallAfter(() => {
        whole.send("gun\n");
        part.send("gun");
      }, platform);
      expect(await whole.until("begun\n")).toBe("begun\n");
      expect(await part.rest()).toBe("error: frame-timeout\n");
    });

    testOn(platform, "authentication that came in time lets in, and silence does not", async () => {
      const { dial, server } = await start(platform, {
        codec: lines(),
        handler: (line) => line,
        authenticationTimeoutMs: DEADLINE_MS,
        middleware: [authenticate({ check: async (line) => line === "sesame", accepted: "come in" })],
      });
      const [known, silent] = [await dial(), await dial()];
      await eventually(() => server.stats().connections === 2);
      await stallAfter(() => known.send("sesame\n"), platform);
      expect(await known.until("come in\n")).toBe("come in\n");
      expect(await silent.rest()).toBe("error: authentication-timeout\n");
    });

    testOn(platform, "a handler's answer that was there in time is sent, and one that was not is late", async () => {
      const asked = await ask(platform, {}, 1);
      const handler = (line: string) => (line === "ask" ? asked.replies[0] : new Promise<string>(() => undefined));
      const own = await start(platform, { codec: lines(), handler, handlerTimeoutMs: DEADLINE_MS });
      const middleware = [timeout({ ms: DEADLINE_MS, reply: (line) => `${line} is late` })];
      const around = await start(platform, { codec: lines(), handler, middleware });
      const clients = await Promise.all([own, own, around, around].map(({ dial }) => dial()));
      const say = ["ask", "hang", "ask", "hang"];
      for (const [index, client] of clients.entries()) client.send(`${say[index]}\n`);
      await eventually(() => own.server.stats().handlers === 2 && around.server.stats().handlers === 2);
      await stallAfter(() => asked.answer("answer"), platform);
      const got = await Promise.all(clients.map((client, index) => client.until(index === 1 ? "timeout\n" : "\n")));
      expect(got).toEqual(["answer\n", "error: handler-timeout\n", "answer\n", "hang is late\n"]);
      asked.end();
    });

    testOn(platform, "a client's request is answered by the reply that was there in time", async () => {
      const asked = await ask(platform, { requestTimeoutMs: DEADLINE_MS }, 2);
      const settled = Promise.allSettled(asked.replies);
      await stallAfter(() => asked.answer("1"), platform);
      const [first, second] = await settled;
      expect(first).toEqual({ status: "fulfilled", value: "1" });
      expect(second).toMatchObject({ status: "rejected", reason: { code: "request-timeout" } });
      asked.end();
    });
  });
}

/** A client that has asked so many times, and what lets the other end answer. */
async function ask(platform: Platform, options: Partial<ClientBehaviour<string, string>>, times: number) {
  const listener = await listenOnTcp(platform.transport);
  const { hostname, port } = listener.address;
  const client = await connect(platform.transport, { hostname, port, codec: lines(), ...options });
  const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  const replies = Array.from({ length: times }, () => client.request("?"));
  const reader = far.readable.getReader();
  for (let bytes = 0; bytes < 2 * times; ) bytes += ((await reader.read()).value as Bytes).length;
  const writer = far.writable.getWriter();
  return {
    replies,
    answer: (line: string) => void writer.write(new TextEncoder().encode(`${line}\n`)),
    end: () => {
      client.abort();
      far.abort();
      listener.close();
    },
  };
}
