import { type Connection, type Listener, type ListenOptions, plainAddress, type TcpAddress } from "../../core/mod.ts";
import { DenoDriver } from "./driver.ts";
import { acceptError, listenError, refuseKeepAlive } from "./errors.ts";
import { native, type TcpListener } from "./native.ts";

/** Listens with `Deno.listen`. Connections are accepted one by one, on request: further ones wait in the kernel. */
export async function listen({ hostname, port, backlog, keepAliveMs }: ListenOptions): Promise<Listener> {
  refuseKeepAlive(keepAliveMs);
  try {
    return new DenoListener(native().listen({ hostname, port, tcpBacklog: backlog }));
  } catch (cause) {
    throw listenError(cause as Error);
  }
}

class DenoListener implements Listener, AsyncIterator<Connection> {
  readonly address: TcpAddress;
  readonly #listener: TcpListener;
  #closed = false;

  constructor(listener: TcpListener) {
    const { hostname, port } = listener.addr;
    this.address = plainAddress({ hostname, port });
    this.#listener = listener;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this;
  }

  // Not `for await`: Deno's own iterator ends at the first client that resets before it is accepted.
  async next(): Promise<IteratorResult<Connection, undefined>> {
    try {
      const conn = await this.#listener.accept();
      conn.setNoDelay(true);
      return { done: false, value: new DenoDriver(conn).connection };
    } catch (cause) {
      if (this.#closed) return { done: true, value: undefined };
      throw acceptError(cause as Error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }
}
