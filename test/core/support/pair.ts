import type { Connection } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";

/** Two ends that are connected in memory. */
export async function pair(maxLinkBytes: number = 65_536): Promise<{ near: Connection; far: Connection }> {
  const transport = memoryTransport({ maxLinkBytes });
  const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 1 });
  const near = await transport.connect(listener.address);
  const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  listener.close();
  return { near, far };
}

/** Sends everything, and FIN. */
export async function sendAll({ writable }: Connection, text: string): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}
