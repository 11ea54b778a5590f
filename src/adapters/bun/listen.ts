import {
  AcceptQueue,
  type Connection,
  type Listener,
  type ListenOptions,
  plainAddress,
  type TcpAddress,
} from "../../core/mod.ts";
import { handlers } from "./driver.ts";
import { listenError } from "./errors.ts";
import { native, type TcpListener } from "./native.ts";

/** Listens with `Bun.listen`. Bun accepts by itself: connections that have not been taken wait, paused. Its backlog is fixed. */
export async function listen({ hostname, port, backlog, keepAliveMs }: ListenOptions): Promise<Listener> {
  const queue = new AcceptQueue(backlog);
  try {
    const socket = handlers((driver) => queue.push(driver.connection), keepAliveMs);
    return new BunListener(native().listen({ hostname, port, allowHalfOpen: true, socket }), queue);
  } catch (cause) {
    throw listenError(cause as Error);
  }
}

class BunListener implements Listener {
  readonly address: TcpAddress;
  readonly #listener: TcpListener;
  readonly #queue: AcceptQueue;

  constructor(listener: TcpListener, queue: AcceptQueue) {
    this.address = plainAddress({ hostname: listener.hostname, port: listener.port });
    this.#listener = listener;
    this.#queue = queue;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this.#queue;
  }

  finish(): void {
    this.#listener.stop();
    this.#queue.finish();
  }

  close(): void {
    this.#listener.stop();
    this.#queue.close();
  }
}
