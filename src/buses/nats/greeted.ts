import type { BusContext } from "../../core/mod.ts";

const USUAL_PORT = 4_222;

/**
 * Fulfils when a server of NATS greets, as it does when it is connected to. The package never releases a connection to one that
 * hangs and does not.
 *
 * @throws the error of connecting; rejects when `context.signal` aborts
 */
export async function greeted(host: string, { transport, signal }: BusContext): Promise<void> {
  const [, bracketed, name = bracketed ?? host, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(host) ?? [];
  const connection = await transport.connect({ hostname: name, port: Number(port ?? USUAL_PORT) });
  const stop = () => connection.abort();
  signal.addEventListener("abort", stop);
  try {
    const { done } = await connection.readable.getReader().read();
    if (done || signal.aborted) throw new Error("the server did not greet");
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
