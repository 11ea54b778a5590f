import { type Connection, streamConnection } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";

/** The end that connects, and the accepted one. */
export interface Ends {
  readonly near: Connection;
  readonly far: Connection;
}

/** Two ends that are connected in memory. */
export async function nearAndFar(): Promise<Ends> {
  const transport = memoryTransport();
  const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 1 });
  const near = await transport.connect(listener.address);
  const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
  listener.close();
  return { near, far };
}

/** Two ends that are connected by streams, the accepted one through a Unix domain socket. */
export function unixEnds(): Ends {
  const [forth, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const [client, server] = [{ path: "" }, { path: "/run/server.sock" }];
  return {
    near: streamConnection({
      readable: back.readable,
      writable: forth.writable,
      remoteAddress: server,
      localAddress: client,
    }),
    far: streamConnection({
      readable: forth.readable,
      writable: back.writable,
      remoteAddress: client,
      localAddress: server,
    }),
  };
}

/** Sends bytes, and not yet FIN. */
export async function send({ writable }: Connection, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  writer.releaseLock();
}

/** Sends FIN. */
export async function finish({ writable }: Connection): Promise<void> {
  await writable.getWriter().close();
}

/** Reads until as many bytes have come, or the end. */
export async function receive({ readable }: Connection, length: number): Promise<Uint8Array> {
  const reader = readable.getReader();
  const bytes: number[] = [];
  while (bytes.length < length) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.push(...value);
  }
  reader.releaseLock();
  return Uint8Array.from(bytes);
}
