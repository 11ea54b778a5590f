import type { Listener, TcpAddress, TcpListenOptions, Transport } from "../../src/mod.ts";

/** A listener on a TCP port. */
export interface TcpListener extends Listener {
  readonly address: TcpAddress;
}

/** Listens on a TCP port: by default one of the system's, at 127.0.0.1. */
export async function listenOnTcp(transport: Transport, options: Partial<TcpListenOptions> = {}): Promise<TcpListener> {
  const listener = await transport.listen({ hostname: "127.0.0.1", port: 0, backlog: 16, ...options });
  if (listener.address.path !== undefined) throw new Error("a TCP listener has the address of a Unix socket");
  return listener as TcpListener;
}
