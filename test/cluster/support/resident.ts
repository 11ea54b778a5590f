import type { Connection, Listener, Transport } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 1 };

/**
 * Returns a transport whose listener has one connection more, before all others: to a peer in the same process, which stays and
 * gives every line that it receives to `onLine`.
 */
export function withResident(transport: Transport, onLine: (line: string) => void): Transport {
  return {
    ...transport,
    listen: async (options) => {
      const listener = await transport.listen(options);
      const inside = memoryTransport();
      const door = await inside.listen({ ...ADDRESS, backlog: 1 });
      const near = await inside.connect(ADDRESS);
      const { value: far } = await door[Symbol.asyncIterator]().next();
      door.close();
      void hear(near, onLine);
      return beginningWith(far as Connection, listener);
    },
  };
}

function beginningWith(first: Connection, listener: Listener): Listener {
  return {
    address: listener.address,
    close: () => listener.close(),
    [Symbol.asyncIterator]: () => {
      const others = listener[Symbol.asyncIterator]();
      let isFirst = true;
      const next = () => {
        if (!isFirst) return others.next();
        isFirst = false;
        return Promise.resolve({ done: false as const, value: first });
      };
      return { next };
    },
  };
}

async function hear(connection: Connection, onLine: (line: string) => void): Promise<void> {
  await eachLine(connection, onLine).catch(() => undefined);
  await connection.close().catch(() => undefined);
}

/** Reads to FIN. @throws {SpillwayError} the connection broke */
export async function eachLine(connection: Connection, onLine: (line: string) => void): Promise<void> {
  const reader = connection.readable.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + decoder.decode(value, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
}
