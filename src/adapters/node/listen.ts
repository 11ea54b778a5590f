import {
  AcceptQueue,
  type Connection,
  type Listener,
  type ListenOptions,
  plainAddress,
  type TcpAddress,
} from "../../core/mod.ts";
import { NodeDriver } from "./driver.ts";
import { acceptError, listenError } from "./errors.ts";
import { type AddressInfo, createServer, keepAlive, type Server } from "./native.ts";

/** A listener on one of these addresses accepts at any local address. */
const EVERYWHERE = ["0.0.0.0", "::"];

/** Listens with `node:net`. Node accepts by itself: connections that have not been taken wait, paused. */
export function listen({ hostname, port, backlog, keepAliveMs }: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const queue = new AcceptQueue(backlog);
    let localAddress: TcpAddress | undefined;
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, ...keepAlive(keepAliveMs) };
    const server = createServer(options, (socket) => queue.push(new NodeDriver(socket, localAddress).connection));
    server.once("error", (cause) => reject(listenError(cause)));
    server.listen({ host: hostname, port, backlog }, () => {
      server.on("error", (cause) => queue.fail(acceptError(cause)));
      const listener = new NodeListener(server, queue);
      if (!EVERYWHERE.includes(listener.address.hostname)) localAddress = listener.address;
      resolve(listener);
    });
  });
}

class NodeListener implements Listener {
  readonly address: TcpAddress;
  readonly #server: Server;
  readonly #queue: AcceptQueue;

  constructor(server: Server, queue: AcceptQueue) {
    const { address, port } = server.address() as AddressInfo;
    this.address = plainAddress({ hostname: address, port });
    this.#server = server;
    this.#queue = queue;
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return this.#queue;
  }

  finish(): void {
    this.#server.close();
    this.#queue.finish();
  }

  close(): void {
    this.#server.close();
    this.#queue.close();
  }
}
